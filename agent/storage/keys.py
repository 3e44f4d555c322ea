"""API keys, without their secrets."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.database import Database
from agent.storage.inserting import insert_new
from agent.storage.records import Key
from agent.storage.tables import keys
from tools.errors import Conflict, NotFound, PlumblineError


class Keys:
    """Keeps who may call."""

    def __init__(self, database: Database) -> None:
        """Use `open_storage`."""
        self._database = database

    async def add(self, key: Key) -> None:
        """Keep a key.

        Raises:
            Conflict: There is one with this id.
        """
        await self._database.write(_add, key)

    async def get(self, key_id: str) -> Key | None:
        """Return a key, also one that is revoked; None when there is none."""
        found = await self._database.read(select(keys).where(keys.c.id == key_id), _key)
        return found[0] if found else None

    async def all(self) -> list[Key]:
        """Return every key, the oldest first."""
        return await self._database.read(select(keys).order_by(keys.c.created, keys.c.id), _key)

    async def revoke(self, key_id: str) -> None:
        """End what a key allows; one that was revoked before keeps the time.

        Raises:
            NotFound: There is no such key.
        """
        await self._database.write(_revoke, key_id)


async def _add(connection: AsyncConnection, changes: Sequence[Key]) -> list[PlumblineError | None]:
    added = await insert_new(connection, keys, [asdict(key) for key in changes])
    return [None if key.id in added else Conflict(f"key {key.id!r} exists already") for key in changes]


async def _revoke(connection: AsyncConnection, changes: Sequence[str]) -> list[PlumblineError | None]:
    revoked = func.coalesce(keys.c.revoked, datetime.now(UTC), type_=keys.c.revoked.type)
    statement = update(keys).where(keys.c.id.in_(changes)).values(revoked=revoked)
    found = {*(await connection.execute(statement.returning(keys.c.id))).scalars()}
    return [None if key_id in found else NotFound(f"there is no key {key_id[:80]!r}") for key_id in changes]


def _key(row: Row[Any]) -> Key:  # Any: a row of several columns
    return Key(**row._mapping)  # noqa: SLF001  # public, whatever its name
