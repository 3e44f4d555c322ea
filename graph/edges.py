"""The decisions between nodes: pure functions of the state."""

from typing import Literal

from langgraph.runtime import Runtime
from langgraph.types import Send

from graph.deps import Deps
from graph.state import Clarification, DatabaseTask, RetrieveTask, State


def expand(state: State, runtime: Runtime[Deps]) -> list[Send] | Literal["rerank", "clarify", "decline"]:
    """Turn the plan into parallel work: one `Send` per (base, query) and per database query.

    What `prefetch` searched already is not searched again; a question completed by a clarification it
    never saw.
    """
    plan = state["plan"]
    prefetched = None if state.get("clarified") else state["question"]
    if plan.small_talk is not None or plan.route.in_scope < runtime.context.limits.surely_outside:
        return "decline"
    if not state.get("clarified") and _missing(state):
        return "clarify"
    pairs = {
        (query, base): None
        for part in plan.parts
        for base in part.knowledge_bases
        for query in part.queries
        if query != prefetched
    }
    searches = [Send("retrieve", RetrieveTask(query=query, knowledge_base=base)) for query, base in pairs]
    lookups = [
        Send("query_database", DatabaseTask(part=number, match=match))
        for number, part in enumerate(plan.parts)
        for match in part.matches
        if not match.missing
    ]
    return [*searches, *lookups] or "rerank"


def after_assess(
    state: State, runtime: Runtime[Deps]
) -> Literal["synthesize", "clarify", "decline", "abstain"]:
    """Write when any part can be answered; else ask back once; else say why not.

    A question that no source answers and that hardly belongs here was meant for somebody else.
    """
    verdicts = [assessment.verdict for assessment in state["assessments"]]
    if any(verdict in ("sufficient", "caveat") for verdict in verdicts):
        return "synthesize"
    if "ambiguous" in verdicts and not state.get("clarified"):
        return "clarify"
    return "abstain" if _belongs_here(state) >= runtime.context.limits.in_scope else "decline"


def after_verify(state: State, runtime: Runtime[Deps]) -> Literal["revise", "abstain", "__end__"]:
    """Let an answer out that holds, cut once what does not, and withhold one of which too little holds."""
    if not state["draft"].claims:
        return "abstain"
    if not state["verification"].rejected:
        return "__end__"
    faithful = state["verification"].faithfulness >= runtime.context.limits.faithfulness
    return "revise" if faithful and state.get("revisions", 0) == 0 else "abstain"


def question_to_ask(state: State) -> Clarification:
    """Return what to ask back: a missing variable of a query, or which of several things is meant."""
    for assessment in state.get("assessments", []):
        if assessment.verdict == "ambiguous" and assessment.ask:
            return Clarification(question=assessment.ask, choices=assessment.choices)
    missing = _missing(state)
    return Clarification(question=missing[0] if missing else "Could you say that in other words?")


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
