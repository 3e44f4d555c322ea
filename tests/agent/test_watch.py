"""Watching a run: what the parts of the graph's stream tell, and what is timed."""

from typing import Any

import pytest

from agent.events import (
    SHOWN_ROWS,
    Event,
    NodeFinished,
    NodeStarted,
    QueryMade,
    RowsFound,
    Token,
    Verified,
)
from agent.watch import Watch
from graph.state import Queried, Verification
from graph.state import Token as Drafted
from tests.fakes_graph import part_of, plan_of, rows_of


def begins(task: str, node: str) -> dict[str, Any]:
    """Return the part of the stream that says that a task begins."""
    return {"type": "tasks", "data": {"id": task, "name": node, "input": {}, "triggers": ()}}


def ends(task: str, node: str, **result: object) -> dict[str, Any]:
    """Return the part of the stream that says that a task is done."""
    return {"type": "tasks", "data": {"id": task, "name": node, "result": result, "error": None}}


def told(watch: Watch, *parts: object) -> list[Event]:
    """Return what a watch tells of these parts, without the time that nodes took."""
    events = [event for part in parts for event in watch.observe(part)]
    return [
        event.model_copy(update={"milliseconds": 0.0}) if isinstance(event, NodeFinished) else event
        for event in events
    ]


def done(node: str) -> NodeFinished:
    """Return the event of a node that is done, as `told` returns it."""
    return NodeFinished(node=node, milliseconds=0.0)


def streams(value: object) -> dict[str, Any]:
    """Return the part of the stream that carries what a node wrote."""
    return {"type": "custom", "data": value}


def test_a_node_is_told_when_it_begins_and_when_it_is_done() -> None:
    """And it is timed within the total."""
    watch = Watch()
    begun, (finished,) = watch.observe(begins("1", "classify")), watch.observe(ends("1", "classify"))
    assert begun == [NodeStarted(node="classify")]
    assert isinstance(finished, NodeFinished)
    timings = watch.timings()
    assert (finished.node, finished.milliseconds) == ("classify", timings.nodes["classify"])
    assert 0 <= timings.nodes["classify"] <= timings.total
    assert timings.first_token is None


def test_tasks_side_by_side_share_one_span() -> None:
    """From the first beginning to the last end; each is told on its own."""
    watch = Watch()
    for task in "ab":
        watch.observe(begins(task, "retrieve"))
    began = [start for _, start in watch.begun.values()]
    assert told(watch, ends("b", "retrieve")) == [done("retrieve")]
    first_end = watch.spans["retrieve"][1]
    assert told(watch, ends("a", "retrieve")) == [done("retrieve")]
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
    assert watch.observe(ends("1", "search_failed")) == []
    assert watch.timings().nodes == {}


def test_tokens_are_passed_on_and_the_first_text_is_timed() -> None:
    """A restart is no text, and a later text is not the first."""
    watch = Watch()
    drafted = [Drafted(restart=True), Drafted(text="Boil"), Drafted(restart=True), Drafted(text=" it.")]
    passed, timed = [], []
    for token in drafted:
        passed += watch.observe(streams(token))
        timed.append(watch.timings().first_token)
    assert passed == [Token(text=token.text, restart=token.restart) for token in drafted]
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
    assert told(watch, paused) == [done("clarify")]


def test_what_will_be_looked_up_is_told_of_the_parts_that_are_ready() -> None:
    """Their queries with the bases they go to, or the question for the database."""
    documents = part_of("How long?", queries=("How long?", "warranty"), bases=("manuals",))
    data = part_of("How many?", bases=(), writes_sql=True)
    later = part_of("And {1}?", needs=(0,))
    watch = Watch()
    events = told(
        watch,
        begins("1", "classify"),
        ends("1", "classify", plan=plan_of(documents, data, later), ready=[0, 1]),
    )
    assert events[1:] == [
        QueryMade(text="How long?", knowledge_bases=["manuals"]),
        QueryMade(text="warranty", knowledge_bases=["manuals"]),
        QueryMade(text="How many?", database=True),
        done("classify"),
    ]


def test_rows_are_told_with_their_statement_and_number() -> None:
    """Of many rows only the first."""
    many = rows_of(*((f"name {number}", number) for number in range(SHOWN_ROWS + 1)))
    events = told(
        Watch(),
        begins("1", "query_database"),
        ends("1", "query_database", queried=[Queried(part=0, rows=many)]),
    )
    assert events[1:] == [
        RowsFound(
            statement=many.statement,
            columns=["name", "stock"],
            rows=[[f"name {number}", number] for number in range(SHOWN_ROWS)],
            count=SHOWN_ROWS + 1,
        ),
        done("query_database"),
    ]


def test_a_check_tells_how_much_of_the_draft_holds() -> None:
    """As a share of its claims."""
    checked = ends("1", "verify", verification=Verification(faithfulness=2 / 3))
    assert told(Watch(), begins("1", "verify"), checked)[1:] == [
        Verified(faithfulness=0.6667),
        done("verify"),
    ]


@pytest.mark.parametrize(
    "part", [("tasks", {}), None, streams("text"), streams(None), {"type": "updates", "data": {"a": 1}}]
)
def test_anything_else_tells_nothing(part: object) -> None:
    """Only nodes and tokens are events."""
    watch = Watch()
    assert watch.observe(part) == []
    assert (watch.spans, watch.begun, watch.first_token, watch.plan) == ({}, {}, None, None)
