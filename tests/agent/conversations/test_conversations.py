"""What people do with the assistant, over the real graph and a real storage."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agent.answer import Answer
from agent.conversations.conversations import Conversations
from agent.events import (
    Answered,
    Cited,
    Clarified,
    Done,
    Failed,
    NodeFinished,
    NodeStarted,
    RunStarted,
    Token,
)
from agent.session import Session
from agent.storage.records import Earlier, Run, Told
from graph.plan import Turn
from graph.state import Assessment
from tests.agent.conversations.opened import (
    ANSWER,
    BOIL,
    QUESTION,
    HeldPlanner,
    begun,
    caller_of,
    knowing,
    opened,
    told,
)
from tests.fakes_graph import FakeJudge, FakePlanner, deps_of, store_with
from tools.errors import AccessDenied, Conflict, InvalidInput, NotFound, TooManyRequests, TransientError
from tools.types import Principal

ANA, BEN = caller_of("key:ana"), caller_of("key:ben")


def kinds(events: list[Told]) -> list[str]:
    """Return the names of events."""
    return [one.event.type for one in events]


async def test_a_run_is_told_from_its_start_to_its_end(tmp_path: Path) -> None:
    """Every event of the contract in its place; the answer that counts is the last but one."""
    async with opened(tmp_path) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        events = await told(conversations, ANA, run_id)
        answer = await conversations.answer(ANA, run_id)
    assert [one.sequence for one in events] == [*range(1, len(events) + 1)]
    assert events[0].event == RunStarted(run_id=run_id, thread_id=thread_id)
    assert kinds(events)[-4:] == ["node_finished", "citation", "answer", "done"]
    inner = [one.event for one in events[1:-3]]
    assert sorted(one.node for one in inner if isinstance(one, NodeStarted)) == sorted(
        one.node for one in inner if isinstance(one, NodeFinished)
    )
    assert {"query", "token", "verified"} < {*kinds(events)}
    assert "".join(one.text for one in inner if isinstance(one, Token)) == answer.answer == ANSWER
    assert [one.event for one in events[-3:]] == [
        Cited(citation=answer.citations[0]),
        Answered(answer=answer),
        Done(status="completed"),
    ]
    assert (answer.run_id, answer.thread_id) == (run_id, thread_id)


async def test_whoever_comes_back_gets_exactly_the_rest(tmp_path: Path) -> None:
    """From every place, while the run goes on, after its end, and in the next process."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        _, run_id = await begun(conversations, ANA)
        await planner.began.wait()
        following = [asyncio.create_task(told(conversations, ANA, run_id, after=n)) for n in range(30)]
        dropped = conversations.follow(ANA, run_id)
        first = await anext(dropped)
        await dropped.aclose()
        planner.let.set()
        rest = await told(conversations, ANA, run_id, after=first.sequence)
        whole = [first, *rest]
        assert [await one for one in following] == [whole[n:] for n in range(30)]
        for n in range(len(whole) + 2):
            assert await told(conversations, ANA, run_id, after=n) == whole[n:]
    async with opened(tmp_path) as conversations:
        for n in range(len(whole) + 2):
            assert await told(conversations, ANA, run_id, after=n) == whole[n:]


async def test_an_answer_is_committed_before_it_is_told(tmp_path: Path) -> None:
    """Whoever sees it finds it in the thread."""
    async with opened(tmp_path) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        async for one in conversations.follow(ANA, run_id):
            if isinstance(one.event, Cited | Answered | Done):
                run = await conversations.run(ANA, run_id)
                assert (run.status, run.answer is not None) == ("completed", True)
                messages = (await conversations.messages(ANA, thread_id)).items
                assert [(one.role, one.content) for one in messages] == [
                    ("user", QUESTION),
                    ("assistant", ANSWER),
                ]


