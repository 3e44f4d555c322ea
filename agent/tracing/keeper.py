"""Keeps what was written down of runs, beside the answering: it never delays an answer, and may be late."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from agent.recording.encoding import attachment_bytes, pack, summary_of
from agent.recording.recorder import Ended, Recorder, software
from agent.recording.recording import Json, Recording
from agent.recording.summary import Packed, Retention
from agent.settings import Settings
from agent.storage.opening import Storage
from agent.tracing.scrubbing import scrubber_for
from agent.tracing.telemetry import open_telemetry
from tools.errors import Conflict, NotFound, PlumblineError, TransientError

MOST_WAITING = 2_000
"""Runs that wait to be kept; of more the oldest are lost."""
AT_ONCE = 32
"""Runs that are encoded in one go and written together."""
MOST_KNOWN = 2_000
"""Attachments that are remembered to be stored."""
SWEEP_EVERY = 500
"""Recordings between two looks at what is old."""

log = logging.getLogger(__name__)
OpenStorage = Callable[[], AbstractAsyncContextManager[Storage]]


class Keeper:
    """Encodes and stores runs in the background, in their order."""

    def __init__(
        self,
        recorder: Recorder,
        retention: Retention,
        *,
        export: Callable[[Recording], None] | None = None,
    ) -> None:
        """Use `open_keeper`."""
        self.recorder = recorder
        self._retention = retention
        self._export = export
        self._waiting: deque[Ended] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._since_sweep = SWEEP_EVERY
        self._there: set[str] = set()
        self._encoding = asyncio.Lock()
        self.kept = 0
        """Recordings that were stored."""

    def keep(self, ended: Ended) -> None:
        """Have a run kept; returns at once."""
        if len(self._waiting) == MOST_WAITING:
            log.warning("recordings come faster than they can be kept; the oldest is lost")
        self._waiting.append(ended)
        self._idle.clear()
        self._news.set()

    async def settled(self) -> None:
        """Return when everything that was handed over is stored, or given up."""
        await self._idle.wait()

    async def work(self, open_storage: OpenStorage) -> None:
        """Store what comes, for ever; storage is opened for the first."""
        await self._news.wait()
        async with AsyncExitStack() as stack:
            try:
                storage = await stack.enter_async_context(open_storage())
            except PlumblineError as error:
                log.warning("questions are not recorded: %s", error)
                storage = None
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
                    await self._keep_all(batch, storage)
                self._idle.set()

    async def _keep_all(self, batch: Sequence[Ended], storage: Storage | None) -> None:
        """Encode one after the other, and store them together: they share transactions."""
        await asyncio.gather(*[self._keep(ended, storage) for ended in batch])

    async def _keep(self, ended: Ended, storage: Storage | None) -> None:
        try:
            async with self._encoding:
                packed, recording = await asyncio.to_thread(self._packed, ended)
            if self._export is not None:
                self._export(recording)
            if storage is not None:
                await self._store(storage, packed, recording)
        except NotFound:
            log.info("run %s is not recorded: its conversation was deleted", ended.tape.run_id)
        except PlumblineError as error:
            log.warning("run %s is not recorded: %s", ended.tape.run_id, error)
        except Exception:  # a process edge: a recording that fails must not end those behind it
            log.exception("run %s is not recorded", ended.tape.run_id)

    async def _store(self, storage: Storage, packed: Packed, recording: Recording) -> None:
        """Store one recording with those of its attachments that are not there; now and then clear away."""
        try:
            await self._add(storage, packed, recording)
        except TransientError:  # what was there before may have been cleared away meanwhile
            self._there.clear()
            await self._add(storage, packed, recording)
        self._there = {*self._there, *packed.attachments} if len(self._there) < MOST_KNOWN else set()
        self.kept += 1
        self._since_sweep += 1
        if self._since_sweep >= SWEEP_EVERY:
            self._since_sweep = 0
            await storage.traces.retain(self._retention, now=datetime.now(UTC))

    async def _add(self, storage: Storage, packed: Packed, recording: Recording) -> None:
        """Add one; a run that was cut off and taken up again replaces what was recorded of it before."""
        missing = {one: recording.attachments[one] for one in packed.attachments if one not in self._there}
        written = await asyncio.to_thread(_written, missing) if missing else {}
        try:
            await storage.traces.add(packed, written)
        except Conflict:
            await storage.traces.add(packed, written, replace=True)

    def _packed(self, ended: Ended) -> tuple[Packed, Recording]:
        recording = self.recorder.recording(ended)
        return pack(recording, summary_of(recording)), recording


def _written(attachments: Mapping[str, Json]) -> dict[str, bytes]:
    return {digest: attachment_bytes(value) for digest, value in attachments.items()}


@asynccontextmanager
async def open_keeper(settings: Settings, open_storage: OpenStorage) -> AsyncIterator[Keeper | None]:
    """Open what keeps the runs of an installation; None when it keeps none. Closing waits for all of them.

    Args:
        settings: What is recorded, for how long, and where it is sent besides.
        open_storage: Opens where recordings are kept; called when the first is.

    Raises:
        ConfigurationError: Spans are to be sent and what sends them is not installed.
    """
    tracing = settings.tracing
    if not tracing.enabled:
        yield None
        return
    async with open_telemetry(tracing, software()) as telemetry:
        keeper = Keeper(
            Recorder(scrub=scrubber_for(tracing)),
            Retention(days=tracing.keep_days, runs=tracing.keep_runs, megabytes=tracing.keep_mb),
            export=telemetry.export,
        )
        working = asyncio.create_task(keeper.work(open_storage))
        try:
            yield keeper
        finally:
            settling = asyncio.create_task(keeper.settled())
            # Should the work have ended by a defect, nothing will ever settle, and nobody may wait for it.
            await asyncio.wait([settling, working], return_when=asyncio.FIRST_COMPLETED)
            for task in (settling, working):
                task.cancel()
            await asyncio.wait([settling, working])
            if not working.cancelled() and (error := working.exception()) is not None:
                log.error("questions are not recorded", exc_info=error)
