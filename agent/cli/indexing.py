"""Ingestion with a progress bar, for every command that may need it."""

from pathlib import Path
from typing import TYPE_CHECKING

from agent.bootstrap import Library
from agent.cli.options import progress_console
from agent.demo.workspace import PACKAGED, configuration
from tools.types import IngestReport

if TYPE_CHECKING:
    from rich.progress import Progress

    from tools.knowledge.ingest import Progress as Step


def ingest_all(library: Library, names: list[str], only: tuple[Path, ...] = ()) -> list[IngestReport]:
    """Ingest the named bases one after the other, showing how far it is on standard error."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    screen = progress_console()
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        return [_ingest(library, name, only, bar) for name in names]


def ingest_sample(library: Library) -> None:
    """Ingest the built-in sample when it is used for the first time; other bases are the user's to ingest."""
    settings = library.settings
    if (
        settings.file == (PACKAGED / settings.file.name).resolve()
        or settings.file == configuration().resolve()
    ):
        missing = [name for name in settings.knowledge_bases if not library.count(name)]
        if missing:
            ingest_all(library, missing)


def _ingest(library: Library, name: str, only: tuple[Path, ...], bar: "Progress") -> IngestReport:
    task = bar.add_task(f"reading {name}", total=None)

    def advance(step: "Step") -> None:
        bar.update(task, completed=step.documents, total=step.total_documents)

    return library.ingest(name, only=only, on_progress=advance)
