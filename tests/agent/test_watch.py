"""Watching a run: what the parts of the graph's stream tell, and what is timed."""

from typing import Any

import pytest

from agent.events import NodeFinished, NodeStarted
from agent.watch import Watch
from graph.state import Token
from tests.fakes_graph import part_of, plan_of


def begins(task: str, node: str) -> dict[str, Any]:
    """Return the part of the stream that says that a task begins."""
    return {"type": "tasks", "data": {"id": task, "name": node, "input": {}, "triggers": ()}}


def ends(task: str, node: str, **result: object) -> dict[str, Any]:
    """Return the part of the stream that says that a task is done."""
    return {"type": "tasks", "data": {"id": task, "name": node, "result": result, "error": None}}


def streams(value: object) -> dict[str, Any]:
    """Return the part of the stream that carries what a node wrote."""
    return {"type": "custom", "data": value}


def test_a_node_is_told_when_it_begins_and_when_it_is_done() -> None:
    """And it is timed within the total."""
    watch = Watch()
    told = [watch.observe(part) for part in (begins("1", "classify"), ends("1", "classify"))]
    assert told == [NodeStarted(node="classify"), NodeFinished(node="classify")]
    timings = watch.timings()
    assert 0 <= timings.nodes["classify"] <= timings.total
    assert timings.first_token is None


def test_tasks_side_by_side_share_one_span() -> None:
    """From the first beginning to the last end; each is told on its own."""
    watch = Watch()
    for task in "ab":
        watch.observe(begins(task, "retrieve"))
    began = [start for _, start in watch.begun.values()]
    assert watch.observe(ends("b", "retrieve")) == NodeFinished(node="retrieve")
    first_end = watch.spans["retrieve"][1]
    assert watch.observe(ends("a", "retrieve")) == NodeFinished(node="retrieve")
    start, end = watch.spans["retrieve"]
    assert start == min(began)
    assert end > first_end


def test_a_node_of_two_rounds_spans_both() -> None:
    """What lies between them is part of it."""
    watch = Watch()
    spans = []
    for task in "ab":
        watch.observe(begins(task, "assess"))
        watch.observe(ends(task, "assess"))
        spans.append(watch.spans["assess"])
    assert spans[1][0] == spans[0][0]
    assert spans[1][1] > spans[0][1]


def test_what_notes_a_failure_is_no_node() -> None:
    """It ends without having begun."""
    watch = Watch()
    assert watch.observe(ends("1", "search_failed")) is None
    assert watch.timings().nodes == {}


def test_tokens_are_passed_on_and_the_first_text_is_timed() -> None:
    """A restart is no text, and a later text is not the first."""
    watch = Watch()
    restart, first, second = Token(restart=True), Token(text="Boil"), Token(text=" it.")
    told, timed = [], []
    for token in (restart, first, restart, second):
        told.append(watch.observe(streams(token)))
        timed.append(watch.timings().first_token)
    assert told == [restart, first, restart, second]
    assert timed[0] is None
    assert timed[1] is not None
    assert timed[1:] == [timed[1]] * 3


def test_the_latest_plan_is_remembered() -> None:
    """Also when the run never ends; a node without a plan does not take it away."""
    watch = Watch()
    for number, question in enumerate(("first", "second")):
        watch.observe(begins(str(number), "classify"))
        watch.observe(ends(str(number), "classify", plan=plan_of(part_of(question))))
        watch.observe(ends("x", "rerank", evidence=[]))
        assert watch.plan == plan_of(part_of(question))


def test_a_task_without_a_result_is_done_all_the_same() -> None:
    """Such as one that paused."""
    watch = Watch()
    watch.observe(begins("1", "clarify"))
    paused = {"type": "tasks", "data": {"id": "1", "name": "clarify", "result": None, "error": None}}
    assert watch.observe(paused) == NodeFinished(node="clarify")


@pytest.mark.parametrize(
    "part", [("tasks", {}), None, streams("text"), streams(None), {"type": "updates", "data": {"a": 1}}]
)
def test_anything_else_tells_nothing(part: object) -> None:
    """Only nodes and tokens are events."""
    watch = Watch()
    assert watch.observe(part) is None
    assert (watch.spans, watch.begun, watch.first_token, watch.plan) == ({}, {}, None, None)
