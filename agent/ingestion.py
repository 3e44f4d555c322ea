"""Brings knowledge bases in line with their files while questions are answered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.bootstrap import Adapters, Library, make_deps
from tools.errors import Conflict
from tools.types import IngestReport

if TYPE_CHECKING:
    from agent.session import Session
    from tools.knowledge.ingest import Progress

COUNTS = ("added", "updated", "unchanged", "removed", "chunks")
"""Figures of one report."""


class Ingestion:
    """Ingests into an opened library, one at a time. Opened by `open_ingestion`."""

    def __init__(self, library: Library, adapters: Adapters, session: "Session") -> None:
        """Take where documents go, and the session that has to know of them."""
        self._library = library
        self._adapters = adapters
        self._session = session
        self._work: asyncio.Task[list[IngestReport]] | None = None

    def start(
        self,
        names: Sequence[str],
        *,
        only: tuple[Path, ...] = (),
        on_progress: Callable[[str, "Progress"], None] = lambda _, __: None,
    ) -> "asyncio.Task[list[IngestReport]]":
        """Start to ingest the named bases one after the other; it goes on whether or not anybody waits.

        Questions asked after its end know what the bases hold then. Wait through `asyncio.shield`.

        Args:
            names: Configured knowledge bases.
            only: Read only these files or folders of the configured paths.
            on_progress: Told of each base how far it is, in the thread of the event loop.

        Raises:
            Conflict: Another ingestion is under way.
        """
        if self._work is not None and not self._work.done():
            raise Conflict("an ingestion is under way; wait until it has ended")
        loop = asyncio.get_running_loop()

        def tell(name: str, step: "Progress") -> None:
            loop.call_soon_threadsafe(on_progress, name, step)

        self._work = asyncio.create_task(asyncio.to_thread(self._ingest, names, only, tell))
        return self._work

    async def close(self) -> None:
        """Wait for what is under way: the library must not be closed below it."""
        if self._work is not None:
            await asyncio.wait([self._work])

    def _ingest(
        self, names: Sequence[str], only: tuple[Path, ...], tell: Callable[[str, "Progress"], None]
    ) -> list[IngestReport]:
        try:
            return [self._library.ingest(name, only=only, on_progress=partial(tell, name)) for name in names]
        finally:  # a base may have changed before another one failed
            self._session.renew(make_deps(self._library, self._adapters))


@asynccontextmanager
async def open_ingestion(
    library: Library, adapters: Adapters, session: "Session"
) -> AsyncIterator[Ingestion]:
    """Open what ingests while the session serves; closing waits for what is under way."""
    ingestion = Ingestion(library, adapters, session)
    try:
        yield ingestion
    finally:
        await ingestion.close()


def reports_as_json(reports: Sequence[IngestReport]) -> dict[str, Any]:
    """Return the counts of all bases and of each, with the files that failed."""
    bases = {
        report.knowledge_base: {
            **{name: getattr(report, name) for name in COUNTS},
            "seconds": round(report.seconds, 3),
        }
        for report in reports
    }
    failed = [
        {"knowledge_base": report.knowledge_base, **asdict(one)}
        for report in reports
        for one in report.failed
    ]
    totals = {name: sum(getattr(report, name) for report in reports) for name in COUNTS}
    seconds = round(sum(report.seconds for report in reports), 3)
    return {**totals, "failed": failed, "seconds": seconds, "knowledge_bases": bases}
