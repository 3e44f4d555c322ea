"""Recordings made by hand."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from agent.recording.recording import Call, Failure, Json, Port, Recording, Step

RUN = "0123456789abcdef0123456789abcdef"
CANARY = "QZ-CANARY-7"
"""Stands in everything that is content."""


def step_of(number: int, node: str, **known: Any) -> Step:  # noqa: ANN401 - fields of a step
    """Return a step that took ten milliseconds."""
    return Step(
        **{
            "number": number,
            "superstep": number,
            "place": 0,
            "node": node,
            "update": {},
            "started_ms": number * 10.0,
            "ended_ms": number * 10.0 + 10.0,
            **known,
        }
    )


def call_of(
    number: int,
    step: int,
    port: Port,
    method: str,
    request: Mapping[str, Json],
    **known: Any,  # noqa: ANN401
) -> Call:
    """Return a call that took a millisecond."""
    times = {"started_ms": step * 10.0 + 1, "ended_ms": step * 10.0 + 2}
    return Call(
        **{
            "number": number,
            "step": step,
            "port": port,
            "method": method,
            "key": "",
            "request": request,
            **times,
            **known,
        }
    )


def recording_of(steps: Sequence[Step], calls: Sequence[Call] = (), **known: Any) -> Recording:  # noqa: ANN401
    """Return a recording that completed."""
    return Recording(
        **{
            "run_id": RUN,
            "thread_id": "thread-1",
            "owner": "somebody",
            "question": f"Where is {CANARY}?",
            "started": datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC),
            "duration_ms": 100.0,
            "outcome": "completed",
            "answer": ANSWER,
            "setup": "setup",
            "knowledge": "knowledge",
            "initial": {},
            "steps": steps,
            "calls": calls,
            "attachments": {"setup": {"models": {"embedding": "bundled", "reranker": "a-reranker"}}},
            **known,
        }
    )


ANSWER = {
    "answer": f"In {CANARY}.",
    "status": "answered",
    "exit_reason": "completed",
    "mode": "llm",
    "degraded": False,
    "faithfulness": 0.5,
    "route": {"category": "guides"},
    "usage": {"model_calls": 1, "cost_usd": 0.25},
}


def chunk_of(number: int) -> dict[str, Json]:
    """Return a passage as JSON."""
    return {"id": f"chunk-{number}", "text": CANARY, "source": "kettle.md"}


def hit_of(number: int, score: float) -> dict[str, Json]:
    """Return a hit as JSON."""
    return {"chunk": chunk_of(number), "score": score, "explanation": {"dense": score}}


def chat_of(number: int, step: int, method: str = "text", **known: Any) -> Call:  # noqa: ANN401
    """Return a question to a language model with what it took."""
    prompt = {
        "name": "write",
        "messages": [{"role": "system", "text": CANARY}, {"role": "user", "text": CANARY}],
    }
    spent = {
        "prompt": "write",
        "prompt_hash": "abc",
        "model": "a-model",
        "started": 0.0,
        "ended": 1.0,
        "attempts": 2,
        "input_tokens": 120,
        "cached_tokens": 20,
        "output_tokens": 30,
        "estimated": False,
        "cost_usd": 0.25,
        "error": None,
    }
    request = {"model": "a-model", "prompt": prompt}
    return call_of(number, step, "chat", method, request, **{"response": CANARY, "spent": [spent], **known})


def search_of(number: int, step: int, **known: Any) -> Call:  # noqa: ANN401
    """Return a search that found two passages."""
    request = {"text": CANARY, "vector": None, "limit": 20, "where": {"knowledge_bases": ["guides"]}}
    response = [hit_of(1, 0.9), hit_of(2, 0.4)]
    return call_of(number, step, "store", "search", request, **{"response": response, **known})


def embedding_of(number: int, step: int, **known: Any) -> Call:  # noqa: ANN401
    """Return an embedding of one text."""
    response = {"$vectors": CANARY, "shape": [1, 384]}
    return call_of(number, step, "embedder", "embed", {"texts": [CANARY]}, **{"response": response, **known})


def statement_of(number: int, step: int, **known: Any) -> Call:  # noqa: ANN401
    """Return a statement that gave one row."""
    request = {
        "statement": f"SELECT '{CANARY}'",
        "parameters": {"name": CANARY},
        "limit": 10,
        "principal": {"groups": [CANARY], "attributes": []},
        "dialect": "postgres",
    }
    response = {"columns": ["name"], "rows": [[CANARY]], "truncated": False}
    return call_of(number, step, "database", "fetch", request, **{"response": response, **known})


def refusal() -> Failure:
    """Return what a guard says of a statement."""
    return Failure(type="RejectedQuery", message=f"refused: {CANARY}", details={"problem": "refused"})


def whole_recording() -> Recording:
    """Return a recording with everything in it that has attributes of its own."""
    named = call_of(
        6,
        3,
        "catalog",
        "run",
        {"match": {"query": "stock", "parameters": [["name", CANARY]]}, "principal": {}},
        response={"statement": f"SELECT '{CANARY}'", "rows": [[CANARY]], "columns": ["name"]},
    )
    scores = call_of(8, 4, "reranker", "score", {"query": CANARY, "texts": [CANARY]}, response=[1.0])
    evidence = [{"hits": [hit_of(1, 0.9)], "rows": []}]
    found = [{"query": CANARY, "knowledge_base": "guides", "hits": [hit_of(1, 0.9), hit_of(2, 0.4)]}]
    return recording_of(
        [
            step_of(1, "prefetch", superstep=1, update={"prefetched": found}),
            step_of(2, "classify", superstep=1, place=1, update={"plan": {"question": CANARY}}),
            step_of(3, "query_database", superstep=2, payload={"question": CANARY}),
            step_of(4, "rerank", superstep=3, update={"evidence": evidence}),
            step_of(5, "synthesize", superstep=4, update={"draft": {"text": CANARY}}),
            step_of(6, "verify", superstep=5, update={"verification": {"faithfulness": 0.5}}),
        ],
        [
            call_of(1, 1, "clock", "today", {}, response="2026-03-01"),
            embedding_of(2, 1),
            search_of(3, 1),
            chat_of(4, 2, "typed", response={"parts": [CANARY]}),
            statement_of(5, 3),
            named,
            embedding_of(7, 3, within=6, response=None),
            scores,
            chat_of(9, 5, "stream", response=["In ", CANARY, "."]),
        ],
    )
