"""What several processes that share a storage do for one another."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.conversations.running import Runs
from agent.storage.opening import Storage
from tools.errors import TransientError

BEAT_SECONDS = 1.0
"""How often a process says that it works on its runs, and looks for wishes to end one."""
STALE_SECONDS = 20.0
"""A run that no process has worked on for so long is taken for dead."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def watching(storage: Storage, runs: Runs) -> AsyncIterator[None]:
    """Meanwhile say what is under way here, end what is to be ended, take up what others left."""
    watch = asyncio.create_task(_watch(storage, runs))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait({watch})


async def _watch(storage: Storage, runs: Runs) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        try:
            await _look(storage, runs)
        except TransientError as error:
            log.warning("the runs of other processes are not looked after: %s", error)


async def _look(storage: Storage, runs: Runs) -> None:
    if ids := runs.ids:
        await storage.runs.beat(ids)
        for run_id in await storage.runs.cancel_requested(ids):
            runs.cancel(run_id)
    await runs.recover(stale_seconds=STALE_SECONDS)
