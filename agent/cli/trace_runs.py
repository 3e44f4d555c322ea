"""The runs that a command is given: recordings of the installation, or files that were exported."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import settings_for
from agent.settings import Settings
from tools.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from agent.recording.recording import Recording
    from agent.recording.summary import Summary, Wanted
    from agent.storage.opening import Storage
    from agent.tracing.desk import TraceDesk

RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help='A run: its id or the beginning of it, "last", or a file that plumbline trace export wrote.',
    ),
]
LAST = "last"
SHORT = 12
"""Characters of an id that people are shown."""
AT_ONCE = 100
LARGEST_FILE = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A recording with what lists say of it."""

    summary: "Summary"
    recording: "Recording"
    stored: bool
    """False when it was read from a file."""


class Runs:
    """Finds runs; the installation is opened for the first that is no file. Made by `open_runs`."""

    def __init__(self, config: Path | None, stack: AsyncExitStack) -> None:
        """Use `open_runs`."""
        self._config = config
        self._stack = stack
        self._storage: Storage | None = None

    @cached_property
    def settings(self) -> Settings:
        """The installation's configuration."""
        return settings_for(self._config)

    async def storage(self) -> "Storage":
        """Return where the installation's recordings are."""
        if self._storage is None:
            from agent.tracing.opening import open_recordings

            self._storage = await self._stack.enter_async_context(open_recordings(self.settings))
        return self._storage

    async def desk(self) -> "TraceDesk":
        """Return the use cases of the installation's recordings, which take a second to import."""
        from agent.tracing.opening import make_desk

        return make_desk(await self.storage(), self.settings)

    async def get(self, name: str) -> Run:
        """Return a whole run.

        Raises:
            NotFound: There is none.
            InvalidInput: Several begin like that, or the file is no recording.
        """
        if _is_file(name):
            return _read(Path(name))
        desk, run_id = await self.desk(), await self.id_of(name)
        summary = await desk.summary(run_id, owner=None)
        return Run(summary=summary, recording=await desk.recording(run_id, owner=None), stored=True)

    async def id_of(self, name: str) -> str:
        """Return the id of a run of the installation.

        Raises:
            NotFound: There is none.
            InvalidInput: Several begin like that, or it is a file.
        """
        from agent.recording.summary import Wanted

        if _is_file(name):
            raise InvalidInput(f"{name[:80]!r} is a file; take it in first: plumbline trace import FILE")
        if name == LAST:
            latest = await self.wanted(Wanted(), 1)
            if not latest:
                raise NotFound("nothing is recorded yet; ask something: plumbline ask QUESTION")
            return latest[0].run_id
        try:
            return (await (await self.storage()).traces.summary(name, owner=None)).run_id
        except NotFound:
            return await self._beginning(name)

    async def wanted(self, wanted: "Wanted", limit: int | None) -> "list[Summary]":
        """Return the recordings of the installation that are wanted, the latest first."""
        traces, cursor = (await self.storage()).traces, None
        found: list[Summary] = []
        while limit is None or len(found) < limit:
            size = AT_ONCE if limit is None else min(AT_ONCE, limit - len(found))
            page = await traces.page(wanted, owner=None, cursor=cursor, limit=size)
            found += page.items
            cursor = page.next
            if cursor is None:
                break
        return found

    async def _beginning(self, name: str) -> str:
        from agent.recording.summary import Wanted

        mentioning = await self.wanted(Wanted(text=name), None) if name.strip() else []
        found = [one.run_id for one in mentioning if one.run_id.lower().startswith(name.lower())]
        if not found:
            raise NotFound(f"there is no recording of a run {name[:80]!r}; see plumbline trace list")
        if len(found) > 1:
            some = ", ".join(run_id[: max(SHORT, len(name) + 4)] for run_id in found[:4])
            raise InvalidInput(f"{len(found)} runs begin with {name!r} ({some}); give more of the id")
        return found[0]


@asynccontextmanager
async def open_runs(config: Path | None) -> AsyncIterator[Runs]:
    """Open the runs that a command is given."""
    async with AsyncExitStack() as stack:
        yield Runs(config, stack)


def read_file(file: Path) -> bytes:
    """Read a file that may be a recording.

    Raises:
        InvalidInput: It cannot be read, or is larger than any recording.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InvalidInput(f"the file {str(file)[:200]!r} cannot be read ({error.strerror})") from error
    if len(content) > LARGEST_FILE:
        raise InvalidInput(f"the file {str(file)[:200]!r} is larger than any recording; name another")
    return content


def _is_file(name: str) -> bool:
    """Tell files from ids: those have no ending and no folder."""
    return name.endswith(".json") or "/" in name or "\\" in name


def _read(file: Path) -> Run:
    from agent.recording.encoding import summary_of
    from agent.tracing.exporting import imported

    recording = imported(read_file(file))
    return Run(summary=summary_of(recording, imported=True), recording=recording, stored=False)
