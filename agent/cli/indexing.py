"""Ingestion with a progress bar, for every command that may need it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.bootstrap import Library, open_library
from agent.cli.options import progress_console
from agent.demo.workspace import PACKAGED, configuration
from agent.running_server import announced_in
from agent.settings import Settings
from tools.errors import StoreInUse
from tools.types import IngestReport


@contextmanager
def library_of(settings: Settings) -> Iterator[Library]:
    """Open a library for a command that works on it itself.

    Raises:
        StoreInUse: A server holds it, which the message names, or another command does.
    """
    with holder_named(settings), open_library(settings) as library:
        yield library


@contextmanager
def holder_named(settings: Settings) -> Iterator[None]:
    """Name the server that holds the store, when that is why it cannot be opened.

    Raises:
        StoreInUse: With the server's process, and what to do.
    """
    try:
        yield
    except StoreInUse as error:
        server = announced_in(settings.folder)
        if server is None:
            raise
        raise StoreInUse(
            f"the server of this installation (process {server.pid}) holds its store, "
            f"which this command needs for itself; end the server first: kill {server.pid}"
        ) from error


def ingest_all(library: Library, names: list[str], only: tuple[Path, ...] = ()) -> list[IngestReport]:
    """Ingest the named bases one after the other, showing how far it is on standard error."""
    with progress_shown() as show:

        def ingest(name: str) -> IngestReport:
            return library.ingest(
                name, only=only, on_progress=lambda step: show(name, step.documents, step.total_documents)
            )

        return [ingest(name) for name in names]


@contextmanager
def progress_shown() -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield what shows, for a knowledge base, how many documents of how many are read."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    screen = progress_console()
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:

        def show(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"reading {name}", total=None)
            bar.update(tasks[name], completed=done, total=total)

        yield show


def ingest_sample(library: Library) -> None:
    """Ingest the built-in sample when it is used for the first time; other bases are the user's to ingest."""
    settings = library.settings
    if is_sample(settings):
        missing = [name for name in settings.knowledge_bases if not library.count(name)]
        if missing:
            ingest_all(library, missing)


def is_sample(settings: Settings) -> bool:
    """Tell whether an installation is the built-in sample."""
    return settings.file in ((PACKAGED / settings.file.name).resolve(), configuration().resolve())
