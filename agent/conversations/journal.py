"""Writes down what is told of all runs, a batch at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain

from agent.storage.opening import Storage
from agent.storage.records import Told
from tools.errors import TransientError

PAUSE_SECONDS = 0.05
"""Between two batches."""

log = logging.getLogger(__name__)


class Journal:
    """Keeps the events of runs under way, so that they can be followed by others and later on.

    What is told shows at once and is written a moment later; the end of a run is committed before it is
    told, together with whatever of the run was not written by then.
    """

    def __init__(self, storage: Storage) -> None:
        """Use `open_journal`."""
        self._runs = storage.runs
        self._pending: dict[str, list[Told]] = {}
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    def add(self, told: Told) -> None:
        """Have an event written with the next batch."""
        self._pending.setdefault(told.run_id, []).append(told)
        self._news.set()

    async def rest(self, run_id: str) -> list[Told]:
        """Take out what is not written yet of a run; everything before it is."""
        async with self._writing:
            return self._pending.pop(run_id, [])

    async def write(self) -> None:
        """Write for ever."""
        while True:
            await self._news.wait()
            await self._flush()
            await asyncio.sleep(PAUSE_SECONDS)

    async def close(self, writing: "asyncio.Task[None]") -> None:
        """End the task that writes, and write what is left."""
        async with self._writing:  # it is between two batches
            writing.cancel()
        await asyncio.wait({writing})
        await self._flush()

    async def _flush(self) -> None:
        async with self._writing:
            self._news.clear()
            batch, self._pending = self._pending, {}
            await self._write(batch)

    async def _write(self, batch: dict[str, list[Told]]) -> None:
        """Write in one transaction; should a run's events be at fault, without them."""
        if not batch:
            return
        try:
            await self._runs.tell([*chain(*batch.values())])
        except TransientError as error:
            log.warning("the events of %d runs are not written yet: %s", len(batch), error)
            self._put_back(batch)
        except Exception:  # noqa: BLE001  # a process edge: what one run tells must not silence the others
            await self._write_apart(batch)

    async def _write_apart(self, batch: dict[str, list[Told]]) -> None:
        for run_id, told in batch.items():
            try:
                await self._runs.tell(told)
            except TransientError:
                self._put_back({run_id: told})
            except Exception:  # a process edge, as above
                log.exception("run %s: %d events cannot be written", run_id, len(told))

    def _put_back(self, batch: dict[str, list[Told]]) -> None:
        for run_id, told in batch.items():
            self._pending[run_id] = [*told, *self._pending.get(run_id, [])]
        self._news.set()


@asynccontextmanager
async def open_journal(storage: Storage) -> AsyncIterator[Journal]:
    """Open the journal and the one task that writes it."""
    journal = Journal(storage)
    writing = asyncio.create_task(journal.write())
    try:
        yield journal
    finally:
        await journal.close(writing)
