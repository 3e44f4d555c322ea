"""The decisions between nodes: pure functions of the state."""

from collections.abc import Sequence
from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Send

from graph.deps import Deps
from graph.state import Assessment, Clarification, DatabaseTask, RetrieveTask, State

MOST_ROUNDS = 2
"""Rounds of one question: parts that need what others find are asked in the second."""


def expand(state: State, runtime: Runtime[Deps]) -> list[Send] | Literal["rerank", "clarify", "decline"]:
    """Turn the plan into parallel work: one `Send` per (base, query) and per database query.

    What `prefetch` or an earlier round searched is not searched again.
    """
    plan = state["plan"]
    parts = {number: plan.parts[number] for number in state["ready"]}
    if plan.small_talk is not None or plan.route.in_scope < runtime.context.limits.surely_outside:
        return "decline"
    if not state.get("clarified") and _missing(state):
        return "clarify"
    searched = {(found.query, found.knowledge_base) for found in state.get("retrieved", [])}
    searched |= {(state["question"], base) for base in runtime.context.knowledge_bases if _prefetched(state)}
    pairs = {
        (query.text, base): None
        for part in parts.values()
        for base in part.knowledge_bases
        for query in part.queries
    }
    searches = [
        Send("retrieve", RetrieveTask(query=query, knowledge_base=base))
        for query, base in pairs
        if (query, base) not in searched
    ]
    lookups = [
        Send("query_database", DatabaseTask(part=number, match=match, question=part.question))
        for number, part in parts.items()
        for match in (*part.matches, *([None] if part.writes_sql else []))
        if match is None or not match.missing
    ]
    return [*searches, *lookups] or "rerank"


def after_assess(
    state: State, runtime: Runtime[Deps]
) -> Literal["classify", "synthesize", "clarify", "decline", "abstain"]:
    """Go on with what waited; write when any part can be answered; else ask back once; else say why not.

    A question that no source answers and that hardly belongs here was meant for somebody else.
    """
    if goes_on(state, state["assessments"]):
        return "classify"
    verdicts = [assessment.verdict for assessment in state["assessments"]]
    if any(verdict in ("sufficient", "caveat") for verdict in verdicts):
        return "synthesize"
    if "ambiguous" in verdicts and not state.get("clarified"):
        return "clarify"
    return _unanswered(state, runtime.context)


def goes_on(state: State, assessments: Sequence[Assessment]) -> bool:
    """Tell whether a part that waited can now be asked: all it needs was found, and a round is left."""
    plan = state["plan"]
    found = {number for number, one in enumerate(assessments) if one.verdict in ("sufficient", "caveat")}
    able = any(found.issuperset(plan.parts[number].needs) for number in plan.waiting)
    return able and state["round"] < MOST_ROUNDS


def after_verify(state: State, runtime: Runtime[Deps]) -> Literal["revise", "decline", "abstain", "__end__"]:
    """Let an answer out that holds; have another written once; withhold it when too little still holds.

    A revision that could not be judged is no reason to withhold anything: the writer then quotes instead.
    """
    draft, verification = state["draft"], state["verification"]
    if not draft.claims:
        return _unanswered(state, runtime.context)
    if not verification.rejected:
        return "__end__"
    if not state.get("revisions", 0):
        return "revise"
    if verification.faithfulness >= runtime.context.limits.faithfulness:
        return "__end__"
    return "revise" if verification.shortfall and not draft.shortfall else "abstain"


def question_to_ask(state: State) -> Clarification:
    """Return what to ask back: a missing variable of a query, or which of several things is meant."""
    for assessment in state.get("assessments", []):
        if assessment.verdict == "ambiguous" and assessment.ask:
            return Clarification(question=assessment.ask, choices=assessment.choices)
    missing = _missing(state)
    return Clarification(question=missing[0] if missing else "Could you say that in other words?")


def _unanswered(state: State, deps: Deps) -> Literal["decline", "abstain"]:
    return "abstain" if _belongs_here(state) >= deps.limits.in_scope else "decline"


def _prefetched(state: State) -> bool:
    """Tell whether `prefetch` saw the question: it never sees one completed by a clarification."""
    return not state.get("clarified")


def _belongs_here(state: State) -> float:
    """Return the probability that an unanswered question was meant for us, now that the sources were seen.

    The odds of the classifier times the odds of the best evidence: where nothing comes near, the question
    was hardly ours. A part for which no passage was found, because its search failed or only the database
    can answer it, says nothing about that; a question that names one of our products is ours in any case.
    """
    if any(part.products for part in state["plan"].parts):
        return 1.0
    judged = zip(state["assessments"], state["evidence"], strict=True)
    evidence = max((found.confidence for found, seen in judged if seen.hits), default=0.5)
    odds = _odds(state["plan"].route.in_scope) * _odds(evidence)
    return odds / (1 + odds)


def _odds(probability: float) -> float:
    return probability / max(1 - probability, 1e-6)


def _missing(state: State) -> list[str]:
    """Return what the parts lack that only the database can answer."""
    return [
        part.matches[0].missing[0]
        for part in state["plan"].parts
        if part.matches and part.matches[0].missing and not part.knowledge_bases
    ]
