"""What is told of runs, written down in batches."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.conversations.journal import open_journal
from agent.events import Event, NodeStarted, Token
from agent.storage.opening import Storage, open_storage
from agent.storage.records import Run, Thread, Told

NODE = NodeStarted(node="classify")


@asynccontextmanager
async def storage_with(folder: Path, *runs: str) -> AsyncIterator[Storage]:
    """Open a storage with runs under way, each in a thread of its own."""
    now = datetime.now(UTC)
    async with open_storage(f"sqlite:///{folder / 'conversations.db'}") as storage:
        for name in runs:
            await storage.threads.create(Thread(id=name, owner="a", title="", created=now, updated=now))
            run = Run(
                id=name, thread_id=name, owner="a", question="?", status="running", attempts=1, started=now
            )
            await storage.runs.begin(run)
        yield storage


def told_of(run_id: str, *events: Event) -> list[Told]:
    """Number events."""
    return [Told(run_id=run_id, sequence=n, event=event) for n, event in enumerate(events, 1)]


async def test_what_was_told_is_written_when_the_journal_closes(tmp_path: Path) -> None:
    """Nothing is left behind, whatever it was doing."""
    async with storage_with(tmp_path, "one", "two") as storage:
        told = told_of("one", NODE, NODE) + told_of("two", NODE)
        async with open_journal(storage) as journal:
            for one in told:
                journal.add(one)
        kept = [await storage.runs.events(run, owner="a", after=0) for run in ("one", "two")]
    assert [*kept[0], *kept[1]] == told


async def test_the_rest_of_a_run_is_exactly_what_is_not_written(tmp_path: Path) -> None:
    """However much was written when it is asked for, nothing is missing and nothing is there twice."""
    async with storage_with(tmp_path, "one") as storage, open_journal(storage) as journal:
        told = told_of("one", *[NODE] * 9)
        for one in told[:4]:
            journal.add(one)
        while not (written := await storage.runs.events("one", owner="a", after=0)):
            pass
        for one in told[4:]:
            journal.add(one)
        assert [*written, *await journal.rest("one")] == told
        assert await journal.rest("one") == []


async def test_what_cannot_be_written_of_one_run_silences_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator reads which run it was."""
    async with storage_with(tmp_path, "sound", "broken") as storage:
        async with open_journal(storage) as journal:
            for one in told_of("broken", Token.model_construct(text="\ud800")) + told_of("sound", NODE):
                journal.add(one)
        kept = [await storage.runs.events(run, owner="a", after=0) for run in ("sound", "broken")]
    assert kept == [told_of("sound", NODE), []]
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "run broken: 1 events cannot be written" in record.getMessage()


async def test_events_of_a_run_that_is_gone_are_left_out(tmp_path: Path) -> None:
    """As when its thread is deleted meanwhile."""
    async with storage_with(tmp_path, "stays") as storage:
        async with open_journal(storage) as journal:
            for one in told_of("gone", NODE) + told_of("stays", NODE):
                journal.add(one)
        assert await storage.runs.events("stays", owner="a", after=0) == told_of("stays", NODE)
