"""Progress bars of long measurements, on standard error."""

from typing import TYPE_CHECKING

from agent.cli.options import progress_console

if TYPE_CHECKING:
    from rich.progress import TaskID


class Bars:
    """A progress bar for each configuration. Implements `Asking`."""

    def __init__(self) -> None:
        """Show nothing yet."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        screen = progress_console()
        self._bar: Progress = Progress(*columns, console=screen, disable=not screen.is_terminal)
        self._task: TaskID | None = None

    def __enter__(self) -> "Bars":
        """Begin to show."""
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show no more."""
        self._bar.stop()

    def began(self, what: str, total: int) -> None:
        """Show a further bar."""
        self._task = self._bar.add_task(what, total=total)

    def advanced(self) -> None:
        """Move the last bar on."""
        if self._task is not None:
            self._bar.advance(self._task)
