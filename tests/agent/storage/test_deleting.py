"""Deleting: nothing of a deleted thread is left in any file of the folder."""

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from agent.storage.opening import Storage, open_storage
from tests.agent.storage.kept import OWNER, begun, new_thread, recorded, whole_thread
from tools.errors import TransientError

REPOSITORY = Path(__file__).parents[3]


def address(folder: Path) -> str:
    """Return a database in a folder."""
    return f"sqlite:///{folder / 'conversations.db'}"


def left(folder: Path, canaries: Sequence[str]) -> list[str]:
    """Return the canaries that are in a file of the folder."""
    contents = [file.read_bytes() for file in folder.iterdir()]
    return [canary for canary in canaries if any(canary.encode() in content for content in contents)]


async def kept(storage: Storage, number: int, chance: random.Random) -> tuple[str, str]:
    """Keep a thread of some length and return its canary and id."""
    canary = f"canary-{number:04}-"
    turns, words = chance.choice((1, 1, 2)), chance.choice((0, 1, 5, 30))
    return canary, await whole_thread(storage, canary * chance.choice((1, 2, 40)), turns=turns, words=words)


async def test_nothing_of_a_deleted_thread_is_in_any_file(tmp_path: Path) -> None:
    """Neither in free space, nor where rows were before they moved, nor in the log; the others stay."""
    chance = random.Random(7)  # noqa: S311  # a mixture of sizes
    async with open_storage(address(tmp_path)) as storage:
        threads: dict[str, str] = {}
        for round_ in range(4):
            numbers = range(100 * round_, 100 * round_ + 40)
            threads |= dict(await asyncio.gather(*(kept(storage, number, chance) for number in numbers)))
            gone = chance.sample(sorted(threads), 20)
            assert left(tmp_path, gone) == gone
            await asyncio.gather(*(storage.threads.delete(threads.pop(name), owner=OWNER) for name in gone))
            assert left(tmp_path, gone) == []
            assert left(tmp_path, [*threads]) == [*threads]


async def test_nothing_of_a_deleted_recording_is_in_any_file(tmp_path: Path) -> None:
    """Nor of one that was replaced, or of a thread that only recordings know."""
    async with open_storage(address(tmp_path)) as storage:
        packed = {
            name: recorded(question=name, document=name.encode() * 999, attachments=(name,))
            for name in ("canary-one", "canary-old", "canary-thread")
        }
        for name, one in packed.items():
            await storage.traces.add(one, {name: name.encode() * 3})
        one, old, thread = packed.values()
        assert left(tmp_path, [*packed]) == [*packed]
        await storage.traces.delete(one.summary.run_id, owner=OWNER)
        assert left(tmp_path, [*packed]) == ["canary-old", "canary-thread"]
        await storage.traces.add(recorded(run_id=old.summary.run_id), {}, replace=True)
        assert left(tmp_path, [*packed]) == ["canary-thread"]
        await storage.traces.delete_thread(thread.summary.thread_id, owner=OWNER)
        assert left(tmp_path, [*packed]) == []


async def read_much(storage: Storage, run_id: str) -> None:
    """Read what a page of the console shows."""
    await storage.threads.page(OWNER, cursor=None, limit=50)
    await storage.runs.events(run_id, owner=OWNER, after=0)
    await storage.runs.cancel_requested([run_id])


