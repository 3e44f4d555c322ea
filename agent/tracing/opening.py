"""Opens what is done with recordings, for commands that have no server to do it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from agent.bootstrap import make_data_folder
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.bootstrap import Library
    from agent.reasoning import Outside
    from agent.storage.opening import Storage
    from agent.tracing.desk import TraceDesk


@asynccontextmanager
async def open_recordings(settings: Settings) -> "AsyncIterator[Storage]":
    """Open where the recordings of an installation are; a server that runs is not disturbed."""
    from agent.storage.opening import open_storage

    make_data_folder(settings.folder)
    async with open_storage(settings.storage_url) as storage:
        yield storage


@asynccontextmanager
async def open_live_desk(library: "Library") -> "AsyncIterator[TraceDesk]":
    """Open the recordings of an installation with everything that forks ask where they differ."""
    from agent.bootstrap import open_adapters, outside_of

    library.check_ingested()
    async with open_adapters(library) as adapters, open_recordings(library.settings) as storage:
        yield make_desk(storage, library.settings, live=lambda: outside_of(library, adapters))


def make_desk(
    storage: "Storage", settings: Settings, *, live: "Callable[[], Outside | None]" = lambda: None
) -> "TraceDesk":
    """Make what works on these recordings; what it records itself is redacted as questions are."""
    from agent.recording.recorder import Recorder
    from agent.tracing.desk import TraceDesk
    from agent.tracing.scrubbing import scrubber_for

    return TraceDesk(storage, settings, Recorder(scrub=scrubber_for(settings.tracing)), live=live)
