"""Asking through a session: the public answer, threads, pauses and bad input."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import aiosqlite
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent.answer import Answer, PassageQuote, RowsQuote
from agent.session import LONGEST_QUESTION, Session, clean
from graph.build import build
from graph.deps import Deps, Limits
from graph.state import CHECKPOINTED, Assessment, Turn
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import (
    FakeJudge,
    FakePlanner,
    chunk_of,
    deps_of,
    part_of,
    plan_of,
    rows_of,
    store_with,
)
from tools.errors import InvalidInput
from tools.types import Match

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for two minutes.")
AMBIGUOUS = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))


def strict() -> JsonPlusSerializer:
    """Return the serializer of an installation."""
    return JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)


def session_of(deps: Deps, saver: MemorySaver | None = None) -> Session:
    """Open a session that remembers in memory."""
    return Session(build(saver or MemorySaver(serde=strict())), deps)


async def test_an_answer_carries_everything_to_check_it() -> None:
    """Citations, route, queries, timings and ids, as JSON that reads back equal."""
    plan = plan_of(part_of(QUESTION, matches=(Match(query="stock", score=0.9),)))
    rows = rows_of(("Kettle", 4, date(2026, 1, 5).isoformat()), columns=("name", "stock", "since"))
    deps = deps_of(
        store=store_with(BOIL),
        catalog=FakeCatalog(results={"stock": replace(rows, answer="{name}: {stock}")}),
        planner=FakePlanner(plans={QUESTION: plan}),
    )
    answer = await session_of(deps).ask(QUESTION, thread_id="t-1")
    assert answer.answer == "Kettle: 4 [1] The kettle boils for two minutes. [2]"
    assert (answer.status, answer.exit_reason, answer.degraded, answer.notes) == (
        "answered",
        "completed",
        False,
        [],
    )
    cells, passage = answer.citations
    assert isinstance(cells, RowsQuote)
    assert cells.rows == [["Kettle", 4, "2026-01-05"]]
    assert isinstance(passage, PassageQuote)
    assert BOIL.text[passage.start : passage.end] == passage.quote
    assert (answer.route.category, answer.queries, answer.thread_id) == ("guides", [QUESTION], "t-1")
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


async def test_timings_name_every_node_within_the_total() -> None:
    """The first token comes before the end."""
    timings = (await session_of(deps_of(store=store_with(BOIL))).ask(QUESTION)).timings_ms
    assert set(timings.nodes) == {"prefetch", "classify", "rerank", "assess", "synthesize", "verify"}
    assert all(0 <= milliseconds <= timings.total for milliseconds in timings.nodes.values())
    assert timings.first_token is not None
    assert 0 < timings.first_token <= timings.total


async def test_an_answer_without_a_service_is_degraded_and_says_why() -> None:
    """The failure is one of the notes, and the node's second attempt is timed with the first."""
    store = store_with(BOIL)
    store.close()
    answer = await session_of(deps_of(store=store)).ask(QUESTION)
    assert (answer.status, answer.degraded) == ("unanswerable", True)
    assert answer.notes == ["The documents could not be searched: the fake store is closed; open it again"]
    assert "prefetch" in answer.timings_ms.nodes


async def test_each_run_has_its_own_id_and_thread() -> None:
    """Unless a thread is given."""
    session = session_of(deps_of(store=store_with(BOIL)))
    one, two = await session.ask(QUESTION), await session.ask(QUESTION)
    assert len({one.run_id, two.run_id, one.thread_id, two.thread_id}) == 4


async def test_a_thread_remembers_its_questions() -> None:
    """The planner gets the earlier exchange, as a thread or as a history from elsewhere."""
    planner = FakePlanner()
    session = session_of(deps_of(store=store_with(BOIL), planner=planner))
    first = await session.ask(QUESTION, thread_id="t")
    await session.ask("And the mug?", thread_id="t")
    assert planner.asked[-1][1] == (Turn(question=QUESTION, answer=first.answer),)
    told = Turn(question="Earlier?", answer="Yes.")
    await session.ask("And now?", history=[told])
    assert planner.asked[-1][1] == (told,)


async def test_what_was_asked_back_is_answered_in_another_session(tmp_path: Path) -> None:
    """The pause survives the process; the next message of the thread is the reply."""
    deps = deps_of(store=store_with(BOIL), judge=FakeJudge(assessments=[[AMBIGUOUS]]))

    async def ask(message: str) -> Answer:
        async with aiosqlite.connect(tmp_path / "threads.db") as connection:
            session = Session(build(AsyncSqliteSaver(connection, serde=strict())), deps)
            return await session.ask(message, thread_id="t")

    asked = await ask(QUESTION)
    assert (asked.status, asked.exit_reason, asked.answer) == ("clarify", "clarification", "Red or blue?")
    assert (asked.choices, asked.citations) == (["red", "blue"], [])
    replied = await ask("the red one")
    assert (replied.status, replied.answer) == ("answered", "The kettle boils for two minutes. [1]")
    assert replied.queries == ["How long does the kettle boil (the red one)?"]


