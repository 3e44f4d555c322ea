"""Recordings of runs that can go wrong in one place each, written as the graph's own values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.recording.attachments import Attachments
from agent.recording.recording import Call, Failure, Json, Recording, Step
from agent.recording.values import Encoder
from graph.deps import Limits
from graph.plan import Plan
from graph.ranking import find_candidates, rank
from graph.state import Assessment, Citation, Claim, Draft, Evidence, Retrieved, Verification
from tests.agent.tracing.runs import ANSWER, call_of, recording_of, step_of
from tests.fakes_graph import chunk_of, part_of, passage_citation, plan_of
from tools.ranking.rules import Rule
from tools.types import Hit, Metadata, Rows

QUESTION = "How long may I return the kettle?"
SUPERSEDED = Rule(kind="superseded", factor=0.3)
DEFAULT = Limits()
RETURNS = "You may return the kettle within 30 days of delivery."


def as_json(value: object) -> Json:
    """Encode a value as a recording does."""
    return Encoder(Attachments()).json(value)


def hit(text: str, *, dense: float, bm25: float = 1.0, base: str = "rules", **known: Any) -> Hit:  # noqa: ANN401
    """Return a hit with the scores of both branches; further fields are the document's metadata."""
    source = known.pop("source", f"{text.split()[0].lower()}.md")
    chunk = chunk_of(text, identifier=f"{base}/{text}", base=base, source=source, metadata=Metadata(**known))
    return Hit(chunk=chunk, score=dense, explanation={"dense": dense, "bm25": bm25, "fused": dense})


def found(*hits: Hit, base: str = "rules", query: str = QUESTION) -> Retrieved:
    """Return the result list of one search."""
    return Retrieved(query=query, knowledge_base=base, hits=hits)


def run(
    *searches: Retrieved,
    plan: Plan | None = None,
    rules: Sequence[Rule] = (SUPERSEDED,),
    limits: Limits = DEFAULT,
    scores: Sequence[float] | None = None,
    assessment: Assessment | None = None,
    claims: Sequence[Claim] = (),
    citations: Sequence[Citation] = (),
    verification: Verification | None = None,
    rows: Sequence[Rows] = (),
    asked: Sequence[Call] = (),
    answer: Mapping[str, Json] | None = None,
    **known: Any,  # noqa: ANN401 - fields of the recording
) -> Recording:
    """Return the recording of a run that found these lists, ranked as the graph does."""
    plan = plan or plan_of(part_of(QUESTION, bases=("rules",)))
    candidates = [find_candidates(part, searches) for part in plan.parts]
    ranked = [
        rank(one, part, plan, scores=scores, rules=rules, limits=limits)
        for one, part in zip(candidates, plan.parts, strict=True)
    ]
    evidence = [Evidence(hits=one.kept, rows=tuple(rows)) for one in ranked]
    draft = Draft(claims=tuple(claims), citations=tuple(citations))
    setup = {
        "assistant": {"abstain": 0.2, "faithfulness": 0.8},
        "ranking": {
            "rules": [as_json(rule) for rule in rules],
            "hits": 20,
            "passages": limits.passages_per_part,
            "evidence_tokens": limits.evidence_tokens,
        },
    }
    calls = [call_of(1, 1, "clock", "today", {}, response=plan.as_of.isoformat()), *asked]
    if scores is not None:
        texts = [one.chunk.embedding_text for one in candidates[0].distinct]
        request = {"query": QUESTION, "texts": texts}
        calls.append(call_of(90, 4, "reranker", "score", request, response=list(scores)))
    return recording_of(
        _steps(plan, searches, evidence, draft, assessment, verification),
        calls,
        **{
            "answer": {**ANSWER, "faithfulness": 1.0, **(answer or {})},
            "question": QUESTION,
            "attachments": {"setup": setup},
            **known,
        },
    )


def _steps(
    plan: Plan,
    searches: Sequence[Retrieved],
    evidence: Sequence[Evidence],
    draft: Draft,
    assessment: Assessment | None,
    verification: Verification | None,
) -> list[Step]:
    judged = assessment or Assessment(verdict="sufficient", confidence=0.9)
    checked = verification or Verification(faithfulness=1.0)
    steps = [
        step_of(1, "prefetch", superstep=1, update={"prefetched": as_json(list(searches))}),
        step_of(2, "classify", superstep=1, place=1, update={"plan": as_json(plan), "round": 1}),
        step_of(3, "query_database", superstep=2, payload={"question": QUESTION, "match": None}),
        step_of(4, "rerank", superstep=3, update={"evidence": as_json(list(evidence))}),
        step_of(5, "assess", superstep=4, update={"assessments": as_json([judged])}),
        step_of(6, "synthesize", superstep=5, update={"draft": as_json(draft)}),
        step_of(7, "verify", superstep=6, update={"verification": as_json(checked)}),
    ]
    return steps if judged.verdict == "sufficient" else steps[:5]


def quoting(one: Hit, quote: str | None = None) -> dict[str, Any]:
    """Return a claim that says what it cites, with its citation."""
    quote = quote or one.chunk.text
    return {
        "claims": [Claim(text=quote, citations=(1,))],
        "citations": [passage_citation(one.chunk, quote)],
    }


def statement(number: int, sql: str, **known: Any) -> Call:  # noqa: ANN401
    """Return a statement that step 3 asked of the database."""
    request = {"statement": sql, "parameters": {}, "limit": 10, "dialect": "sqlite"}
    return call_of(number, 3, "database", "fetch", request, **known)


def refused(message: str, problem: str = "refused") -> Failure:
    """Return what the guard or the database said of a statement."""
    return Failure(type="RejectedQuery", message=message, details={"problem": problem})


def changed(recording: Recording, number: int, **known: Any) -> Recording:  # noqa: ANN401
    """Return a recording in which one step is different."""
    steps = [replace(step, **known) if step.number == number else step for step in recording.steps]
    return replace(recording, steps=steps)
