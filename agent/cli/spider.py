"""plumbline eval spider: measure SQL written for questions on a folder in the format of Spider."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from agent.cli.options import ConfigOption, JsonOption, console, emit, progress_console, settings_for
from agent.sections import ExampleChoice
from tools.errors import InvalidInput
from tools.types import Mode

if TYPE_CHECKING:
    from agent.evaluation.spider.dataset import Dataset
    from agent.evaluation.spider.outcomes import Journal
    from agent.evaluation.spider.report import Measured
    from agent.evaluation.spider.rungs import Rung
    from agent.evaluation.spider.systems import System

Folder = Annotated[Path, typer.Argument(help="Holds dev.jsonl or dev.json, and database/ID/ID.sqlite.")]
ModeOption = Annotated[Mode, typer.Option("--mode", help="Who writes the SQL: rules, or the model.")]
Predictions = Annotated[
    Path | None, typer.Option("--predictions", metavar="FILE", help="Judge recorded SQL instead.")
]
Verdicts = Annotated[
    Path | None, typer.Option("--verdicts", metavar="FILE", help="Compare with verdicts of another judge.")
]
SystemOption = Annotated[
    str | None, typer.Option("--system", help="Whose verdicts; default what the predictions' name ends with.")
]
Ladder = Annotated[bool, typer.Option("--ladder", help="Measure rung after rung with the model.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database", metavar="ID", help="Only the questions of one database.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only so many questions.")]
Examples = Annotated[ExampleChoice, typer.Option("--examples", help="How worked examples are chosen.")]
DifficultyOption = Annotated[
    bool, typer.Option("--difficulty/--no-difficulty", help="Examples must be as difficult as a first draft.")
]
Repairs = Annotated[
    int, typer.Option("--repairs", min=0, max=2, help="How often SQL that failed is written anew.")
]
Votes = Annotated[int, typer.Option("--votes", min=1, max=5, help="Candidates that vote by their results.")]
JournalOption = Annotated[
    Path | None, typer.Option("--journal", metavar="FILE", help="Keep each outcome here, and go on from it.")
]
Failures = Annotated[bool, typer.Option("--failures", help="List every wrong answer.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be measured."""

    mode: Mode
    predictions: Path | None
    verdicts: Path | None
    system: str | None
    rungs: "Sequence[Rung]"
    config: Path | None


def spider(
    folder: Folder,
    mode: ModeOption = "local",
    predictions: Predictions = None,
    verdicts: Verdicts = None,
    system: SystemOption = None,
    ladder: Ladder = False,
    database: DatabaseOption = None,
    limit: Limit = None,
    examples: Examples = "hypothetical",
    difficulty: DifficultyOption = True,
    repairs: Repairs = 2,
    votes: Votes = 1,
    journal: JournalOption = None,
    show_failures: Failures = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Have SQL written for every question, run it, and compare what it gives with the gold statement's rows.

    Everything runs through the guard and the read-only engine. Equality is that of Spider's official test
    suite: the same rows under some order of the columns, in the same order only where the gold statement
    orders, DISTINCT left out on both sides. What is refused, fails or takes too long is wrong.

    By rules alone: plumbline eval spider FOLDER

    With the model: plumbline eval spider FOLDER --mode llm --votes 3

    Rung after rung: plumbline eval spider FOLDER --ladder --journal FILE

    Trust in the judge: plumbline eval spider FOLDER --predictions FILE --verdicts FILE

    With --json: all figures, and every question with its statements. A journal is read first, so a run that
    was interrupted goes on; remove the file to measure anew.
    """
    from agent.evaluation.spider.dataset import read_dataset
    from agent.evaluation.spider.outcomes import Journal
    from agent.evaluation.spider.rungs import LADDER, Rung

    if predictions is not None and (ladder or mode == "llm"):
        raise InvalidInput("--predictions are judged as they are; leave out --ladder and --mode llm")
    own = Rung(name=mode, examples=examples, difficulty=difficulty, repairs=repairs, votes=votes)
    wanted = Wanted(
        mode="llm" if ladder else mode,
        predictions=predictions,
        verdicts=verdicts,
        system=system,
        rungs=LADDER if ladder else (own,),
        config=config,
    )
    dataset = read_dataset(folder, database=database, limit=limit)
    measured = asyncio.run(_measure(dataset, wanted, Journal(journal) if journal else None))
    _tell(measured, json=json, failures=show_failures)
    return 0


async def _measure(dataset: "Dataset", wanted: Wanted, journal: "Journal | None") -> "list[Measured]":
    from agent.evaluation.spider.report import Measured, agreement, read_verdicts
    from agent.evaluation.spider.running import Run

    verdicts = None
    if wanted.verdicts is not None:
        stem = wanted.predictions.stem if wanted.predictions else wanted.mode
        verdicts = read_verdicts(wanted.verdicts, system=wanted.system, predictions=stem)
    measured = []
    async with _systems(dataset, wanted) as systems:
        screen = progress_console()
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as progress:
            for system in systems:
                task = progress.add_task(system.name, total=len(dataset.questions))
                run = Run(
                    dataset=dataset,
                    system=system,
                    journal=journal,
                    on_outcome=lambda _, task=task: progress.advance(task),  # type: ignore[misc]  # bound early
                )
                outcomes = await run.outcomes()
                agreed = agreement(outcomes, verdicts) if verdicts else None
                measured.append(
                    Measured(name=system.name, label=system.label, outcomes=outcomes, agreement=agreed)
                )
    return measured


@asynccontextmanager
async def _systems(dataset: "Dataset", wanted: Wanted) -> "AsyncIterator[Sequence[System]]":
    """Open what predicts; only a model needs a configuration."""
    if wanted.predictions is not None:
        from agent.evaluation.spider.systems import read_predictions

        yield [read_predictions(wanted.predictions, numbers=dataset.numbers)]
    elif wanted.mode == "local":
        from agent.evaluation.spider.writing import rules

        yield [rules()]
    else:
        from agent.evaluation.spider.writing import open_models

        async with open_models(settings_for(wanted.config), wanted.rungs, dataset) as systems:
            yield systems


def _tell(measured: "Sequence[Measured]", *, json: bool, failures: bool) -> None:
    from agent.cli.showing_spider import as_json, show

    if json:
        emit(as_json(measured))
    else:
        show(console(), measured, failures=failures)
