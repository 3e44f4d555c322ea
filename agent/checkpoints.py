"""The graph's memory of threads, in a file from which a thread can be deleted for good."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from graph.state import CHECKPOINTED

UNSCRUBBED, SCRUBBED = 1, 0


class Checkpoints(AsyncSqliteSaver):
    """Keeps the last states of threads; of a thread that is deleted no copy is left in the file.

    SQLite leaves copies of deleted rows where it once moved them between pages; only VACUUM removes those.
    """

    _waiting: asyncio.Task[None] | None = None

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread and everything SQLite would leave of it; who deletes meanwhile shares the pass."""
        async with self.lock:
            await self._mark(UNSCRUBBED)
        await super().adelete_thread(thread_id)
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._scrub())
        await asyncio.shield(self._waiting)

    async def make_up(self) -> None:
        """Remove what a process that died over it had deleted."""
        async with self.lock:
            (marked,) = await self._one("PRAGMA user_version")
        if marked != SCRUBBED:
            await self._scrub()

    async def _scrub(self) -> None:
        """Write the file anew and empty the write-ahead log, which has the older pages."""
        async with self.lock:
            self._waiting = None
            await (await self.conn.execute("VACUUM")).close()
            (busy, *_) = await self._one("PRAGMA wal_checkpoint(TRUNCATE)")
            if busy:
                raise sqlite3.OperationalError("another program reads what is to be deleted")
            await self._mark(SCRUBBED)

    async def _mark(self, state: int) -> None:
        await (await self.conn.execute(f"PRAGMA user_version = {state}")).close()

    async def _one(self, statement: str) -> sqlite3.Row:
        async with self.conn.execute(statement) as cursor:
            (row,) = await cursor.fetchall()
            return row


@asynccontextmanager
async def open_checkpoints(file: Path) -> AsyncIterator[Checkpoints]:
    """Open a file, which is made if it is not there; nothing but the graph's own types is read from it."""
    serializer = JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)
    async with aiosqlite.connect(file) as connection:
        saver = Checkpoints(connection, serde=serializer)
        await saver.setup()
        await saver.make_up()
        yield saver
