"""Recordings as files: nothing is lost, nothing personal is in a scrubbed one, and nothing odd is read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.recording.encoding import digest_of, key_of
from agent.recording.recording import Changes, Failure, Json, Parent, Recording
from agent.recording.states import redigested
from agent.recording.values import Passage
from agent.tracing.exporting import exported, imported
from tests.agent.tracing.runs import RUN, call_of, recording_of, step_of
from tools.errors import InvalidInput

MAIL, PHONE, CARD = "anna.lund@shop.example", "+46 522 555 010", "4532 0151 1283 0366"
SCHEMA = {"tables": [f"people of {MAIL}"]}
SETUP = {"assistant": {"description": f"Call {PHONE}"}}
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc é", max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
PLAIN: dict[str, Any] = {"answer": None, "attachments": {}}  # Any: fields of a recording
ANSWER = {
    "answer": f"It is {MAIL}.",
    "status": "answered",
    "citations": [],
    "route": {"category": "a", "knowledge_bases": {"a": 1.0}, "database": 0.0, "in_scope": 1.0},
    "queries": [MAIL],
    "faithfulness": 1.0,
    "mode": "local",
    "degraded": False,
    "notes": [],
    "exit_reason": "completed",
    "timings_ms": {"total": 1.0, "first_token": None, "nodes": {}},
    "thread_id": "thread-1",
    "run_id": RUN,
}


def whole() -> Recording:
    """Return a recording with something personal in every place that can hold it."""
    passage = Passage({"id": "c1", "text": f"Write to {MAIL}", "source": "a.md"})
    hits = [{"chunk": passage, "score": 1.0}]
    asker = {"groups": [], "attributes": [["customer_id", 7], ["mail", MAIL]]}
    failure = Failure(type="ModelError", message=f"{MAIL} is away")
    steps = [
        step_of(1, "prefetch", payload={"query": PHONE}, update={"prefetched": [{"hits": hits}]}),
        step_of(2, "rerank", update={"evidence": [{"hits": hits}]}, paused={"question": f"{CARD}?"}),
        step_of(3, "assess", update=None, failure=failure),
    ]
    fetch = {"statement": "SELECT 1", "parameters": {"mail": MAIL}, "principal": asker}
    vectors = {"$vectors": "AAAA", "shape": [1, 1]}
    calls = [
        call_of(1, 1, "database", "fetch", fetch, response={"rows": [[MAIL, CARD]]}),
        call_of(
            2, 1, "database", "schema", {"principal": asker}, response={"$attachment": digest_of(SCHEMA)}
        ),
        call_of(3, 2, "chat", "text", {"prompt": {"text": PHONE}}, failure=failure),
        call_of(4, 2, "embedder", "embed", {"texts": [MAIL]}, response=vectors),
    ]
    changes = Changes(state={"question": MAIL}, prompts={"write": MAIL})
    return redigested(
        recording_of(
            steps,
            calls,
            owner="key:anna",
            question=f"Who is {MAIL}?",
            attributes=asker["attributes"],
            answer=ANSWER,
            setup=digest_of(SETUP),
            knowledge=digest_of({}),
            attachments={digest_of(value): value for value in (SCHEMA, SETUP, {})},
            kind="fork",
            parent=Parent(run_id="parent", step=1, changes=changes),
            initial={"question": f"Who is {MAIL}?"},
        )
    )


def read_back(recording: Recording, *, scrub: bool = False) -> Recording:
    """Return what another machine reads."""
    return imported(exported(recording, scrub=scrub))


def plain(recording: Recording) -> Json:
    """Return a recording as JSON, whatever its lists are made of."""
    return json.loads(exported(recording, scrub=False))


def test_a_file_holds_the_whole_recording() -> None:
    """With its attachments; a passage that is there twice is one object again."""
    recording = whole()
    back = read_back(recording)
    assert plain(back) == plain(recording)
    first, second = (back.steps[number].update for number in (0, 1))
    assert first is not None
    assert second is not None
    assert first["prefetched"][0]["hits"][0]["chunk"] is second["evidence"][0]["hits"][0]["chunk"]


@given(
    JSON, st.dictionaries(st.sampled_from(["question", "notes", "draft"]), JSON, max_size=2), st.booleans()
)
def test_whatever_was_recorded_comes_back(value: Json, state: dict[str, Json], scrub: bool) -> None:
    """As it is, and scrubbed as what was exported."""
    call = call_of(1, 1, "clock", "today", {"given": value}, response=value)
    recording = recording_of(
        [step_of(1, "classify", update=state)], [call], initial={"question": value}, **PLAIN
    )
    file = exported(redigested(recording), scrub=scrub)
    assert exported(imported(file), scrub=False) == file


def test_nothing_personal_is_in_a_scrubbed_file() -> None:
    """Neither in questions, states, calls and attachments, nor in whose run it is; it says that it is."""
    file = exported(whole(), scrub=True).decode()
    assert not [text for text in (MAIL, "anna", PHONE, CARD, "key:") if text in file]
    back = imported(file.encode())
    assert back.scrubbed
    assert back.attributes == [["customer_id", 0], ["mail", ""]]
    assert back.calls[0].request["principal"]["attributes"] == back.attributes


def test_a_scrubbed_file_fits_together() -> None:
    """What was equal is equal; digests, keys and references are those of what is there now."""
    back = read_back(whole(), scrub=True)
    assert [call.key for call in back.calls] == [key_of(c.port, c.method, c.request) for c in back.calls]
    assert back == redigested(back)
    assert back.attachments[back.calls[1].response["$attachment"]]["tables"][0].startswith(
        "people of person-"
    )
    assert back.attachments[back.setup]["assistant"]["description"] == "Call +00 000 000 001"
    mail = back.question.removeprefix("Who is ").removesuffix("?")
    assert back.calls[0].request["parameters"]["mail"] == mail == back.calls[3].request["texts"][0]
    assert back.calls[3].response == {"$vectors": "AAAA", "shape": [1, 1]}
    assert exported(back, scrub=True) == exported(back, scrub=False), "scrubbed twice is scrubbed once"


def changed(**members: Any) -> bytes:  # noqa: ANN401 - whatever a file may say
    """Return a file of which members of the recording are something else."""
    written = json.loads(exported(whole(), scrub=False))
    written["recording"] |= members
    return json.dumps(written).encode()


DEEP: Json = "bottom"
for _ in range(90):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(b"", "JSON", id="nothing"),
        pytest.param(b"\xff\xfe{}", "JSON", id="no text"),
        pytest.param(b"[1]", "recording", id="another list"),
        pytest.param(b'{"format": 1, "recording": {}, "passages": []}', "run_id", id="an empty recording"),
        pytest.param(b'{"format": 99, "recording": {}}', "version", id="of a newer version"),
        pytest.param(changed(question=7), "question", id="a question that is no text"),
        pytest.param(changed(color="red"), "recording.color", id="an unknown field"),
        pytest.param(
            changed(steps=[{"number": 1, "speed": 2}]), "recording.steps.speed", id="an unknown field inside"
        ),
        pytest.param(changed(initial={"question": DEEP}), "deep", id="too deep"),
        pytest.param(b"[" * 100_000, "JSON", id="far too deep"),
        pytest.param(changed(initial={"x": {"$passage": 99}}), "passage", id="a passage that is not there"),
        pytest.param(changed(attachments={"0" * 32: 1}), "attachment", id="a digest that does not fit"),
        pytest.param(changed(run_id="../x"), "run_id", id="an id that is none"),
        pytest.param(changed(parent=None), "parent", id="a fork without a parent"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_refused(content: bytes, word: str) -> None:
    """In one line that names the place."""
    with pytest.raises(InvalidInput) as refused:
        imported(content)
    assert word in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_larger_than_any_recording_is_not_read() -> None:
    """Whatever it holds."""
    with pytest.raises(InvalidInput, match="larger"):
        imported(b" " * (64 * 2**20 + 1))


def test_an_odd_asker_does_not_keep_a_recording_from_being_scrubbed() -> None:
    """A file may have said anything of whom a call was made for."""
    asker = {"groups": [], "attributes": [["a"], ["b", [MAIL]], []]}
    odd = replace(whole(), calls=[call_of(1, 1, "database", "schema", {"principal": asker})])
    back = read_back(odd, scrub=True)
    assert back.calls[0].request["principal"]["attributes"] == [["b", []]]
