"""Recordings from elsewhere, which may say anything."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as given_by

from agent.recording.encoding import summary_of
from agent.recording.recording import Failure, Port, Recording
from agent.tracing.view import trace_given
from agent.tracing.view_step import step_given
from tests.agent.tracing.planted import RETURNS, SUPERSEDED, changed, found, hit, quoting, run, statement
from tests.agent.tracing.runs import call_of, chat_of, recording_of, step_of, whole_recording

NODES = (
    *("prefetch", "classify", "retrieve", "query_database", "rerank", "assess", "synthesize"),
    *("verify", "revise", "clarify", "abstain", "decline", "invented"),
)
NAMES = given_by.sampled_from(
    [
        *("plan", "parts", "question", "route", "knowledge_bases", "queries", "matches", "evidence", "hits"),
        *("chunk", "id", "text", "score", "explanation", "dense", "draft", "claims", "citations", "rejected"),
        *("verification", "prefetched", "retrieved", "rows", "notes", "failures", "statement", "prompt"),
        *("messages", "columns", "parameters", "match", "$vectors", "$attachment", "$overwrite", "shape"),
    ]
)
LEAVES = (
    given_by.none()
    | given_by.booleans()
    | given_by.integers()
    | given_by.floats()
    | given_by.text(max_size=6)
    | given_by.sampled_from(["setup", "2026-01-01", "sqlite", "SELECT 1"])
)
JSON = given_by.recursive(
    LEAVES,
    lambda inner: given_by.lists(inner, max_size=3) | given_by.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = given_by.dictionaries(NAMES, JSON, max_size=5)
ASKED: given_by.SearchStrategy[tuple[Port, str]] = given_by.sampled_from(
    [
        *(("chat", "typed"), ("embedder", "embed"), ("store", "search"), ("catalog", "match")),
        *(("catalog", "run"), ("database", "fetch"), ("reranker", "score"), ("clock", "today")),
        *(("classifier", "probabilities"), ("similarity", "nearness"), ("examples", "odd")),
    ]
)


def seen(recording: Recording) -> None:
    """Show everything of a recording, as JSON."""
    assert trace_given(recording, summary_of(recording)).model_dump_json()
    for step in recording.steps:
        assert step_given(recording, step.number).model_dump_json()


@given(given_by.data())
@settings(max_examples=150, deadline=None)
def test_whatever_a_recording_says_it_is_shown(data: given_by.DataObject) -> None:
    """Any JSON in any place, any node, any order of supersteps, calls within each other."""
    numbers, times = given_by.integers(-3, 9), given_by.floats()
    steps = [
        step_of(
            number,
            data.draw(given_by.sampled_from(NODES)),
            superstep=data.draw(numbers),
            update=data.draw(given_by.none() | OBJECTS),
            payload=data.draw(JSON),
            paused=data.draw(given_by.none() | JSON),
            handles=data.draw(given_by.booleans()),
            started_ms=data.draw(times),
            ended_ms=data.draw(times),
            failure=data.draw(given_by.none() | given_by.just(Failure(type="E", message="m"))),
        )
        for number in range(1, data.draw(given_by.integers(1, 5)))
    ]
    calls = []
    for number in range(1, data.draw(given_by.integers(1, 5))):
        port, method = data.draw(ASKED)
        within = data.draw(given_by.none() | numbers)
        known: dict[str, Any] = {"response": data.draw(JSON), "within": within, "spent": [data.draw(OBJECTS)]}
        calls.append(call_of(number, data.draw(numbers), port, method, data.draw(OBJECTS), **known))
    seen(
        recording_of(
            steps,
            calls,
            initial=data.draw(OBJECTS),
            answer=data.draw(given_by.none() | OBJECTS),
            attachments={"setup": data.draw(JSON)},
        )
    )


PLACES = given_by.sampled_from(["plan", "prefetched", "evidence", "draft", "verification", "assessments"])


@given(PLACES, JSON)
@settings(max_examples=80, deadline=None)
def test_one_value_that_is_none_of_ours_spoils_nothing(channel: str, value: object) -> None:
    """In a run that is otherwise as it should be."""
    good = hit(RETURNS, dense=0.7)
    recording = run(found(good), asked=[statement(2, "SELECT 1")], **quoting(good))
    for step in recording.steps:
        if channel in (step.update or {}):
            seen(changed(recording, step.number, update={channel: value}))


def test_scores_and_rules_without_measure_are_shown() -> None:
    """Numbers that no model and no configuration of ours gives."""
    good = hit(RETURNS, dense=1e308)
    recording = run(found(good), rules=(SUPERSEDED,), **quoting(good))
    ranking = {"rules": [{"kind": "recency", "half_life_days": 1e-300}], "passages": 50}
    seen(replace(recording, attachments={"setup": {"ranking": ranking}}))
    seen(replace(recording, attachments={"setup": {"ranking": {"rules": [{"kind": "odd"}]}}}))
    request = {"query": recording.question, "texts": [RETURNS]}
    seen(replace(recording, calls=[call_of(9, 4, "reranker", "score", request, response=[-1e300])]))


def test_an_unreadable_ranking_is_said_to_be_so() -> None:
    """The page does not just leave it out."""
    recording = changed(whole_recording(), 2, update={"plan": {"question": 7}})
    findings = trace_given(recording, summary_of(recording)).findings
    assert any("cannot be told: the plan of the recorded step cannot be read" in one.text for one in findings)
    assert step_given(recording, 4).retrieval is None


def test_ten_thousand_calls_and_deep_chains_are_shown() -> None:
    """Nothing recurses along calls that made calls."""
    steps = [step_of(number, NODES[number % 12], superstep=number // 3) for number in range(1, 201)]
    calls = [chat_of(number, number % 200 + 1, within=number - 200) for number in range(1, 10_001)]
    recording = recording_of(steps, calls)
    assert len(trace_given(recording, summary_of(recording)).calls) == 10_000