async def test_a_run_goes_on_though_nobody_waits(tmp_path: Path) -> None:
    """Whoever asked may go away while the message is being kept."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        thread = await conversations.open_thread(ANA)
        saying = asyncio.create_task(conversations.say(ANA, thread.id, QUESTION))
        await asyncio.sleep(0)
        saying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saying
        await planner.began.wait()
        planner.let.set()
        (message,) = (await conversations.messages(ANA, thread.id)).items
        assert (await conversations.answer(ANA, message.run_id)).answer == ANSWER


async def test_what_is_asked_back_is_told_before_the_answer(tmp_path: Path) -> None:
    """The next message of the thread is the reply."""
    ask = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))
    deps = deps_of(store=store_with(BOIL), judge=FakeJudge(assessments=[[ask]]))
    async with opened(tmp_path, deps) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        events = await told(conversations, ANA, run_id)
        assert kinds(events)[-3:] == ["clarification", "answer", "done"]
        assert events[-3].event == Clarified(question="Red or blue?", choices=["red", "blue"])
        run = await conversations.say(ANA, thread_id, "the red one")
        assert (await conversations.answer(ANA, run.id)).answer == ANSWER


async def test_a_thread_takes_one_message_at_a_time(tmp_path: Path) -> None:
    """The second is a conflict, until the first is answered."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        with pytest.raises(Conflict):
            await conversations.say(ANA, thread_id, QUESTION)
        planner.let.set()
        await conversations.answer(ANA, run_id)
        again = await conversations.say(ANA, thread_id, QUESTION)
        assert (await conversations.answer(ANA, again.id)).status == "answered"
        assert len((await conversations.messages(ANA, thread_id)).items) == 4


async def test_what_is_under_way_is_limited(tmp_path: Path) -> None:
    """For each owner, and for the process; a place that is given back can be taken again."""
    planner, modest = HeldPlanner(), replace(caller_of("key:ana", runs=1), site=None)
    ben = replace(BEN, site=None)
    async with opened(tmp_path, knowing(planner), runs=2) as conversations:
        thread_id, run_id = await begun(conversations, modest)
        with pytest.raises(TooManyRequests, match="1 of your questions") as refused:
            await begun(conversations, modest)
        assert refused.value.retry_after > 0
        await begun(conversations, ben)
        with pytest.raises(TooManyRequests, match="as many answers are under way"):
            await begun(conversations, ben)
        assert conversations.under_way == 2
        planner.let.set()
        await conversations.answer(modest, run_id)
        with pytest.raises(NotFound):
            await conversations.say(modest, "nowhere", QUESTION)
        run = await conversations.say(modest, thread_id, QUESTION)
        await conversations.answer(modest, run.id)


async def test_visitors_leave_half_of_the_places_to_others(tmp_path: Path) -> None:
    """Anybody can be any number of them."""
    planner = HeldPlanner()
    first, second = (replace(caller_of(f"visitor:shop:{number}"), site="shop") for number in (1, 2))
    ben = replace(BEN, site=None)
    async with opened(tmp_path, knowing(planner), runs=2) as conversations:
        _, run_id = await begun(conversations, first)
        with pytest.raises(TooManyRequests, match="as many answers are under way"):
            await begun(conversations, second)
        _, other = await begun(conversations, ben)
        planner.let.set()
        await conversations.answer(first, run_id)
        await conversations.answer(ben, other)
        await conversations.say(second, (await conversations.open_thread(second)).id, QUESTION)


async def test_cancelling_ends_a_run_at_once(tmp_path: Path) -> None:
    """Followers are told, the thread is free, and what has ended stays as it is."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        following = asyncio.create_task(told(conversations, ANA, run_id))
        await planner.began.wait()
        assert (await conversations.cancel(ANA, run_id)).status == "cancelled"
        assert [one.event for one in await following][-1] == Done(status="cancelled")
        with pytest.raises(Conflict, match="cancelled"):
            await conversations.answer(ANA, run_id)
        planner.let.set()
        run = await conversations.say(ANA, thread_id, QUESTION)
        await conversations.answer(ANA, run.id)
        assert (await conversations.cancel(ANA, run.id)).status == "completed"
        assert [one.role for one in (await conversations.messages(ANA, thread_id)).items] == [
            "user",
            "user",
            "assistant",
        ]


async def test_a_run_that_was_only_just_begun_can_be_cancelled(tmp_path: Path) -> None:
    """Before its graph began."""
    async with opened(tmp_path) as conversations:
        _, run_id = await begun(conversations, ANA)
        assert (await conversations.cancel(ANA, run_id)).status == "cancelled"
        assert kinds(await told(conversations, ANA, run_id)) == ["run_started", "done"]


class FailingPlanner(FakePlanner):
    """Has a defect; the port `Planner`."""

    async def plan(self, question: str, *_: object, **__: object) -> None:  # type: ignore[override]  # never
        """Fail with words that are nobody's business."""
        raise RuntimeError("secret-of-the-planner")


