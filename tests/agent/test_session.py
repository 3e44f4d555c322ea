"""Asking through a session: the public answer, threads, pauses and bad input."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
from agent.events import Event, NodeFinished, NodeStarted, QueryMade, Token, Verified
from agent.questions import LONGEST_QUESTION, clean
from agent.session import Session
from graph.build import build
from graph.deps import Deps
from graph.plan import Plan, Turn
from graph.state import CHECKPOINTED, Assessment, Claim, Draft, Verification
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import (
    FakeJudge,
    FakePlanner,
    FakeWriter,
    chunk_of,
    deps_of,
    part_of,
    passage_citation,
    plan_of,
    rows_of,
    store_with,
)
from tools.errors import BudgetExceeded, InvalidInput
from tools.metering import Budget, Meter
from tools.types import ANYONE, Match, Principal

QUESTION = "How long does the kettle boil?"
BOIL = chunk_of("The kettle boils for two minutes.")
AMBIGUOUS = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))


@dataclass(slots=True, kw_only=True)
class CallingPlanner(FakePlanner):
    """Calls a model, so many times one after another, as far as the budget goes; else it plans without it."""

    calls: int = 1
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def plan(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Account for the calls and plan."""
        self.meters.append(meter)
        plan = plan_of(part_of(question))
        for _ in range(self.calls):
            try:
                meter.admit(tokens=1, usd=0)
            except BudgetExceeded as error:
                return replace(plan, shortfall=str(error))
            with meter.call(prompt="plan", prompt_hash="0f", model="minnow"):
                self.began.set()
                await asyncio.sleep(self.seconds)
        return plan


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


async def test_what_a_lesser_one_did_marks_the_answer() -> None:
    """Every fallback is a note; the local mode that wrote in a model's stead is named, and why."""
    plan = replace(plan_of(part_of(QUESTION)), shortfall="planned without")
    draft = Draft(
        claims=(Claim(text=BOIL.text, citations=(1,)),),
        citations=(passage_citation(BOIL, BOIL.text),),
        shortfall="written without",
    )
    deps = deps_of(
        store=store_with(BOIL),
        planner=FakePlanner(plans={QUESTION: plan}),
        writer=FakeWriter(draft=draft),
        judge=FakeJudge(verifications=[Verification(faithfulness=1.0, shortfall="checked without")]),
    )
    answer = await session_of(replace(deps, mode="llm")).ask(QUESTION)
    assert (answer.status, answer.degraded) == ("answered", True)
    assert answer.notes == ["planned without", "written without", "checked without"]
    assert (answer.mode, answer.exit_reason) == ("local", "model_unavailable")


async def test_what_one_turn_lacked_is_not_told_of_the_next() -> None:
    """Neither its notes, nor who wrote its draft."""
    draft = Draft(claims=(Claim(text="x", citations=()),), shortfall="written without")
    judge = FakeJudge(verifications=[Verification(faithfulness=1.0)])
    deps = deps_of(store=store_with(BOIL), writer=FakeWriter(draft=draft), judge=judge)
    session = session_of(replace(deps, mode="llm"))
    first = await session.ask(QUESTION, thread_id="t")
    assert (first.mode, first.exit_reason) == ("local", "model_unavailable")
    judge.assessments = [[Assessment(verdict="gap", confidence=0.5)]]
    second = await session.ask("And the mug?", thread_id="t")
    assert (second.status, second.mode, second.exit_reason) == ("unanswerable", "llm", "completed")
    assert (second.degraded, second.notes) == (False, [])


async def test_every_run_has_a_budget_of_its_own() -> None:
    """What one question spent is not missing for the next; a call that is refused names its limit."""
    meter = Meter(budget=Budget(model_calls=1))
    deps = replace(deps_of(store=store_with(BOIL), planner=CallingPlanner()), mode="llm", meter=meter)
    session = session_of(deps)
    for _ in range(2):
        answer = await session.ask(QUESTION, thread_id="t")
        assert (answer.usage.model_calls, answer.exit_reason) == (1, "completed")
        assert [call.prompt for call in answer.usage.calls] == ["plan"]
    assert meter.calls == []
    session = session_of(replace(deps, planner=CallingPlanner(calls=2)))
    answer = await session.ask(QUESTION)
    assert (answer.usage.model_calls, answer.exit_reason) == (1, "out_of_calls")
    assert (answer.status, answer.degraded) == ("answered", True)


