"""plumbline eval: measure the installation on labelled questions."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track
from rich.table import Table

from agent.cli.evaluate_ladder import ladder
from agent.cli.indexing import ingest_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, console, emit, progress_console, settings_for
from agent.cli.spider import spider
from agent.evaluation.cases import Case, read_cases
from agent.evaluation.grading import Grade, LabelScore, by_kind, macro_f1, routing
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.bootstrap import Library
    from agent.session import Session
    from agent.tracing.keeper import Keeper

evaluate = typer.Typer(help="Measure answers, routing and SQL.", no_args_is_help=True, rich_markup_mode=None)


@evaluate.callback()
def group() -> None:
    """Measure answers and routing on labelled questions, and SQL on Spider's."""


evaluate.command("ladder")(ladder)
evaluate.command("spider")(spider)


@evaluate.command("run")
def run(
    dataset: Annotated[
        Path | None, typer.Argument(help="JSONL of labelled questions; default the sample's.")
    ] = None,
    show_failures: Annotated[bool, typer.Option("--failures", help="List every wrong answer.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Keep a recording of every question.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Ask every question and compare facts, sources, status and route with the labels.

    A case is right when the answer holds every fact of must_contain and none of must_not_contain, cites
    every expected source, and has the expected status; a case with steps, such as a kept run, also when
    every step did what it demands. Recordings can be looked at and replayed with plumbline trace.
    """
    from agent.demo.workspace import QUESTIONS

    cases = read_cases(dataset or QUESTIONS)
    measured = asyncio.run(_grade_all(settings_for(config), cases, trace=trace))
    if json:
        emit(_summary(measured))
    else:
        _show(measured.grades, failures=show_failures)
        if trace:
            console().print(f"{measured.kept} recordings kept; look at them with plumbline trace list")
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    grades: list[Grade]
    kept: int
    """Recordings in storage."""


async def _grade_all(settings: Settings, cases: list[Case], *, trace: bool) -> _Measured:
    from agent.evaluation.asking import graded
    from agent.recording.recorder import Recorder

    recorder, grades = Recorder(), []
    with library_of(settings) as library:
        ingest_sample(library)
        async with _opened(library, trace=trace) as (session, keeper):
            for case in track(cases, "asking", console=progress_console(), transient=True):
                grades.append(await graded(session, case, recorder=recorder))
                if keeper is not None:
                    await keeper.settled()  # what is kept meanwhile would slow the next answer down
            return _Measured(grades=grades, kept=keeper.kept if keeper is not None else 0)


@asynccontextmanager
async def _opened(library: "Library", *, trace: bool) -> "AsyncIterator[tuple[Session, Keeper | None]]":
    """Open a session; only when told to, what it does is kept, whatever the installation keeps else."""
    from agent.assistant import open_threads
    from agent.bootstrap import open_deps
    from agent.storage.opening import open_storage
    from agent.tracing.keeper import open_keeper

    library.check_ingested()
    settings = library.settings
    keeping = settings.model_copy(update={"tracing": settings.tracing.model_copy(update={"enabled": trace})})
    async with AsyncExitStack() as stack:
        deps = await stack.enter_async_context(open_deps(library))
        storage = open_keeper(keeping, lambda: open_storage(settings.storage_url))
        keeper = await stack.enter_async_context(storage)
        yield await stack.enter_async_context(open_threads(library, deps, keeper=keeper)), keeper


def _summary(measured: _Measured) -> dict[str, Any]:
    grades = measured.grades
    scores = routing(grades)
    return {
        "accuracy": _share(grades),
        "kinds": {
            kind: {"accuracy": _share(group), "cases": len(group)} for kind, group in by_kind(grades).items()
        },
        "routing": {"macro_f1": macro_f1(scores), "labels": {score.label: _label(score) for score in scores}},
        "kept": measured.kept,
        "latency_ms": {"p50": median(one.answer.timings_ms.total for one in grades)},
        "cases": [
            {
                "id": one.case.id,
                "kind": one.case.kind,
                "run_id": one.run_id,
                "correct": one.correct,
                "wrong": list(one.wrong),
                "answer": one.answer.model_dump(),
            }
            for one in grades
        ],
    }


def _label(score: LabelScore) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1, "support": score.support}


def _share(grades: Sequence[Grade]) -> float:
    return sum(one.correct for one in grades) / len(grades)


def _show(grades: list[Grade], *, failures: bool) -> None:
    screen = console()
    table = Table("kind", "cases", "correct", title="Answers")
    for kind, group in by_kind(grades).items():
        table.add_row(kind, str(len(group)), f"{_share(group):.1%}")
    table.add_row("all", str(len(grades)), f"{_share(grades):.1%}", style="bold")
    screen.print(table)
    scores = routing(grades)
    table = Table("destination", "precision", "recall", "F1", "cases", title="Routing")
    for score in scores:
        row = (f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.f1:.3f}", str(score.support))
        table.add_row(score.label, *row)
    table.add_row("macro", "", "", f"{macro_f1(scores):.3f}", str(len(grades)), style="bold")
    screen.print(table)
    screen.print(f"median {median(one.answer.timings_ms.total for one in grades):.0f} ms an answer")
    for one in grades if failures else []:
        if not one.correct:
            screen.print(f"\n[bold]{one.case.id}[/bold] {one.case.kind}: ", end="")
            screen.print(one.case.question, markup=False)
            screen.print(f"   {'; '.join(one.wrong)}", markup=False, style="red")
            screen.print(f"   {one.answer.answer}", markup=False, style="dim")
