"""Runs of processes that died or stopped are finished or reported, never forgotten."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from agent.conversations.conversations import Conversations
from agent.conversations.feed import ATTEMPT
from agent.events import Done, Failed, RunStarted
from agent.storage.opening import open_storage
from graph.plan import Turn
from tests.agent.cli.command import environment_of_a_child
from tests.agent.conversations import dying
from tests.agent.conversations.opened import (
    ANSWER,
    QUESTION,
    HeldPlanner,
    begun,
    caller_of,
    knowing,
    opened,
    told,
)
from tests.fakes_graph import FakePlanner
from tools.errors import TransientError

ANA = caller_of()


def killed(folder: Path, moment: str) -> tuple[str, str]:
    """Let a process say a message and kill it at a moment; return the ids of thread and run."""
    process = subprocess.Popen(
        [sys.executable, str(dying.__file__), str(folder), moment],
        stdout=subprocess.PIPE,
        env=environment_of_a_child({}),
        text=True,
    )
    assert process.stdout is not None
    try:
        thread_id, run_id = process.stdout.readline().split()
        if moment != "said":
            assert process.stdout.readline() == f"{moment}\n"
    finally:
        process.kill()
        process.communicate()
    return thread_id, run_id


async def said(conversations: Conversations, thread_id: str) -> list[tuple[str, str]]:
    """Return who said what in a thread."""
    page = await conversations.messages(ANA, thread_id)
    return [(one.role, one.content) for one in page.items]


@pytest.mark.parametrize("moment", ["said", "planning", "answered"])
async def test_a_run_that_died_is_completed_exactly_once(tmp_path: Path, moment: str) -> None:
    """Under its own id, with one answer in the thread and one turn in the graph's memory."""
    thread_id, run_id = killed(tmp_path, moment)
    planner = FakePlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        answer = await conversations.answer(ANA, run_id)
        assert (answer.run_id, answer.thread_id, answer.answer) == (run_id, thread_id, ANSWER)
        assert (await conversations.run(ANA, run_id)).attempts == 2
        assert len(planner.asked) == (0 if moment == "answered" else 1)
        assert await said(conversations, thread_id) == [("user", QUESTION), ("assistant", ANSWER)]
        again = await conversations.say(ANA, thread_id, QUESTION)
        await conversations.answer(ANA, again.id)
    assert planner.asked[-1][1] == (Turn(question=QUESTION, answer=ANSWER),)
    async with opened(tmp_path) as conversations:
        assert (await conversations.run(ANA, run_id)).attempts == 2
        assert len(await said(conversations, thread_id)) == 4


async def test_what_is_told_anew_begins_anew_behind_what_was_told(tmp_path: Path) -> None:
    """Whoever comes back with the last number it saw gets all of the second attempt."""
    _, run_id = killed(tmp_path, "planning")
    async with opened(tmp_path) as conversations:
        whole = await told(conversations, ANA, run_id)
        places = [one.sequence for one in whole]
        assert places == sorted(set(places))
        second = await told(conversations, ANA, run_id, after=ATTEMPT - 1)
        assert isinstance(second[0].event, RunStarted)
        assert [one.event.type for one in second][-3:] == ["citation", "answer", "done"]
        assert [one.sequence for one in second] == [ATTEMPT + n for n in range(1, len(second) + 1)]
        assert second == [one for one in whole if one.sequence > ATTEMPT]
        for place in places:
            rest = await told(conversations, ANA, run_id, after=place)
            assert rest == [one for one in whole if one.sequence > place]


async def test_a_run_that_dies_twice_is_reported(tmp_path: Path) -> None:
    """It fails with what to do, and the thread can be used again."""
    stuck = HeldPlanner()
    async with opened(tmp_path, knowing(stuck)) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        await stuck.began.wait()
    stuck.began.clear()
    async with opened(tmp_path, knowing(stuck)):
        await stuck.began.wait()
    async with opened(tmp_path) as conversations:
        events = await told(conversations, ANA, run_id)
        failure, done = (one.event for one in events[-2:])
        assert isinstance(failure, Failed)
        assert "ask again" in failure.message
        assert done == Done(status="failed")
        with pytest.raises(TransientError, match="more than once"):
            await conversations.answer(ANA, run_id)
        again = await conversations.say(ANA, thread_id, QUESTION)
        assert (await conversations.answer(ANA, again.id)).answer == ANSWER
    async with opened(tmp_path) as conversations:
        assert await told(conversations, ANA, run_id) == events


async def test_stopping_lets_followers_go_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """The run is unfinished meanwhile; nothing was lost of what was told."""
    planner = HeldPlanner()
    async with AsyncExitStack() as stack:
        conversations = await stack.enter_async_context(opened(tmp_path, knowing(planner)))
        _, run_id = await begun(conversations, ANA)
        following = asyncio.create_task(told(conversations, ANA, run_id))
        waiting = asyncio.create_task(conversations.answer(ANA, run_id))
        await planner.began.wait()
        await conversations.close()
        seen = await following
        with pytest.raises(TransientError, match="stopping"):
            await waiting
        with pytest.raises(TransientError, match="stopping"):
            await begun(conversations, ANA)
        assert (await conversations.run(ANA, run_id)).status == "running"
    assert seen[-1].event.type == "node_started"
    planner.let.set()
    async with opened(tmp_path, knowing(planner)) as conversations:
        rest = await told(conversations, ANA, run_id, after=seen[-1].sequence)
        assert [rest[0].event.type, rest[-1].event.type] == ["run_started", "done"]
        assert await told(conversations, ANA, run_id) == [*seen, *rest]


async def test_a_run_of_another_process_can_be_followed_answered_and_cancelled(tmp_path: Path) -> None:
    """Through storage, a moment later."""
    planner = HeldPlanner()
    async with (
        opened(tmp_path, knowing(planner), single_process=False) as here,
        opened(tmp_path, single_process=False) as there,
    ):
        _, first = await begun(here, ANA)
        following = asyncio.create_task(told(there, ANA, first))
        answering = asyncio.create_task(there.answer(ANA, first))
        await planner.began.wait()
        assert there.under_way == 0
        planner.let.set()
        assert await following == await told(here, ANA, first)
        assert (await answering).answer == ANSWER
        planner.let.clear()
        _, second = await begun(here, ANA)
        await there.cancel(ANA, second)
        assert (await told(there, ANA, second))[-1].event == Done(status="cancelled")


async def test_what_a_process_ends_that_was_taken_for_dead_counts_once(tmp_path: Path) -> None:
    """The first end stands; the followers of the other are told that one."""
    slow, quick = HeldPlanner(), FakePlanner()
    async with opened(tmp_path, knowing(slow)) as here:
        thread_id, run_id = await begun(here, ANA)
        following = asyncio.create_task(told(here, ANA, run_id))
        await slow.began.wait()
        async with opened(tmp_path, knowing(quick)) as there:
            await there.answer(ANA, run_id)
        slow.let.set()
        events = await following
        assert [one.event.type for one in events].count("done") == 1
        assert await said(here, thread_id) == [("user", QUESTION), ("assistant", ANSWER)]


async def test_a_message_is_kept_before_it_is_acknowledged(tmp_path: Path) -> None:
    """Whoever looks into the file right then finds it."""
    planner = HeldPlanner()
    async with opened(tmp_path, knowing(planner)) as conversations:
        thread_id, run_id = await begun(conversations, ANA)
        async with open_storage(f"sqlite:///{tmp_path / 'conversations.db'}") as storage:
            (run,) = await storage.runs.unfinished(stale_seconds=0)
    assert (run.id, run.thread_id, run.question) == (run_id, thread_id, QUESTION)
