"""The file of threads: what is deleted is in no byte of it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from agent.checkpoints import Checkpoints, open_checkpoints

THREADS, STATES = 60, 6
FILLING = "words of the conversation "


def canary(thread: int) -> str:
    return f"canary{thread:04d}"


async def fill(saver: Checkpoints) -> None:
    """Keep several growing states of many threads, so that pages are split and rows are moved."""
    for state in range(STATES):
        for thread in range(THREADS):
            config: RunnableConfig = {"configurable": {"thread_id": f"t{thread}", "checkpoint_ns": ""}}
            checkpoint = empty_checkpoint()
            checkpoint["channel_values"] = {"question": f"{canary(thread)} {FILLING * (state * thread % 23)}"}
            await saver.aput(config, checkpoint, {}, {})


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