async def test_out_of_time_is_an_honest_answer() -> None:
    """Neither an error nor an old answer: nothing of an earlier turn is passed off as this one's."""
    saver = MemorySaver(serde=strict())
    deps = deps_of(store=store_with(BOIL))
    slow = replace(deps, planner=FakePlanner(seconds=5), limits=Limits(seconds=0.05))
    await session_of(deps, saver).ask(QUESTION, thread_id="used")
    for thread in ("used", "new"):
        answer = await session_of(slow, saver).ask("And the mug?", thread_id=thread)
        assert (answer.status, answer.exit_reason, answer.degraded) == ("unanswerable", "out_of_time", True)
        assert answer.answer == "I ran out of time before I could answer."
        assert (answer.citations, answer.queries, answer.route.knowledge_bases) == ([], [], {})
        assert answer.timings_ms.total < 2000
    after = await session_of(deps, saver).ask("And the lid?", thread_id="used")
    assert after.exit_reason == "completed"


async def test_out_of_time_while_going_on_is_not_the_old_question_again() -> None:
    """The thread still waits for the reply, and the next try gets its answer."""
    saver = MemorySaver(serde=strict())
    deps = deps_of(store=store_with(BOIL), judge=FakeJudge(assessments=[[AMBIGUOUS]]))
    slow = replace(deps, planner=FakePlanner(seconds=5), limits=Limits(seconds=0.05))
    await session_of(deps, saver).ask(QUESTION, thread_id="t")
    late = await session_of(slow, saver).ask("the red one", thread_id="t")
    assert (late.status, late.exit_reason, late.choices) == ("unanswerable", "out_of_time", [])
    again = await session_of(deps, saver).ask("the red one", thread_id="t")
    assert again.answer == "The kettle boils for two minutes. [1]"


@pytest.mark.parametrize("thread", ["a b", "../x", "ü", "x" * 65, "a\n", "a;b"])
async def test_an_unusable_thread_id_is_refused(thread: str) -> None:
    """Only letters, digits, - and _ go into the store."""
    with pytest.raises(InvalidInput, match="thread id"):
        await session_of(deps_of()).ask(QUESTION, thread_id=thread)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" \n\t\u3000 ", "empty", id="white space"),
        pytest.param("\x00\x1b\x07", "empty", id="control characters"),
        pytest.param("\ue000\ufdd0", "empty", id="no characters at all"),
        pytest.param("x" * (LONGEST_QUESTION + 1), "8001 characters", id="too long"),
        pytest.param("\x89PNG\r\n\x1a\n\x00\x00\ufffd\ufffd\ufffd\ufffdIHDR", "not readable", id="binary"),
        pytest.param("?!?!?! ... ###", "not readable", id="only marks"),
        pytest.param("\u200b\u200d", "not readable", id="invisible"),
        pytest.param("\ud800\udfff", "not readable", id="broken surrogates"),
    ],
)
def test_what_is_not_a_question_is_refused_with_the_reason(question: str, reason: str) -> None:
    """And with what to do."""
    with pytest.raises(InvalidInput, match=reason):
        clean(question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("  How\tlong\n\n boil? ", "How long boil?", id="white space"),
        pytest.param("How\x00 long\x1b?", "How long ?", id="control characters"),
        pytest.param("How \ud800long?", "How ?long?", id="broken surrogate"),
        pytest.param("x" * LONGEST_QUESTION, "x" * LONGEST_QUESTION, id="as long as may be"),
        pytest.param("Why?" + "\n" * 9000 + "How?", "Why? How?", id="blank lines do not count"),
        pytest.param("怎么烧水？", "怎么烧水？", id="Chinese"),
        pytest.param("पानी कैसे उबालें?", "पानी कैसे उबालें?", id="Hindi"),
    ],
)
def test_a_question_is_cleaned_not_changed(question: str, expected: str) -> None:
    """Words stay as they are, in any script."""
    assert clean(question) == expected


@given(st.text())
def test_a_cleaned_question_is_clean(question: str) -> None:
    """Cleaning either refuses, or gives UTF-8 text that is clean already."""
    try:
        cleaned = clean(question)
    except InvalidInput:
        return
    assert cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
