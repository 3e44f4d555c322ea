"""Secrets of this installation that no operator has to make."""

from collections.abc import Sequence
from secrets import token_bytes

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.database import Database
from agent.storage.inserting import inserting
from agent.storage.tables import secrets

_BYTES = 32


class Secrets:
    """Keeps random bytes by name."""

    def __init__(self, database: Database) -> None:
        """Use `open_storage`."""
        self._database = database

    async def get_or_make(self, name: str) -> bytes:
        """Return 32 random bytes, the same for a name for ever and in every process."""
        return await self._database.write(_get_or_make, name)


async def _get_or_make(connection: AsyncConnection, changes: Sequence[str]) -> list[bytes]:
    return [await _one(connection, name) for name in changes]


async def _one(connection: AsyncConnection, name: str) -> bytes:
    statement = inserting(connection, secrets).values(name=name, value=token_bytes(_BYTES))
    await connection.execute(statement.on_conflict_do_nothing())
    kept: bytes = (
        await connection.execute(select(secrets.c.value).where(secrets.c.name == name))
    ).scalar_one()
    return kept
