"""The graph's memory of threads, in a file from which a thread can be deleted for good."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from graph.state import CHECKPOINTED
from tools.errors import TransientError

PATIENCE_SECONDS = 10.0
"""How long to wait for what another program reads or has locked."""
_ATTEMPT_SECONDS = 0.1
"""How long an attempt to empty the log waits for readers, and how long the graph may go on after it."""


def in_memory() -> InMemorySaver:
    """Return a memory of threads that ends with the process."""
    return InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED))


class Checkpoints(AsyncSqliteSaver):
    """Keeps the last states of threads; of a thread that is deleted no copy is left in the file.

    SQLite leaves copies of deleted rows where it once moved them between pages; only VACUUM removes those.
    The file counts the deletions since the last one, so that a process that died leaves them to the next.
    """

    patience_seconds = PATIENCE_SECONDS
    _waiting: asyncio.Task[None] | None = None
    _deleting = 0

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete a thread and everything SQLite would leave of it; who deletes meanwhile shares the pass.

        Raises:
            TransientError: Another program still reads what was deleted, or has the file locked; the next
                deletion, or the next start, makes up for it.
        """
        self._deleting += 1
        try:
            async with self.lock:
                await self._count(await self._counted() + 1)
            await super().adelete_thread(thread_id)
        except sqlite3.OperationalError as error:
            raise _late(error) from error
        finally:
            self._deleting -= 1
        await self._scrub()

    async def make_up(self) -> None:
        """Remove what a process that died over it had deleted.

        Raises:
            TransientError: Another program still reads it, or has the file locked.
        """
        async with self.lock:
            deletions = await self._counted()
        if deletions:
            await self._scrub()

    async def _scrub(self) -> None:
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._rewrite())
        try:
            await asyncio.shield(self._waiting)
        except sqlite3.OperationalError as error:
            raise _late(error) from error

    async def _rewrite(self) -> None:
        """Write the file anew and empty the write-ahead log, which has the older pages."""
        async with self.lock:
            self._waiting = None
            # One that has counted itself and not deleted yet is left to the next pass.
            deletions = None if self._deleting else await self._counted()
            await self.conn.commit()  # what a caller that was cancelled may have left open
            await (await self.conn.execute("VACUUM")).close()
        clock = asyncio.get_running_loop().time
        end = clock() + self.patience_seconds
        while not await self._emptied(deletions):
            if clock() > end:
                raise _late("another program is reading it")
            await asyncio.sleep(_ATTEMPT_SECONDS)

    async def _emptied(self, deletions: int | None) -> bool:
        """Try to empty the log, and note that so many deletions are scrubbed; False if somebody reads it."""
        async with self.lock:
            await self.conn.commit()
            await self._wait_for_others(_ATTEMPT_SECONDS)
            try:
                busy = await self._one("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                await self._wait_for_others(self.patience_seconds)
            if not busy and await self._counted() == deletions:
                await self._count(0)
            return not busy

    async def _wait_for_others(self, seconds: float) -> None:
        await self._one(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    async def _counted(self) -> int:
        return await self._one("PRAGMA user_version")

    async def _count(self, deletions: int) -> None:
        await (await self.conn.execute(f"PRAGMA user_version = {deletions % 2**31}")).close()

    async def _one(self, statement: str) -> int:
        async with self.conn.execute(statement) as cursor:
            (row,) = await cursor.fetchall()
            return int(row[0])


@asynccontextmanager
async def open_checkpoints(
    file: Path, *, patience_seconds: float = PATIENCE_SECONDS
) -> AsyncIterator[Checkpoints]:
    """Open a file, which is made if it is not there; nothing but the graph's own types is read from it."""
    serializer = JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)
    async with aiosqlite.connect(file, timeout=patience_seconds) as connection:
        saver = Checkpoints(connection, serde=serializer)
        saver.patience_seconds = patience_seconds
        await saver.setup()
        await saver.make_up()
        yield saver


def _late(reason: object) -> TransientError:
    return TransientError(
        f"conversations: what was deleted cannot be overwritten in the file of checkpoints yet: {reason}; "
        "end the program that holds it, or make room: the next deletion or start makes up for it"
    )
