"""A whole recording and its steps, as they are shown."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.recording.encoding import summary_of
from agent.recording.recording import Recording
from agent.tracing.view import trace_given
from agent.tracing.view_step import step_given
from agent.tracing.views import TraceGiven
from graph.state import Claim, Verification
from tests.agent.tracing.planted import RETURNS, found, hit, quoting, refused, run, statement
from tests.agent.tracing.runs import CANARY, chat_of, whole_recording
from tests.agent.tracing.shop import QUESTIONS, open_shop
from tools.errors import NotFound

GOOD = hit(RETURNS, dense=0.7, bm25=6.0)


def shown(recording: Recording) -> TraceGiven:
    """Show a recording."""
    return trace_given(recording, summary_of(recording))


async def test_real_runs_of_every_kind_are_shown_and_ranked_again_to_the_same_evidence(
    tmp_path: Path,
) -> None:
    """Answered, of two parts, of the database, declined, small talk: the inspector agrees with the node."""
    async with open_shop(tmp_path) as shop:
        recordings = [await shop.recorded(question) for question in QUESTIONS]
    for recording in recordings:
        trace = shown(recording)
        assert trace.model_dump_json()
        assert not [one.text for one in trace.findings if "give now" in one.text]
        assert [one.steps for one in trace.graph.nodes if one.id == "classify"] == [[1]]
        for step in recording.steps:
            given = step_given(recording, step.number)
            assert given.model_dump_json()
            assert (given.retrieval is not None) == (step.node == "rerank")
            if given.retrieval is not None:
                kept = [[one.chunk_id for one in part.passages if one.kept] for part in given.retrieval.parts]
                evidence = (step.update or {})["evidence"]
                assert kept == [[one["chunk"]["id"] for one in part["hits"]] for part in evidence]


def test_a_trace_shows_what_a_recording_holds_without_its_states() -> None:
    """Steps and calls have sentences; the configuration has dotted keys."""
    trace = shown(whole_recording())
    assert [step.title for step in trace.steps[:3]] == [
        "searched guides for the question: 2 passages",
        "planned 0 parts: database 0.00",
        "had SQL written: no rows",
    ]
    assert trace.calls[8].title == "asked a-model to write"
    assert (trace.calls[8].model, trace.calls[8].input_tokens, trace.calls[8].cost_usd) == (
        "a-model",
        120,
        0.25,
    )
    assert trace.steps[0].wrote == ["prefetched"]
    assert trace.prompts == ["write"]
    assert trace.configuration["models.embedding"] == "bundled"
    assert "evidence" in trace.channels
    assert trace.answer["html"] == f"<p>In {CANARY}.</p>\n"


def test_prompts_are_named_by_their_texts() -> None:
    """SQL that is mended is asked for with two of them."""
    call = chat_of(2, 3)
    prompt = {**call.request["prompt"], "name": "sql_mend"}
    recording = run(found(GOOD), asked=[replace(call, request={**call.request, "prompt": prompt})])
    assert shown(recording).prompts == ["sql", "sql_mend"]


def test_a_step_shows_its_state_before_and_after_and_the_difference() -> None:
    """Only channels that changed are among the changes."""
    recording = run(found(GOOD), **quoting(GOOD))
    step = step_given(recording, 4)
    assert "evidence" not in step.before
    assert step.after["evidence"][0]["hits"][0]["chunk"]["text"] == RETURNS
    (change,) = step.changes
    assert change.channel == "evidence"
    assert any(line.kind == "added" and "▪ Kettle › Use" in line.text for line in change.lines)


def test_a_model_call_shows_prompt_and_completion() -> None:
    """Pieces of a stream are joined."""
    call = chat_of(5, 6, "stream", response=["You ", "may."])
    given = step_given(run(found(GOOD), asked=[call], **quoting(GOOD)), 6).calls[0]
    assert given.prompt is not None
    assert [message.role for message in given.prompt.messages] == ["system", "user"]
    assert given.completion == "You may."


def test_vectors_are_shown_by_their_size() -> None:
    """Nobody reads base64."""
    (_, embedding, *_) = step_given(whole_recording(), 1).calls
    assert embedding.response == {"$vectors": "1 × 384"}


@pytest.mark.parametrize(
    ("known", "decision", "reason"),
    [
        ({"response": {"columns": ["n"], "rows": [[1]], "plan": ["SCAN t"]}}, "allowed", None),
        ({"failure": refused("not that table")}, "refused", "not that table"),
        ({"failure": refused("no such column", "unknown_column")}, "failed", "no such column"),
    ],
)
def test_a_statement_shows_what_became_of_it(
    known: dict[str, object], decision: str, reason: str | None
) -> None:
    """With the guard's decision, the plan and the rows."""
    recording = run(found(GOOD), asked=[statement(2, "select n from t -- all", **known)])
    (sql,) = step_given(recording, 3).sql
    assert (sql.decision, sql.reason) == (decision, reason)
    assert sql.normalized == ("SELECT n FROM t" if decision == "allowed" else None)
    assert (sql.plan, sql.rows) == ((["SCAN t"], [[1]]) if decision == "allowed" else ([], []))


def test_claims_show_their_evidence_and_the_verdict_of_the_check_behind_them() -> None:
    """The step that wrote them shows it as the check does."""
    good, bad = Claim(text=RETURNS, citations=(1,)), Claim(text="You have 45 days.", citations=(1,))
    verification = Verification(faithfulness=0.5, rejected=((1, "the number 45 does not stand in it"),))
    recording = run(found(GOOD), verification=verification, **{**quoting(GOOD), "claims": [good, bad]})
    for number in (6, 7):
        claims = step_given(recording, number).claims
        assert claims is not None
        assert [(one.number, one.verdict) for one in claims] == [(1, "holds"), (2, "rejected")]
        assert claims[1].reason == "the number 45 does not stand in it"
        assert claims[0].evidence[0].quote == RETURNS


def test_a_step_that_there_is_not_is_not_found() -> None:
    """The message says how many there are."""
    with pytest.raises(NotFound, match="no step 99; it has 6"):
        step_given(whole_recording(), 99)


def test_markup_in_an_answer_from_elsewhere_stays_text() -> None:
    """An imported answer that is none of ours is no HTML."""
    answer = {"answer": "<img src=x onerror=alert(1)>", "status": "odd"}
    html = json.loads(shown(run(found(GOOD), answer=answer)).model_dump_json())["answer"]["html"]
    assert "<img" not in html
