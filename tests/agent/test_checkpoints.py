"""The file of threads: what is deleted is in no byte of it."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import aiosqlite
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from agent.checkpoints import Checkpoints, open_checkpoints
from tools.errors import TransientError

THREADS, STATES = 60, 6
FILLING = "words of the conversation "


def canary(thread: int) -> str:
    return f"canary{thread:04d}"


def config_of(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}


async def keep(saver: Checkpoints, thread_id: str, words: str) -> None:
    """Keep one more state of a thread."""
    checkpoint = empty_checkpoint()
    checkpoint["channel_values"] = {"question": words}
    await saver.aput(config_of(thread_id), checkpoint, {}, {})


async def fill(saver: Checkpoints) -> None:
    """Keep several growing states of many threads, so that pages are split and rows are moved."""
    for state in range(STATES):
        for thread in range(THREADS):
            await keep(saver, f"t{thread}", f"{canary(thread)} {FILLING * (state * thread % 23)}")


def seen(folder: Path) -> Mapping[int, bool]:
    """Tell of each thread whether any file still has its words."""
    kept = b"".join(file.read_bytes() for file in folder.iterdir())
    return {thread: canary(thread).encode() in kept for thread in range(THREADS)}


async def test_of_deleted_threads_no_byte_is_left_while_the_file_is_open(tmp_path: Path) -> None:
    """Deleted side by side, between threads that stay."""
    gone = range(0, THREADS, 2)
    async with open_checkpoints(tmp_path / "threads.db") as saver:
        await fill(saver)
        assert all(seen(tmp_path).values())
        await asyncio.gather(*(saver.adelete_thread(f"t{thread}") for thread in gone))
        assert seen(tmp_path) == {thread: thread not in gone for thread in range(THREADS)}


async def test_what_a_process_deleted_before_it_died_is_removed_at_the_next_opening(tmp_path: Path) -> None:
    """It had deleted the rows, and was killed before it could do more."""
    file = tmp_path / "threads.db"
    async with open_checkpoints(file) as saver:
        await fill(saver)
    async with aiosqlite.connect(file) as killed:
        await killed.execute("PRAGMA secure_delete = OFF")  # on by default in some builds
        await killed.execute("PRAGMA user_version = 1")
        await killed.execute("DELETE FROM checkpoints")
        await killed.commit()
    assert any(seen(tmp_path).values())
    async with open_checkpoints(file):
        assert not any(seen(tmp_path).values())


@asynccontextmanager
async def storm(saver: Checkpoints) -> AsyncIterator[None]:
    """Keep and read states of other threads without a pause; some of it is cancelled in the middle."""
    calm, chance = asyncio.Event(), random.Random()  # noqa: S311  # when it is cancelled

    async def asked(thread_id: str) -> None:
        await keep(saver, thread_id, FILLING)
        await saver.aget_tuple(config_of(thread_id))

    async def asking(thread_id: str) -> None:
        while not calm.is_set():
            task = asyncio.create_task(asked(thread_id))
            await asyncio.wait([task], timeout=chance.choice((60.0, chance.random() * 0.01)))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(asking(f"other{number}"))
        try:
            yield
        finally:
            calm.set()


async def test_deletions_in_a_storm_never_fail(tmp_path: Path) -> None:
    """Two processes delete while one works on other threads, and is cancelled over some."""
    file = tmp_path / "threads.db"
    async with (
        open_checkpoints(file, patience_seconds=60) as one,
        open_checkpoints(file, patience_seconds=60) as other,
        storm(one),
    ):
        await fill(one)
        for first in range(0, THREADS, 6):
            gone = range(first, first + 6)
            deleting = zip((one, other) * 3, gone, strict=True)
            await asyncio.gather(*(saver.adelete_thread(f"t{thread}") for saver, thread in deleting))
            assert not any(seen(tmp_path)[thread] for thread in gone)


@contextmanager
def foreign_reader(file: Path) -> Iterator[None]:
    """Be a program that reads the file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM checkpoints").fetchone() == (1,)
        yield


async def test_a_deletion_waits_for_who_reads_the_file(tmp_path: Path) -> None:
    """And lets the graph go on meanwhile."""
    async with open_checkpoints(tmp_path / "threads.db", patience_seconds=60) as saver:
        await keep(saver, "t1", canary(1))
        with foreign_reader(tmp_path / "threads.db"):
            deleting = asyncio.create_task(saver.adelete_thread("t1"))
            await asyncio.sleep(0.5)
            await keep(saver, "t2", FILLING)
            assert not deleting.done()
            assert seen(tmp_path)[1]
        await deleting
        assert not seen(tmp_path)[1]


async def test_a_reader_that_never_lets_go_is_told_of(tmp_path: Path) -> None:
    """The next deletion removes what is left."""
    async with open_checkpoints(tmp_path / "threads.db", patience_seconds=0.05) as saver:
        await keep(saver, "t1", canary(1))
        with (
            foreign_reader(tmp_path / "threads.db"),
            pytest.raises(TransientError, match="another program is reading it; end"),
        ):
            await saver.adelete_thread("t1")
        assert seen(tmp_path)[1]
        await keep(saver, "t2", canary(2))
        await saver.adelete_thread("t2")
        assert not any(seen(tmp_path).values())


async def test_a_locked_file_is_a_passing_fault(tmp_path: Path) -> None:
    """Deleting may be tried again, and then leaves nothing."""
    file = tmp_path / "threads.db"
    async with open_checkpoints(file, patience_seconds=0.05) as saver:
        await keep(saver, "t1", canary(1))
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(TransientError, match="locked"):
                await saver.adelete_thread("t1")
        await saver.adelete_thread("t1")
        assert not seen(tmp_path)[1]