async def test_a_reply_has_a_budget_of_its_own() -> None:
    """The question that was asked back and its reply are two runs."""
    judge = FakeJudge(assessments=[[AMBIGUOUS]])
    planner = CallingPlanner()
    deps = deps_of(store=store_with(BOIL), planner=planner, judge=judge)
    session = session_of(replace(deps, mode="llm", meter=Meter(budget=Budget(model_calls=1))))
    asked = await session.ask(QUESTION, thread_id="t")
    replied = await session.ask("the red one", thread_id="t")
    assert (asked.usage.model_calls, replied.usage.model_calls) == (1, 1)
    assert (asked.exit_reason, replied.exit_reason) == ("clarification", "completed")


async def test_whoever_watches_is_told_of_nodes_and_drafts() -> None:
    """Every node that begins also ends; tokens come while the writer writes."""
    events: list[Event] = []
    answer = await session_of(deps_of(store=store_with(BOIL))).ask(QUESTION, on_event=events.append)
    begun = [event.node for event in events if isinstance(event, NodeStarted)]
    done = [event.node for event in events if isinstance(event, NodeFinished)]
    assert sorted(begun) == sorted(done) == sorted(answer.timings_ms.nodes)
    written = [event for event in events if isinstance(event, Token)]
    assert "".join(token.text for token in written) == answer.answer
    place = events.index(written[0])
    assert events.index(NodeStarted(node="synthesize")) < place
    ended = [event.node if isinstance(event, NodeFinished) else "" for event in events].index("synthesize")
    assert place < ended
    looked_up = [event.text for event in events if isinstance(event, QueryMade)]
    assert looked_up == answer.queries
    checked = [event.faithfulness for event in events if isinstance(event, Verified)]
    assert checked == [answer.faithfulness]


async def test_whoever_watches_is_told_when_a_draft_is_void() -> None:
    """The tokens after the last restart are the draft that was verified."""
    cited = passage_citation(BOIL, BOIL.text)
    first = Draft(claims=(Claim(text="It boils for nine hours.", citations=(1,)),), citations=(cited,))
    second = Draft(claims=(Claim(text=BOIL.text, citations=(1,)),), citations=(cited,))
    deps = deps_of(store=store_with(BOIL), writer=FakeWriter(draft=first, revised=second))
    events: list[Event] = []
    answer = await session_of(deps).ask(QUESTION, on_event=events.append)
    tokens = [event for event in events if isinstance(event, Token)]
    assert [token.restart for token in tokens] == [False, True, False]
    assert tokens[-1].text == answer.answer == BOIL.text


async def test_cancelling_the_call_ends_what_it_started() -> None:
    """The call of a model that is under way ends with it, and the thread can be asked again."""
    planner = CallingPlanner(seconds=60)
    saver = MemorySaver(serde=strict())
    deps = deps_of(store=store_with(BOIL), planner=planner)
    asking = asyncio.create_task(session_of(deps, saver).ask(QUESTION, thread_id="t"))
    await planner.began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (meter,) = planner.meters
    assert [call.error for call in meter.calls] == ["CancelledError"]
    again = await session_of(deps_of(store=store_with(BOIL)), saver).ask(QUESTION, thread_id="t")
    assert (again.status, again.exit_reason) == ("answered", "completed")


async def test_a_call_that_time_ran_out_on_is_accounted_for() -> None:
    """It is listed with the error that ended it."""
    deps = deps_of(store=store_with(BOIL), planner=CallingPlanner(seconds=60))
    deps = replace(deps, mode="llm", meter=Meter(budget=Budget(seconds=1, reserve_seconds=0)))
    answer = await session_of(deps).ask(QUESTION)
    assert (answer.exit_reason, answer.mode) == ("out_of_time", "llm")
    assert [call.error for call in answer.usage.calls] == ["CancelledError"]


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


async def test_a_run_that_had_come_to_its_end_is_not_done_again() -> None:
    """Asked again under its id, its answer is what was kept, and the thread remembers it once."""
    planner = FakePlanner()
    session = session_of(deps_of(store=store_with(BOIL), planner=planner))
    first = await session.ask(QUESTION, thread_id="t", run_id="one")
    again = await session.ask(QUESTION, thread_id="t", run_id="one")
    assert len(planner.asked) == 1
    assert (again.run_id, again.answer, again.citations) == ("one", first.answer, first.citations)
    await session.ask("And the mug?", thread_id="t", run_id="two")
    assert planner.asked[-1][1] == (Turn(question=QUESTION, answer=first.answer),)


