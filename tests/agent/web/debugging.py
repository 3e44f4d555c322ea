"""Runs as the API of traces gives them, for tests of the debugger: every kind of step, any number of them."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.rendering import to_html
from tests.agent.web.stage import answer_of, passage

Json = dict[str, Any]
RUN, OTHER = "a" * 32, "b" * 32
QUESTION = "How long does the Alder boil, and what does it cost?"
SENTENCE = "The kettle boils for two minutes."
NOT_TAKEN = (("assess", "classify"), ("classify", "rerank"))
KNOWN: Json = json.loads((Path(__file__).parent / "recorded_run.json").read_text(encoding="utf-8"))
"""A run with every kind of step, and what belongs to its steps."""
STEPS: Sequence[Json] = KNOWN["steps"]
HIT = ("chunk_id", "source", "title", "section", "text")
ROUTE = {"category": "guides", "knowledge_bases": {"guides": 0.9}, "database": 0.1, "in_scope": 1.0}
USED = ("duration_ms", "steps", "calls", "model_calls", "input_tokens", "output_tokens", "cost_usd")


def summary_of(run: str = RUN, **more: Any) -> Json:  # noqa: ANN401  # any field
    """Return one line of the list."""
    return {**KNOWN["summary"], "run_id": run, **more}


def trace_of(
    run: str = RUN,
    *,
    steps: Sequence[Json] = STEPS,
    calls: Sequence[Json] = KNOWN["calls"],
    **more: Any,  # noqa: ANN401  # any field
) -> Json:
    """Return a run as its page reads it."""
    text = f"It boils for **two minutes** [1].\n\n{SENTENCE} [1]"
    given = answer_of(text, [passage()], notes=["No policies."], degraded=True)
    return {
        "summary": summary_of(run, **{"steps": len(steps), "calls": len(calls), **more.pop("summary", {})}),
        "answer": {**given.model_dump(mode="json"), "html": to_html(given)},
        "failure": None,
        "graph": graph_of(steps),
        "steps": [*steps],
        "calls": [*calls],
        "findings": [*KNOWN["findings"]] if steps is STEPS else [],
        "parent": None,
        "forks": [],
        "software": {"plumbline": "0.4.0", "langgraph": "1.2.22"},
        "feedback": None,
        "prompts": ["plan", "sql", "write"],
        "channels": ["question", "plan", "round", "evidence", "draft"],
        "configuration": {"assistant.abstain": 0.4, "models.chat": "small-model"},
        **more,
    }


def graph_of(steps: Sequence[Json]) -> Json:
    """Return the graph with the path that the steps took."""
    taken = {one["node"] for one in steps} | {"__start__", "__end__"}
    states = {node: "taken" if node in taken else "skipped" for node in KNOWN["nodes"]}
    states |= {one["node"]: "failed" for one in steps if one["failure"]}
    states |= {one["node"]: "paused" for one in steps if one["paused"]}
    return {
        "nodes": [
            {
                "id": node,
                "x": x,
                "y": y,
                "steps": [one["number"] for one in steps if one["node"] == node],
                "state": states[node],
            }
            for node, (x, y) in KNOWN["nodes"].items()
        ],
        "edges": [
            {
                "source": source,
                "target": target,
                "conditional": conditional,
                "taken": {source, target} <= taken and (source, target) not in NOT_TAKEN,
            }
            for source, target, conditional in KNOWN["edges"]
        ],
    }


def long_trace(run: str = RUN, *, steps: int = 200, calls: int = 10) -> Json:
    """Return a run of many steps with many calls each."""
    step, call = KNOWN["steps"][2], KNOWN["calls"][0]
    made = [
        {
            **step,
            "number": number + 1,
            "superstep": number // 4 + 1,
            "place": number % 4,
            "started_ms": number * 10.0,
            "ended_ms": number * 10.0 + 9,
            "critical": number % 4 == 0,
            "title": f"searched guides for “sub-question {number}”: 20 passages",
        }
        for number in range(steps)
    ]
    called = [
        {
            **call,
            "number": number + 1,
            "step": number // calls + 1,
            "started_ms": number * 10.0 / calls,
            "ended_ms": number * 10.0 / calls + 0.7,
        }
        for number in range(steps * calls)
    ]
    return trace_of(run, steps=made, calls=called, summary={"duration_ms": steps * 10.0})


def given_step(trace: Json, number: int) -> Json:
    """Return everything about a step."""
    step = next(one for one in trace["steps"] if one["number"] == number)
    deep = [{"hits": [1, 2, {"deep": [None, True, "x" * 900]}]}]
    return {
        **step,
        "payload": None,
        "before": {"question": QUESTION, "round": number - 1, "evidence": []},
        "after": {"question": QUESTION, "round": number, "evidence": deep},
        "changes": KNOWN["changes"],
        "update": None if step["failure"] or step["paused"] else {"round": number},
        "calls": [given_call(call) for call in trace["calls"] if call["step"] == number],
        "retrieval": None,
        "searches": None,
        "sql": [],
        "claims": None,
        **_panels().get(step["node"], {}),
    }


def given_call(call: Json) -> Json:
    """Return everything about a call."""
    asked, gave = call["port"] == "chat", not call["interrupted"]
    messages = [{"role": "system", "text": "Answer from the sources."}, {"role": "user", "text": QUESTION}]
    prompt = {"name": call["title"].split(",")[0], "hash": "0123456789ab", "messages": messages}
    return {
        **call,
        "request": {"text": QUESTION, "limit": 20, "where": {"knowledge_bases": ["guides"]}},
        "response": None if call["failure"] else [{"score": 0.5}] * 3,
        "prompt": prompt if asked else None,
        "completion": json.dumps({"claims": [SENTENCE]}) if asked and gave else None,
    }


def _panels() -> Mapping[str, Json]:
    passages = KNOWN["passages"]
    scores = {"score": 0.7, "dense": 0.8, "bm25": 9.1, "fused": 0.7}
    hits = [{**{name: one[name] for name in HIT}, "rank": at, **scores} for at, one in enumerate(passages, 1)]
    searches = [{"query": QUESTION, "knowledge_base": "guides", "shortfall": None, "hits": hits}]
    part = {"question": "How long does the Alder boil?", "passages": passages}
    return {
        "prefetch": {"searches": searches},
        "retrieve": {"searches": searches, "payload": {"query": "boiling time", "knowledge_base": "guides"}},
        "query_database": {"sql": KNOWN["sql"]},
        "rerank": {"retrieval": {"parts": [part]}},
        "synthesize": {"claims": KNOWN["claims"]},
        "verify": {"claims": KNOWN["claims"]},
        "revise": {"claims": KNOWN["claims"]},
    }


def origin_of(run: str) -> Json:
    """Return where a fork of a run comes from."""
    return {"run_id": run, "step": 6, "changes": {"state": {}, "prompts": {}, "configuration": {}}}


def comparison_of(a: Json, b: Json) -> Json:
    """Return two runs side by side that differ from step 6 on; the second one has a step less."""
    pairs = [
        {
            "node": one["node"],
            "a": one["number"],
            "b": one["number"],
            "equal": one["number"] < 6,
            "a_ms": 10.0,
            "b_ms": 8.5,
            "changes": KNOWN["changes"] if one["number"] >= 6 else [],
        }
        for one in STEPS
    ]
    pairs[-1] |= {"b": None, "b_ms": None, "changes": []}
    lines = [
        {"kind": "removed", "text": "It costs 40 euros."},
        {"kind": "added", "text": "It costs 39.50 euros."},
        {"kind": "same", "text": SENTENCE},
    ]
    return {
        "a": a,
        "b": b,
        "steps": pairs,
        "evidence": {
            "added": ["kettle-2.md › Boiling"],
            "removed": ["kettle-3.md › Boiling"],
            "moved": [{"passage": "kettle-1.md › Boiling", "a": 1, "b": 2}],
            "rows": [{"part": 1, "lines": lines}],
        },
        "answer": {"a": "It costs 40 euros.", "b": "It costs 39.50 euros.", "lines": lines},
        "route": {"a": ROUTE, "b": ROUTE},
        "usage": {"a": {name: a[name] for name in USED}, "b": {name: b[name] for name in USED}},
        "first_difference": 5,
    }


def everywhere(value: Any, texts: Iterator[str], keep: Collection[str]) -> Any:  # noqa: ANN401  # any JSON
    """Return a value with the next text in place of every one, but those whose names are to be kept."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, list):
        return [everywhere(one, texts, keep) for one in value]
    if isinstance(value, dict):
        return {name: one if name in keep else everywhere(one, texts, keep) for name, one in value.items()}
    return value