async def test_a_defect_is_reported_once_and_keeps_its_details_to_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The asker gets the run's id, the operator the traceback; the thread can be used again."""
    async with opened(tmp_path, knowing(FailingPlanner())) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        events = await told(conversations, ANA, run_id)
        assert kinds(events)[-2:] == ["error", "done"]
        failure = events[-2].event
        assert isinstance(failure, Failed)
        assert run_id in failure.message
        assert "secret" not in failure.message
        assert events[-1].event == Done(status="failed")
        run = await conversations.run(ANA, run_id)
        assert (run.status, run.error) == ("failed", failure.message)
        with pytest.raises(TransientError, match=run_id):
            await conversations.answer(ANA, run_id)
        again = await conversations.say(ANA, thread_id, QUESTION)
        await told(conversations, ANA, again.id)
    logged = [one for one in caplog.records if one.levelno >= logging.ERROR and run_id in one.getMessage()]
    assert [one.exc_info is not None for one in logged] == [True]


async def test_a_thread_remembers_what_was_said_elsewhere_and_here(tmp_path: Path) -> None:
    """What was said elsewhere comes first, once, also behind a message that was cancelled."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        thread = await conversations.open_thread(ANA, history=[Earlier(question="Earlier?", answer="Yes.")])
        cancelled = await conversations.say(ANA, thread.id, QUESTION)
        await planner.began.wait()
        await conversations.cancel(ANA, cancelled.id)
        planner.let.set()
        for _ in range(2):
            run = await conversations.say(ANA, thread.id, QUESTION)
            await conversations.answer(ANA, run.id)
    earlier = Turn(question="Earlier?", answer="Yes.")
    assert [one[1] for one in planner.asked] == [
        (earlier,),
        (earlier, Turn(question=QUESTION, answer=ANSWER)),
    ]


async def test_whoever_counts_is_told_how_runs_end(tmp_path: Path) -> None:
    """Each once, however it ended."""
    ends: list[str] = []
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        conversations.on_end(lambda ending: ends.append(ending.status))
        _, cancelled = await begun(conversations, ANA)
        await conversations.cancel(ANA, cancelled)
        planner.let.set()
        _, answered = await begun(conversations, ANA)
        await conversations.answer(ANA, answered)
    assert ends == ["cancelled", "completed"]


async def test_a_question_is_asked_on_behalf_of_the_caller(tmp_path: Path) -> None:
    """With the caller's groups and attributes; it is kept clean."""
    principal = Principal(groups=frozenset({"staff", "board"}), attributes=(("customer", 7),))
    planner = HeldPlanner()
    planner.let.set()
    async with opened(tmp_path, knowing(planner)) as conversations:
        caller = caller_of(principal=principal)
        _, run_id = await begun(conversations, caller, "  How\x00 long? ")
        await conversations.answer(caller, run_id)
        run = await conversations.run(caller, run_id)
        with pytest.raises(InvalidInput, match="empty"):
            await conversations.say(caller, run.thread_id, " \n")
    assert (run.question, run.site, run.groups) == ("How long?", "shop", ("board", "staff"))
    assert planner.principals == [principal]


