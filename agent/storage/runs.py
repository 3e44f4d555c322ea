"""Runs: the work on each message, and the journal of what happened meanwhile."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.answer import Answer
from agent.events import EVENTS
from agent.storage.begun import begin
from agent.storage.database import Database
from agent.storage.ended import Ended, EventRow, as_rows, end, keep_events
from agent.storage.records import Run, RunStatus, Told
from agent.storage.tables import events, runs
from tools.errors import Conflict, NotFound, PlumblineError

_RUNNING = runs.c.status == literal_column("'running'")
"""Said as the index of running runs says it."""
_MOST_EVENTS = 2**31 - 1


class Runs:
    """Keeps runs, each for its owner alone."""

    def __init__(self, database: Database) -> None:
        """Use `open_storage`."""
        self._database = database

    async def begin(self, run: Run) -> None:
        """Keep a run, its user's message and the thread's new date, and its title if it had none.

        Raises:
            NotFound: There is no such thread of this owner's.
            Conflict: Another run of the thread is under way.
        """
        await self._database.write(begin, run)

    async def get(self, run_id: str, *, owner: str) -> Run:
        """Return one run.

        Raises:
            NotFound: There is none of this owner's.
        """
        statement = select(runs).where(runs.c.id == run_id, runs.c.owner == owner)
        found = await self._database.read(statement, _run)
        if not found:
            raise _unknown(run_id)
        return found[0]

    async def unfinished(self, *, stale_seconds: float) -> list[Run]:
        """Return the running runs without a heartbeat for so long, whoever's they are; the oldest first."""
        stale = datetime.now(UTC) - timedelta(seconds=stale_seconds)
        statement = select(runs).where(_RUNNING, runs.c.beat <= stale)
        return await self._database.read(statement.order_by(runs.c.started), _run)

    async def take_up(self, run_id: str, *, attempts: int | None = None) -> Run:
        """Count one more attempt at a running run, and return it.

        Args:
            run_id: One of `unfinished`.
            attempts: How many it had there; of several processes that take it up, one succeeds.

        Raises:
            NotFound: It was deleted meanwhile.
            Conflict: It has ended, or another process has taken it up.
        """
        return await self._database.write(_take_up, (run_id, attempts))

    async def beat(self, run_ids: Sequence[str]) -> None:
        """Tell that runs are being worked on."""
        await self._database.write(_beat, run_ids)

    async def tell(self, told: Sequence[Told]) -> None:
        """Keep events, of any runs; those kept before, or of runs that were deleted, are left out."""
        if told:
            await self._database.write(_tell, as_rows(told))

    async def end(
        self,
        run_id: str,
        *,
        status: RunStatus,
        answer: Answer | None,
        error: str | None,
        events: Sequence[Told],
    ) -> None:
        """Keep the end of a run: its last events, and with an answer the assistant's message.

        Raises:
            NotFound: It was deleted meanwhile.
            Conflict: It has ended before, in another way.
        """
        ended = Ended(
            run_id=run_id,
            status=status,
            content=None if answer is None else answer.answer,
            answer=None if answer is None else answer.model_dump_json(),
            error=error,
            events=as_rows(events),
        )
        await self._database.write(end, ended)

    async def events(self, run_id: str, *, owner: str, after: int) -> list[Told]:
        """Return what was kept of a run's events after the place `after`, in order.

        Raises:
            NotFound: There is no such run of this owner's.
        """
        mine = select(runs.c.id).where(runs.c.id == run_id, runs.c.owner == owner)
        statement = (
            select(events)
            .where(events.c.run_id.in_(mine), events.c.sequence > min(max(after, 0), _MOST_EVENTS))
            .order_by(events.c.sequence)
        )
        told = await self._database.read(statement, _told)
        if not told and not await self._database.read(mine, tuple):
            raise _unknown(run_id)
        return told

    async def request_cancel(self, run_id: str, *, owner: str) -> None:
        """Ask whichever process works on a run to end it.

        Raises:
            NotFound: There is no such run of this owner's.
        """
        await self._database.write(_request_cancel, (run_id, owner))

    async def cancel_requested(self, run_ids: Sequence[str]) -> set[str]:
        """Return which of these runs somebody asked to end."""
        statement = select(runs.c.id).where(runs.c.id.in_(run_ids), runs.c.cancel)
        return {*await self._database.read(statement, lambda row: str(row.id))}


async def _take_up(
    connection: AsyncConnection, changes: Sequence[tuple[str, int | None]]
) -> list[Run | PlumblineError]:
    return [await _take_up_one(connection, run_id, attempts) for run_id, attempts in changes]


async def _take_up_one(
    connection: AsyncConnection, run_id: str, attempts: int | None
) -> Run | PlumblineError:
    statement = update(runs).where(runs.c.id == run_id, runs.c.status == "running")
    if attempts is not None:
        statement = statement.where(runs.c.attempts == attempts)
    changed = statement.values(attempts=runs.c.attempts + 1, beat=datetime.now(UTC)).returning(runs)
    row = (await connection.execute(changed)).first()
    if row is not None:
        return _run(row)
    if (await connection.execute(select(runs.c.id).where(runs.c.id == run_id))).first() is None:
        return _unknown(run_id)
    return Conflict(f"run {run_id!r} has ended, or another process has taken it up")


async def _beat(connection: AsyncConnection, changes: Sequence[Sequence[str]]) -> list[None]:
    ids = {run_id for change in changes for run_id in change}
    await connection.execute(
        update(runs).where(runs.c.id.in_(ids), runs.c.status == "running").values(beat=datetime.now(UTC))
    )
    return [None] * len(changes)


async def _tell(connection: AsyncConnection, changes: Sequence[Sequence[EventRow]]) -> list[None]:
    await keep_events(connection, [row for change in changes for row in change])
    return [None] * len(changes)


async def _request_cancel(
    connection: AsyncConnection, changes: Sequence[tuple[str, str]]
) -> list[PlumblineError | None]:
    outcomes: list[PlumblineError | None] = []
    for run_id, owner in changes:
        mine = update(runs).where(runs.c.id == run_id, runs.c.owner == owner)
        changed = (await connection.execute(mine.values(cancel=True).returning(runs.c.id))).first()
        outcomes.append(_unknown(run_id) if changed is None else None)
    return outcomes


def _unknown(run_id: str) -> NotFound:
    return NotFound(f"there is no run {run_id[:80]!r}")


def _told(row: Row[Any]) -> Told:  # Any: a row of several columns
    return Told(run_id=row.run_id, sequence=row.sequence, event=EVENTS.validate_json(row.event))


def _run(row: Row[Any]) -> Run:  # Any: a row of several columns
    return Run(
        id=row.id,
        thread_id=row.thread_id,
        owner=row.owner,
        question=row.question,
        status=row.status,
        attempts=row.attempts,
        started=row.started,
        ended=row.ended,
        answer=None if row.answer is None else Answer.model_validate_json(row.answer),
        error=row.error,
        site=row.site,
        groups=row.groups,
        attributes=row.attributes,
    )
