"""Sees to it that what was deleted is in no file any more.

SQLite overwrites deleted rows (`secure_delete`), but not the copies that moving rows between pages left in
the free space of pages: about one deletion in a hundred leaves some of its text there. Only VACUUM, which
writes the file anew, removes them; emptying the write-ahead log removes what is there of older pages.
Whoever still reads those is waited for, in short attempts, because SQLite lets nobody write meanwhile.
PostgreSQL removes deleted rows by itself, when it vacuums.
"""

import asyncio
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.database import Database
from agent.storage.engine import PATIENCE_SECONDS
from tools.errors import TransientError

_REST = 3
"""Times as long as the last rewriting took until the next begins: writing must go on when many delete."""
_ATTEMPT_SECONDS = 0.1
"""How long an attempt to empty the log waits for readers, and how long the others may write after it."""


async def note_deletion(connection: AsyncConnection) -> None:
    """Count a deletion in its own transaction, so that it is scrubbed even if the process dies after it."""
    if connection.dialect.name == "sqlite":
        await _count(connection, await _counted(connection) + 1)


class Scrubber:
    """Rewrites the file after deletions; those who wait at the same time share one pass."""

    def __init__(self, database: Database, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Use `open_storage`."""
        self._database = database
        self._patience = patience_seconds
        self._pass: asyncio.Task[None] | None = None
        self._rested = 0.0

    async def scrub(self) -> None:
        """Remove from the files what was deleted before this call.

        Raises:
            TransientError: Another program still reads what was deleted, or the disk is full; the next
                call, or the next start, makes up for it.
        """
        if self._database.dialect != "sqlite":
            return
        if self._pass is None or self._pass.done():  # done: it failed before it began to rewrite
            self._pass = self._database.spawn(self._in_turn())
        await asyncio.shield(self._pass)

    async def make_up(self) -> None:
        """Remove what a process that died had deleted."""
        if self._database.dialect != "sqlite":
            return
        async with self._database.alone() as connection:
            deletions = await _counted(connection)
        if deletions:
            await self.scrub()

    async def _in_turn(self) -> None:
        clock = asyncio.get_running_loop().time
        with suppress(TimeoutError):
            await asyncio.wait_for(self._database.closing.wait(), max(0.0, self._rested - clock()))
        async with self._database.alone() as connection:
            self._pass, began = None, clock()
            deletions = await _counted(connection)
            try:
                await connection.execute(text("VACUUM"))
            finally:
                self._rested = clock() + _REST * (clock() - began)
        await self._empty_log(deletions)

    async def _empty_log(self, deletions: int) -> None:
        """Empty the write-ahead log, and note that so many deletions are scrubbed."""
        clock = asyncio.get_running_loop().time
        end = clock() + self._patience
        while True:
            async with self._database.alone() as connection:
                if await _emptied(connection):
                    if await _counted(connection) == deletions:  # nobody deleted anything meanwhile
                        await _count(connection, 0)
                    return
            if clock() > end or self._database.closing.is_set():
                raise TransientError(
                    "storage: another program is reading the file, so what was deleted cannot be overwritten "
                    "yet; end that program: the next deletion or start makes up for it"
                )
            await asyncio.sleep(_ATTEMPT_SECONDS)


async def _emptied(connection: AsyncConnection) -> bool:
    """Try to empty the write-ahead log; False when somebody reads from it, or another process empties it."""
    patience = (await connection.execute(text("PRAGMA busy_timeout"))).scalar_one()
    await connection.execute(text(f"PRAGMA busy_timeout = {int(_ATTEMPT_SECONDS * 1000)}"))
    try:
        busy = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).scalar_one()
        return not busy
    finally:
        await connection.execute(text(f"PRAGMA busy_timeout = {patience}"))


async def _counted(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("PRAGMA user_version"))).scalar_one())


async def _count(connection: AsyncConnection, deletions: int) -> None:
    await connection.execute(text(f"PRAGMA user_version = {deletions % 2**31}"))