async def test_only_an_administrator_chooses_a_name(tmp_path: Path) -> None:
    """One that exists is returned with its history; somebody else's is not."""
    chat = replace(BEN, scopes=frozenset({"chat"}))
    async with opened(tmp_path) as conversations:
        made = await conversations.open_thread(ANA, thread_id="t-1")
        assert await conversations.open_thread(ANA, thread_id="t-1") == made
        with pytest.raises(AccessDenied, match="admin"):
            await conversations.open_thread(chat, thread_id="t-2")
        with pytest.raises(InvalidInput, match="thread id"):
            await conversations.open_thread(ANA, thread_id="../x")
        with pytest.raises((NotFound, Conflict)):
            await conversations.open_thread(BEN, thread_id="t-1")


async def test_what_is_not_listed_can_still_be_used(tmp_path: Path) -> None:
    """Pages of threads show the others, the latest first."""
    async with opened(tmp_path) as conversations:
        first, second = await conversations.open_thread(ANA), await conversations.open_thread(ANA)
        hidden = await conversations.open_thread(ANA, listed=False)
        page = await conversations.threads(ANA, limit=1)
        assert [one.id for one in page.items] == [second.id]
        rest = await conversations.threads(ANA, cursor=page.next)
        assert ([one.id for one in rest.items], rest.next) == ([first.id], None)
        assert (await conversations.thread(ANA, hidden.id)).id == hidden.id


async def test_a_later_opinion_replaces_the_earlier(tmp_path: Path) -> None:
    """It is found with the message."""
    async with opened(tmp_path) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        await conversations.answer(ANA, run_id)
        await conversations.rate(ANA, run_id, thumb="up")
        await conversations.rate(ANA, run_id, thumb="down", reason="too short\x00", correction="Two minutes.")
        feedback = (await conversations.messages(ANA, thread_id)).items[1].feedback
        assert feedback is not None
        assert (feedback.thumb, feedback.reason) == ("down", "too short")
        assert feedback.correction == "Two minutes."


async def test_a_person_is_asked_for_with_a_contact(tmp_path: Path) -> None:
    """The wish belongs to the thread and its owner."""
    async with opened(tmp_path) as conversations:
        thread = await conversations.open_thread(ANA)
        handoff = await conversations.hand_off(ANA, thread.id, contact=" ana@shop.example ", note="please")
        assert (handoff.thread_id, handoff.owner, handoff.site) == (thread.id, ANA.owner, "shop")
        assert (handoff.contact, handoff.note) == ("ana@shop.example", "please")
        with pytest.raises(InvalidInput, match="note"):
            await conversations.hand_off(ANA, thread.id, note="x" * 4001)


def holding(folder: Path, word: str) -> list[str]:
    """Return the names of the files that a word is found in."""
    return [path.name for path in folder.iterdir() if word.encode() in path.read_bytes()]


async def test_deleting_a_thread_ends_what_is_under_way_and_leaves_nothing(tmp_path: Path) -> None:
    """Neither rows nor the graph's memory; a word of it is in no file of the folder."""
    planner = HeldPlanner()
    word = "xylocarp"
    async with opened(tmp_path, knowing(planner)) as conversations:
        thread_id, run_id = await begun(conversations, ANA, f"How long does the {word} boil?")
        planner.let.set()
        await conversations.answer(ANA, run_id)
        planner.let.clear()
        running = await conversations.say(ANA, thread_id, f"And the other {word}?")
        following = asyncio.create_task(told(conversations, ANA, running.id))
        assert holding(tmp_path, word) != []
        await conversations.delete_thread(ANA, thread_id)
        assert kinds(await following)[-1] == "done"
        for gone in (conversations.thread(ANA, thread_id), conversations.run(ANA, run_id)):
            with pytest.raises(NotFound):
                await gone
        with pytest.raises(NotFound):
            await conversations.delete_thread(ANA, thread_id)
        assert (await conversations.threads(ANA)).items == []
        assert holding(tmp_path, word) == []
        planner.let.set()
        other = await conversations.open_thread(ANA, thread_id=thread_id)
        run = await conversations.say(ANA, other.id, QUESTION)
        await conversations.answer(ANA, run.id)
    assert planner.asked[-1][1] == ()


