"""What waits at the same moment shares one transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.database import Database
from agent.storage.engine import make_engine
from agent.storage.migrating import migrate
from agent.storage.opening import Storage
from agent.storage.scrubbing import Scrubber
from agent.storage.tables import events
from tests.agent.storage.kept import OWNER, completed, new_run, new_thread, words_of
from tools.errors import NotFound


async def test_many_at_once_cost_few_transactions(tmp_path: Path) -> None:
    """Two hundred threads, questions, journals and answers: a commit or two each."""
    engine, place = make_engine(f"sqlite:///{tmp_path / 'conversations.db'}")
    commits: list[Connection] = []
    database = Database(engine, place)
    await migrate(database)
    event.listen(engine.sync_engine, "commit", commits.append)
    storage = Storage(database, Scrubber(database))
    threads = [new_thread() for _ in range(200)]
    runs = [new_run(thread) for thread in threads]
    costs = []
    for work in (
        [storage.threads.create(thread) for thread in threads],
        [storage.runs.begin(run) for run in runs],
        [storage.runs.tell(words_of(run, 2)) for run in runs],
        [completed(storage, run, after=2) for run in runs],
    ):
        commits.clear()
        await asyncio.gather(*work)
        costs.append(len(commits))
    assert max(costs) <= 2
    ended = await asyncio.gather(*(storage.runs.get(run.id, owner=OWNER) for run in runs))
    assert {run.status for run in ended} == {"completed"}
    await database.close()


async def _orphan(connection: AsyncConnection, changes: Sequence[str]) -> list[None]:
    """Keep events of runs that are not there."""
    await connection.execute(insert(events), [{"run_id": run, "sequence": 1, "event": ""} for run in changes])
    return [None] * len(changes)


async def test_one_that_cannot_be_kept_hinders_none_of_its_company(tmp_path: Path) -> None:
    """What the database refuses fails alone; the others are kept."""
    database = Database(*make_engine(f"sqlite:///{tmp_path / 'conversations.db'}"))
    await migrate(database)
    storage = Storage(database, Scrubber(database))
    threads = [new_thread() for _ in range(5)]
    *created, orphaned = await asyncio.gather(
        *map(storage.threads.create, threads), database.write(_orphan, "gone"), return_exceptions=True
    )
    assert created == [None] * 5
    assert isinstance(orphaned, NotFound)
    assert [await storage.threads.get(thread.id, owner=OWNER) for thread in threads] == threads
    await database.close()


@pytest.mark.parametrize(
    ("defect", "raised"),
    [
        pytest.param({"attempts": 2**70}, OverflowError, id="a number that SQLite cannot hold"),
        pytest.param({"thread_id": None}, TypeError, id="a question in no thread"),
    ],
)
async def test_a_defect_fails_alone(tmp_path: Path, defect: dict[str, Any], raised: type[Exception]) -> None:
    """Who hands over what no database can take hears of it; others' questions are kept."""
    database = Database(*make_engine(f"sqlite:///{tmp_path / 'conversations.db'}"))
    await migrate(database)
    storage = Storage(database, Scrubber(database))
    threads = [new_thread(f"owner {number}") for number in range(4)]
    await asyncio.gather(*map(storage.threads.create, threads))
    *good, last = map(new_run, threads)
    runs = [good[0], replace(last, **defect), *good[1:]]
    results = await asyncio.gather(*map(storage.runs.begin, runs), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), raised, type(None), type(None)]
    kept = await asyncio.gather(*(storage.runs.get(run.id, owner=run.owner) for run in good))
    assert kept == good
    await database.close()