async def given_up(work: Coroutine[None, None, None], seconds: float) -> None:
    """Let somebody wait only so long."""
    task = asyncio.create_task(work)
    await asyncio.wait([task], timeout=seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def storm(storages: Sequence[Storage]) -> AsyncIterator[None]:
    """Read and begin without a pause; of the readers some go away in the middle."""
    run, calm, chance = await begun(storages[0]), asyncio.Event(), random.Random()  # noqa: S311  # when they go

    async def reading(storage: Storage, *, patient: bool) -> None:
        while not calm.is_set():
            await given_up(read_much(storage, run.id), 60.0 if patient else chance.random() * 0.006)

    async def beginning(storage: Storage) -> None:
        while not calm.is_set():
            await begun(storage)

    async with asyncio.TaskGroup() as tasks:
        for storage in storages:
            for patient in (True, True, False, False):
                tasks.create_task(reading(storage, patient=patient))
        tasks.create_task(beginning(storages[0]))
        try:
            yield
        finally:
            calm.set()


async def test_deletions_in_a_storm_never_fail(tmp_path: Path) -> None:
    """Two processes delete what others read, begin and give up meanwhile; nothing is left in any file."""
    async with (
        open_storage(address(tmp_path), patience_seconds=60) as one,
        open_storage(address(tmp_path), patience_seconds=60) as other,
        storm((one, other)),
    ):
        for round_ in range(4):
            canaries = [f"canary-{round_}-{number}-" for number in range(4)]
            made = await asyncio.gather(*(whole_thread(one, canary) for canary in canaries))
            deleting = zip((one, other) * 2, made, strict=True)
            await asyncio.gather(*(storage.threads.delete(name, owner=OWNER) for storage, name in deleting))
            assert left(tmp_path, canaries) == []


@contextmanager
def foreign_reader(folder: Path) -> Iterator[None]:
    """Be a program that reads the file."""
    with closing(sqlite3.connect(folder / "conversations.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM plumbline_threads").fetchone() == (1,)
        yield


async def test_a_deletion_waits_for_who_still_reads_what_it_deletes(tmp_path: Path) -> None:
    """And hinders nobody else from writing meanwhile."""
    async with open_storage(address(tmp_path), patience_seconds=60) as storage:
        thread_id = await whole_thread(storage, "canary")
        with foreign_reader(tmp_path):
            deleting = asyncio.create_task(storage.threads.delete(thread_id, owner=OWNER))
            await asyncio.sleep(0.5)
            await storage.threads.create(new_thread())
            assert not deleting.done()
            assert left(tmp_path, ["canary"]) == ["canary"]
        await deleting
        assert left(tmp_path, ["canary"]) == []


async def test_a_reader_that_never_lets_go_is_told_of(tmp_path: Path) -> None:
    """The thread is deleted nevertheless, and the next deletion removes what is left of it."""
    async with open_storage(address(tmp_path), patience_seconds=0.05) as storage:
        thread_id = await whole_thread(storage, "canary")
        with foreign_reader(tmp_path):
            with pytest.raises(TransientError, match="end that program: the next deletion"):
                await storage.threads.delete(thread_id, owner=OWNER)
            assert (await storage.threads.page(OWNER, cursor=None, limit=5)).items == []
        assert left(tmp_path, ["canary"]) == ["canary"]
        await storage.threads.delete(await whole_thread(storage, "another"), owner=OWNER)
        assert left(tmp_path, ["canary", "another"]) == []


async def test_what_a_reader_kept_from_being_removed_is_removed_at_the_next_start(tmp_path: Path) -> None:
    """Even if nothing else is deleted."""
    async with open_storage(address(tmp_path), patience_seconds=0.05) as storage:
        thread_id = await whole_thread(storage, "canary")
        with foreign_reader(tmp_path), pytest.raises(TransientError):
            await storage.threads.delete(thread_id, owner=OWNER)
    async with open_storage(address(tmp_path)):
        assert left(tmp_path, ["canary"]) == []


DELETING = """
import asyncio, sys
from agent.storage.opening import open_storage

async def main():
    async with open_storage(sys.argv[1]) as storage:
        for thread_id in sys.argv[2:]:
            print(thread_id, flush=True)
            await storage.threads.delete(thread_id, owner="local")

asyncio.run(main())
"""


def killed_over_deletions(url: str, thread_ids: Sequence[str], chance: random.Random) -> None:
    """Let a process delete threads, and kill it over one of them."""
    command = [sys.executable, "-c", DELETING, url, *thread_ids]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(chance.randint(1, 4)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.02)
        process.send_signal(signal.SIGKILL)


async def test_a_process_killed_over_a_deletion_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    """What it had deleted is in no file once storage is open again."""
    url, chance = address(tmp_path), random.Random()  # noqa: S311  # when it is killed
    async with open_storage(url) as storage:
        threads = dict(await asyncio.gather(*(kept(storage, number, chance) for number in range(16))))
    for _ in range(3):
        await asyncio.to_thread(killed_over_deletions, url, [*threads.values()], chance)
        async with open_storage(url) as storage:
            page = await storage.threads.page(OWNER, cursor=None, limit=100)
            there = {thread.id for thread in page.items}
            gone = [canary for canary, thread_id in threads.items() if thread_id not in there]
            assert left(tmp_path, gone) == []
            threads = {canary: name for canary, name in threads.items() if name in there}
