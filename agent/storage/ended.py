"""Ends runs and keeps their events, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict
from uuid import uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.inserting import inserting
from agent.storage.records import RunStatus, Told
from agent.storage.tables import events, messages, runs
from tools.errors import Conflict, NotFound, PlumblineError


class EventRow(TypedDict):
    """A row of the journal."""

    run_id: str
    sequence: int
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    run_id: str
    status: RunStatus
    content: str | None
    """What the assistant said, if anything."""
    answer: str | None
    """The same with all that belongs to it, as JSON."""
    error: str | None
    events: Sequence[EventRow]


def as_rows(told: Sequence[Told]) -> list[EventRow]:
    """Return events as rows; whoever tells one that cannot be written is at fault alone."""
    return [
        {"run_id": one.run_id, "sequence": one.sequence, "event": one.event.model_dump_json()} for one in told
    ]


async def end(connection: AsyncConnection, batch: Sequence[Ended]) -> list[PlumblineError | None]:
    """Keep the ends of runs that are under way, with their last events and assistants' messages."""
    found = await _locked(connection, {ended.run_id for ended in batch})
    now = datetime.now(UTC)
    first = {ended.run_id: ended for ended in reversed(batch)}
    if ending := [ended for ended in first.values() if _is_running(found.get(ended.run_id))]:
        await connection.execute(_END, [_row(ended, now) for ended in ending])
        await keep_events(connection, [row for ended in ending for row in ended.events])
    if said := [_message(ended, found, now) for ended in ending if ended.content is not None]:
        await connection.execute(insert(messages), said)
    return [_outcome(ended, first[ended.run_id], found.get(ended.run_id)) for ended in batch]


async def keep_events(connection: AsyncConnection, rows: Sequence[EventRow]) -> None:
    """Keep events that are not kept yet, of runs that are still there."""
    there = await _locked(connection, {row["run_id"] for row in rows})
    if kept := [row for row in rows if row["run_id"] in there]:
        await connection.execute(inserting(connection, events).on_conflict_do_nothing(), kept)


_Found = Mapping[str, Any]  # Any: rows of several columns


async def _locked(connection: AsyncConnection, run_ids: set[str]) -> _Found:
    """Return the runs that are there, and see that they stay as they are until the end."""
    # In one order, so that two processes never wait for each other.
    statement = select(runs.c.id, runs.c.thread_id, runs.c.status, runs.c.answer, runs.c.error)
    chosen = statement.where(runs.c.id.in_(run_ids)).order_by(runs.c.id).with_for_update(key_share=True)
    return {row.id: row for row in await connection.execute(chosen)}


def _is_running(row: Any) -> bool:  # noqa: ANN401  # a row of several columns
    return row is not None and row.status == "running"


def _outcome(ended: Ended, first: Ended, row: Any) -> PlumblineError | None:  # noqa: ANN401  # as above
    if row is None:
        return NotFound(f"there is no run {ended.run_id[:80]!r}; its thread was deleted")
    kept = first if _is_running(row) else row
    if (kept.status, kept.answer, kept.error) == (ended.status, ended.answer, ended.error):
        return None  # also the same once more: it was not known whether it was kept
    return Conflict(f"run {ended.run_id!r} has ended before: {kept.status}")


_END = (
    update(runs)
    .where(runs.c.id == bindparam("of_run"))
    .values(
        status=bindparam("how"), ended=bindparam("when"), answer=bindparam("said"), error=bindparam("why")
    )
)


def _row(ended: Ended, now: datetime) -> dict[str, object]:
    return {
        "of_run": ended.run_id,
        "how": ended.status,
        "when": now,
        "said": ended.answer,
        "why": ended.error,
    }


def _message(ended: Ended, found: _Found, now: datetime) -> dict[str, object]:
    return {
        "id": uuid4().hex,
        "thread_id": found[ended.run_id].thread_id,
        "run_id": ended.run_id,
        "role": "assistant",
        "content": ended.content,
        "created": now,
    }