async def test_a_run_that_had_asked_back_asks_the_same_again() -> None:
    """It is not taken for the reply to itself."""
    judge = FakeJudge(assessments=[[AMBIGUOUS]])
    session = session_of(deps_of(store=store_with(BOIL), judge=judge))
    first = await session.ask(QUESTION, thread_id="t", run_id="one")
    again = await session.ask(QUESTION, thread_id="t", run_id="one")
    assert first.status == again.status == "clarify"
    assert (again.answer, again.choices) == (first.answer, first.choices)
    replied = await session.ask("the red one", thread_id="t", run_id="two")
    assert replied.status == "answered"


async def test_a_run_that_was_cut_off_is_done_anew_under_its_id() -> None:
    """What it had begun leaves no trace in the thread."""
    saver = MemorySaver(serde=strict())
    slow = CallingPlanner(seconds=60)
    asking = asyncio.create_task(
        session_of(deps_of(store=store_with(BOIL), planner=slow), saver).ask(
            QUESTION, thread_id="t", run_id="one"
        )
    )
    await slow.began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    planner = FakePlanner()
    session = session_of(deps_of(store=store_with(BOIL), planner=planner), saver)
    again = await session.ask(QUESTION, thread_id="t", run_id="one")
    assert (again.status, again.run_id) == ("answered", "one")
    await session.ask("And the mug?", thread_id="t")
    assert planner.asked[-1][1] == (Turn(question=QUESTION, answer=again.answer),)


@pytest.mark.parametrize("node", ["rerank", "synthesize", "verify"])
@pytest.mark.parametrize("again", ["one", "two"], ids=["taken up", "asked again"])
async def test_a_run_that_was_cut_off_late_is_not_gone_on_with(node: str, again: str) -> None:
    """Neither under its own id nor by the next question: what it had found is found anew, rows too."""
    plan = plan_of(part_of(QUESTION, matches=(Match(query="stock", score=0.9),)))
    catalog = FakeCatalog(results={"stock": replace(rows_of(("Kettle", 4)), answer="{name}: {stock}")})
    planner = FakePlanner(plans={QUESTION: plan})
    session = session_of(deps_of(store=store_with(BOIL), catalog=catalog, planner=planner))

    def stop(event: Event) -> None:
        if event == NodeStarted(node=node):
            asking.cancel()

    asking = asyncio.create_task(session.ask(QUESTION, thread_id="t", run_id="one", on_event=stop))
    with pytest.raises(asyncio.CancelledError):
        await asking
    events: list[Event] = []
    answer = await session.ask(QUESTION, thread_id="t", run_id=again, on_event=events.append)
    begun = [event.node for event in events if isinstance(event, NodeStarted)]
    assert {"classify", "query_database", "rerank", "synthesize", "verify"} <= set(begun)
    assert len(planner.asked) == 2
    assert answer.status == "answered"
    (cited,) = [citation for citation in answer.citations if isinstance(citation, RowsQuote)]
    assert cited.rows == [["Kettle", 4]]


async def test_a_forgotten_thread_begins_anew() -> None:
    """Other threads are kept."""
    planner = FakePlanner()
    session = session_of(deps_of(store=store_with(BOIL), planner=planner))
    for thread in ("t", "u"):
        await session.ask(QUESTION, thread_id=thread)
    await session.forget("t")
    for thread, remembered in (("t", 0), ("u", 1)):
        await session.ask("And the mug?", thread_id=thread)
        assert len(planner.asked[-1][1]) == remembered


async def test_out_of_time_is_an_honest_answer() -> None:
    """Neither an error nor an old answer: nothing of an earlier turn is passed off as this one's."""
    saver = MemorySaver(serde=strict())
    deps = deps_of(store=store_with(BOIL))
    slow = replace(deps, planner=FakePlanner(seconds=5), meter=Meter(budget=Budget(seconds=0.05)))
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
    slow = replace(deps, planner=FakePlanner(seconds=5), meter=Meter(budget=Budget(seconds=0.05)))
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
