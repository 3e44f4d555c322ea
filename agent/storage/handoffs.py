"""Conversations that a person is to take over."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.cursors import check_limit, place_cursor, read_place
from agent.storage.database import Database
from agent.storage.inserting import insert_new
from agent.storage.records import HandOff, Page
from agent.storage.tables import handoffs, threads
from tools.errors import Conflict, NotFound, PlumblineError


class HandOffs:
    """Keeps what visitors asked persons for."""

    def __init__(self, database: Database) -> None:
        """Use `open_storage`."""
        self._database = database

    async def add(self, handoff: HandOff) -> None:
        """Keep one.

        Raises:
            NotFound: There is no such thread of this owner's.
            Conflict: There is one with this id.
        """
        await self._database.write(_add, handoff)

    async def page(self, *, cursor: str | None, limit: int) -> Page[HandOff]:
        """Return everybody's, the latest first.

        Raises:
            InvalidInput: The cursor is none, or the limit is out of range.
        """
        check_limit(limit)
        statement = select(handoffs).order_by(handoffs.c.place.desc()).limit(limit + 1)
        if cursor is not None:
            statement = statement.where(handoffs.c.place < read_place(cursor))
        found = await self._database.read(statement, lambda row: (row.place, _handoff(row)))
        items = [handoff for _, handoff in found[:limit]]
        return Page(items=items, next=place_cursor(found[limit - 1][0]) if len(found) > limit else None)


async def _add(connection: AsyncConnection, changes: Sequence[HandOff]) -> list[PlumblineError | None]:
    return [await _add_one(connection, handoff) for handoff in changes]


async def _add_one(connection: AsyncConnection, handoff: HandOff) -> PlumblineError | None:
    mine = select(threads.c.id).where(threads.c.id == handoff.thread_id, threads.c.owner == handoff.owner)
    if (await connection.execute(mine.with_for_update(key_share=True))).first() is None:
        return NotFound(f"there is no thread {handoff.thread_id[:80]!r}")
    if not await insert_new(connection, handoffs, [asdict(handoff)]):
        return Conflict(f"hand-off {handoff.id!r} exists already")
    return None


def _handoff(row: Row[Any]) -> HandOff:  # Any: a row of several columns
    return HandOff(
        id=row.id,
        thread_id=row.thread_id,
        owner=row.owner,
        site=row.site,
        contact=row.contact,
        note=row.note,
        created=row.created,
    )
