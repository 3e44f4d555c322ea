"""plumbline eval compare: what changed between two runs, and how sure that is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for

if TYPE_CHECKING:
    from agent.evaluation.comparing import Comparison, Flip
    from agent.evaluation.statistics import Interval
    from agent.settings import Settings

SHOWN = 20
"""Flips of each direction that are listed; `--json` has all."""


def compare(
    before: Annotated[str, typer.Argument(help="A run: its folder, or RUN or LADDER/RUN.")],
    after: Annotated[str, typer.Argument(help="Another over the same cases.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Compare two runs case by case: accuracy and metrics with paired intervals, and what flipped.

    Runs are written by plumbline eval run and plumbline eval ladder, which names the rungs' folders:
    plumbline eval compare ladder/baseline ladder/full
    """
    from agent.evaluation.comparing import compare as compared
    from agent.evaluation.runs import read_run

    settings = settings_for(config)
    comparison = compared(read_run(folder_of(settings, before)), read_run(folder_of(settings, after)))
    if json:
        emit(comparison.model_dump(mode="json"))
    else:
        _show(comparison)
    return 0


def folder_of(settings: "Settings", name: str) -> Path:
    """Return the folder of a run that is named by its path, or by its name in the data folder."""
    from agent.evaluation.measuring import EVALUATION

    known = settings.folder / EVALUATION
    places = (Path(name), known / "runs" / name, known / "ladders" / name)
    return next((place for place in places if place.exists()), Path(name))


def _show(comparison: "Comparison") -> None:
    from rich.table import Table

    screen = console()
    table = Table(
        "", "change", "95 %", "cases", title=f"{comparison.after} compared with {comparison.before}"
    )
    table.add_row("accuracy", *_told(comparison.accuracy), style="bold")
    for name, change in comparison.metrics.items():
        table.add_row(name.replace("_", " "), *_told(change))
    for kind, change in comparison.kinds.items():
        table.add_row(f"accuracy of {kind}", *_told(change), style="dim")
    screen.print(table)
    _list("won", comparison.won)
    _list("lost", comparison.lost)


def _told(change: "Interval") -> tuple[str, str, str]:
    return f"{change.estimate:+.3f}", f"{change.low:+.3f} … {change.high:+.3f}", str(change.cases)


def _list(title: str, flips: "tuple[Flip, ...]") -> None:
    screen = console()
    screen.print(f"{title}: {len(flips)}", style="green" if title == "won" else "red")
    for flip in flips[:SHOWN]:
        why = "; ".join(flip.after or flip.before)
        screen.print(f"  {flip.id} {flip.question} ({why})", markup=False, soft_wrap=True)
    if len(flips) > SHOWN:
        screen.print(f"  and {len(flips) - SHOWN} more; --json lists all", style="dim")