async def test_a_run_whose_thread_vanishes_meanwhile_leaves_nothing(tmp_path: Path) -> None:
    """As when another process deletes it: the end cannot be kept, and the graph forgets it again."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        await planner.began.wait()
        async with opened(tmp_path, single_process=False) as elsewhere:
            await elsewhere.delete_thread(ANA, thread_id)
        planner.let.set()
        with pytest.raises(NotFound):
            await told(conversations, ANA, run_id)
        assert conversations.under_way == 0
        other = await conversations.open_thread(ANA, thread_id=thread_id)
        run = await conversations.say(ANA, other.id, QUESTION)
        await conversations.answer(ANA, run.id)
    assert planner.asked[-1][1] == ()


async def drained(events: AsyncIterator[Told]) -> list[Told]:
    """Return all of them."""
    return [one async for one in events]


OTHERS: dict[str, Callable[[Conversations, Run], Awaitable[object]]] = {
    "thread": lambda all_of, of: all_of.thread(BEN, of.thread_id),
    "messages": lambda all_of, of: all_of.messages(BEN, of.thread_id),
    "say": lambda all_of, of: all_of.say(BEN, of.thread_id, QUESTION),
    "run": lambda all_of, of: all_of.run(BEN, of.id),
    "follow": lambda all_of, of: drained(all_of.follow(BEN, of.id)),
    "answer": lambda all_of, of: all_of.answer(BEN, of.id),
    "cancel": lambda all_of, of: all_of.cancel(BEN, of.id),
    "rate": lambda all_of, of: all_of.rate(BEN, of.id, thumb="up"),
    "hand_off": lambda all_of, of: all_of.hand_off(BEN, of.thread_id),
    "delete_thread": lambda all_of, of: all_of.delete_thread(BEN, of.thread_id),
}
"""Every use case of something that is somebody else's."""


@pytest.mark.parametrize("state", ["running", "ended"])
async def test_nobody_finds_what_is_somebody_elses(tmp_path: Path, state: str) -> None:
    """As if it were not there, and nothing happens to it."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        _, run_id = await begun(conversations, ANA)
        if state == "ended":
            planner.let.set()
            await conversations.answer(ANA, run_id)
        run = await conversations.run(ANA, run_id)
        for use in OTHERS.values():
            with pytest.raises(NotFound):
                await use(conversations, run)
        assert (await conversations.threads(BEN)).items == []
        planner.let.set()
        assert (await conversations.answer(ANA, run_id)).answer == ANSWER


def test_every_use_case_is_tried_by_somebody_else() -> None:
    """A new one without a line above fails here."""
    of_nobody = {"open_thread", "threads", "under_way", "close", "on_end"}
    public = {name for name in vars(Conversations) if not name.startswith("_")}
    assert public - of_nobody == {*OTHERS}


@dataclass(slots=True)
class Crowd:
    """Counts the runs whose graphs have begun."""

    begun: int = 0
    when_told: list[int] = field(default_factory=list)
    """How many graphs had begun when each run was seen to have started."""


async def test_everybody_hears_at_once_that_a_run_has_started(tmp_path: Path) -> None:
    """Of a crowd, nobody waits for the graphs of the others."""
    crowd, size = Crowd(), 100
    crowded = caller_of(ANA.owner, runs=size)

    class Counting(Session):
        async def ask(self, question: str, **more: Any) -> Answer:  # noqa: ANN401  # passes all on
            crowd.begun += 1
            return await super().ask(question, **more)

    async with opened(tmp_path, session=Counting) as conversations:
        threads = [await conversations.open_thread(ANA) for _ in range(size)]

        async def ask(thread_id: str) -> str:
            run = await conversations.say(crowded, thread_id, QUESTION)
            first = await anext(conversations.follow(ANA, run.id))
            assert isinstance(first.event, RunStarted)
            crowd.when_told.append(crowd.begun)
            return run.id

        asked = await asyncio.gather(*(ask(one.id) for one in threads))
        assert max(crowd.when_told) < size / 2
        answers = await asyncio.gather(*(conversations.answer(ANA, run_id) for run_id in asked))
    assert {one.answer for one in answers} == {ANSWER}
