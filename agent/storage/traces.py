"""Recordings of runs, each with what it shares with others."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Row, Select, and_, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.recording.summary import Packed, Retention, Summary, Wanted
from agent.storage.cursors import check_limit, moment_cursor, read_moment
from agent.storage.database import Database
from agent.storage.forgetting import forget, forget_threads
from agent.storage.matching import matching
from agent.storage.recorded import FIELDS, Recorded, check, keep
from agent.storage.records import Page
from agent.storage.retaining import beyond
from agent.storage.scrubbing import Scrubber, note_deletion
from agent.storage.tables import feedback, trace_attachments, trace_documents, trace_links, traces
from tools.errors import NotFound, PlumblineError

_AT_ONCE = 200
"""Recordings deleted in one transaction, and digests asked for in one statement."""
_Row = Row[Any]  # Any: a row of several columns
Found = TypeVar("Found")


class Traces:
    """Keeps recordings, each for its owner; an owner that is None may see everybody's."""

    def __init__(self, database: Database, scrubber: Scrubber) -> None:
        """Use `open_storage`."""
        self._database = database
        self._scrubber = scrubber

    async def add(self, packed: Packed, attachments: Mapping[str, bytes], *, replace: bool = False) -> None:
        """Keep a recording.

        Args:
            packed: The recording; the size of its document is noted as its `bytes`.
            attachments: Values by digest of what it refers to; those that are `known` may be left out.
            replace: Whether it takes the place of its owner's recording of the same run. What is replaced is
                removed from SQLite's files as by `delete`.

        Raises:
            Conflict: There is a recording of this run.
            NotFound: Its thread was deleted after it began.
            TransientError: An attachment that was left out has been deleted; hand all of them over.
            InvalidInput: Its ids or figures cannot be kept.
        """
        check(packed)
        change = Recorded(packed=packed, attachments=attachments, replace=replace)
        await self._database.write(keep, change)
        if replace:
            await self._scrubber.scrub()

    async def known(self, digests: Collection[str]) -> set[str]:
        """Return which attachments are there."""
        return {*await self._of_attachments([trace_attachments.c.digest], digests, lambda row: str(row[0]))}

    async def attachments(self, digests: Collection[str]) -> dict[str, bytes]:
        """Return the values of attachments by digest; those that are not there are left out."""
        columns = [trace_attachments.c.digest, trace_attachments.c.value]
        return dict(await self._of_attachments(columns, digests, lambda row: (row.digest, row.value)))

    async def get(self, run_id: str, *, owner: str | None) -> Packed:
        """Return one recording; its attachments are named in alphabetical order.

        Raises:
            NotFound: There is none of this owner's.
        """
        digests = func.aggregate_strings(trace_links.c.digest, " ")
        linked = select(digests).where(trace_links.c.trace_id == traces.c.id).scalar_subquery()
        statement = _summaries().add_columns(trace_documents.c.document, linked.label("digests"))
        whole = statement.join(trace_documents, trace_documents.c.trace_id == traces.c.id)
        return await self._one(whole, _packed, run_id, owner)

    async def summary(self, run_id: str, *, owner: str | None) -> Summary:
        """Return what lists show of one recording.

        Raises:
            NotFound: There is none of this owner's.
        """
        return await self._one(_summaries(), _summary, run_id, owner)

    async def page(
        self, wanted: Wanted, *, owner: str | None, cursor: str | None, limit: int
    ) -> Page[Summary]:
        """Return what is wanted of an owner's recordings, the latest begun first.

        Raises:
            InvalidInput: The cursor is none, the limit is out of range, or the text is too long.
        """
        check_limit(limit)
        statement = (
            _summaries()
            .where(_of(owner), *matching(wanted))
            .order_by(traces.c.started.desc(), traces.c.id.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            statement = statement.where(tuple_(traces.c.started, traces.c.id) < read_moment(cursor))
        found = await self._database.read(statement, _summary)
        items, more = found[:limit], len(found) > limit
        return Page(items=items, next=moment_cursor(items[-1].started, items[-1].run_id) if more else None)

    async def delete(self, run_id: str, *, owner: str | None) -> None:
        """Delete a recording; in SQLite's files nothing of it is left.

        Raises:
            NotFound: There is none of this owner's.
        """
        await self._database.write(_delete, (run_id, owner))
        await self._scrubber.scrub()

    async def delete_thread(self, thread_id: str, *, owner: str) -> None:
        """Delete the recordings of a thread that was held without being kept, as `Threads.delete` does.

        Raises:
            NotFound: There are none of this owner's.
        """
        await self._database.write(_delete_thread, (thread_id, owner))
        await self._scrubber.scrub()

    async def retain(self, retention: Retention, *, now: datetime) -> int:
        """Delete what is beyond age, number or room, the latest kept, and return how many these were.

        One that was imported ages from then on. Attachments that nothing refers to go as well. Room counts
        the values as they are kept, without what the database needs around them.

        What is deleted is overwritten, and its place is used again; but SQLite's file is not written anew, as
        when a person deletes something: at the size that recordings come to, every sweep would keep writers
        waiting for seconds. Of some recordings a piece may so be left in free space until then.
        """
        beyond_it = await self._database.read(beyond(retention, now), lambda row: str(row.id))
        deleted = 0
        for some in _parts(beyond_it) if beyond_it else [[]]:  # attachments may be unused nevertheless
            deleted += await self._database.write(_retire, some)
        return deleted

    async def _one(
        self, statement: Select[Any], make: Callable[[_Row], Found], run_id: str, owner: str | None
    ) -> Found:
        found = await self._database.read(statement.where(traces.c.id == run_id, _of(owner)), make)
        if not found:
            raise _unknown(run_id)
        return found[0]

    async def _of_attachments(
        self, columns: Sequence[Column[Any]], digests: Collection[str], make: Callable[[_Row], Found]
    ) -> list[Found]:
        found: list[Found] = []
        for some in _parts(sorted(digests)):
            statement = select(*columns).where(trace_attachments.c.digest.in_(some))
            found += await self._database.read(statement, make)
        return found


def _parts(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield items as many at a time as one statement takes."""
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


async def _delete(
    connection: AsyncConnection, changes: Sequence[tuple[str, str | None]]
) -> list[PlumblineError | None]:
    outcomes: list[PlumblineError | None] = []
    for run_id, owner in changes:
        deleted = await forget(connection, and_(traces.c.id == run_id, _of(owner)))
        outcomes.append(None if deleted else _unknown(run_id))
    return await _noted(connection, outcomes)


async def _delete_thread(
    connection: AsyncConnection, changes: Sequence[tuple[str, str]]
) -> list[PlumblineError | None]:
    outcomes: list[PlumblineError | None] = []
    for pair in changes:
        deleted = await forget_threads(connection, [pair])
        outcomes.append(
            None if deleted else NotFound(f"there are no recordings of a thread {pair[0][:80]!r}")
        )
    return await _noted(connection, outcomes)


async def _noted(
    connection: AsyncConnection, outcomes: list[PlumblineError | None]
) -> list[PlumblineError | None]:
    if None in outcomes:
        await note_deletion(connection)
    return outcomes


async def _retire(connection: AsyncConnection, changes: Sequence[Sequence[str]]) -> list[int]:
    return [await forget(connection, traces.c.id.in_(run_ids)) for run_ids in changes]


def _of(owner: str | None) -> ColumnElement[bool]:
    return true() if owner is None else traces.c.owner == owner


def _unknown(run_id: str) -> NotFound:
    return NotFound(f"there is no recording of a run {run_id[:80]!r}")


def _summaries() -> Select[Any]:
    columns = (traces.c[name] for name in FIELDS)
    rated = feedback.c.run_id == traces.c.id
    return select(traces.c.id, *columns, feedback.c.thumb).outerjoin_from(traces, feedback, rated)


def _summary(row: _Row) -> Summary:
    kept = row._mapping  # noqa: SLF001  # public, whatever its name
    return Summary(run_id=row.id, thumb=row.thumb, **{name: kept[name] for name in FIELDS})


def _packed(row: _Row) -> Packed:
    digests = sorted((row.digests or "").split())
    return Packed(summary=_summary(row), document=row.document, attachments=tuple(digests))
