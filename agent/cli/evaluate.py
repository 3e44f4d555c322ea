"""plumbline eval: measure the installation on labelled questions."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from agent.cli.bars import Bars
from agent.cli.evaluate_compare import compare
from agent.cli.evaluate_ladder import ladder
from agent.cli.evaluate_pairwise import pairwise
from agent.cli.indexing import ingest_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.cli.spider import spider
from agent.evaluation.cases import read_cases
from agent.evaluation.diagnosis import advise
from agent.evaluation.gates import Checked, Gates, check, read_gates
from agent.evaluation.grading import Grade, LabelScore, by_kind, macro_f1, routing
from agent.evaluation.measured import Measured
from agent.evaluation.runs import Journal, Run, checked_name
from agent.evaluation.summary import Summary
from agent.settings import Settings

if TYPE_CHECKING:
    from agent.bootstrap import Library
    from agent.session import Session
    from agent.tracing.keeper import Keeper
    from graph.deps import Deps

evaluate = typer.Typer(help="Measure answers, routing and SQL.", no_args_is_help=True, rich_markup_mode=None)


@evaluate.callback()
def group() -> None:
    """Measure answers and routing on labelled questions, and SQL on Spider's."""


evaluate.command("compare")(compare)
evaluate.command("ladder")(ladder)
evaluate.command("pairwise")(pairwise)
evaluate.command("spider")(spider)


@evaluate.command("run")
def run(
    dataset: Annotated[
        Path | None, typer.Argument(help="JSONL of labelled questions; default the sample's.")
    ] = None,
    show_failures: Annotated[bool, typer.Option("--failures", help="List every wrong answer.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Keep a recording of every question.")] = False,
    name: Annotated[str, typer.Option("--name", help="Names the run, to be compared with others.")] = "last",
    gate: Annotated[
        Path | None, typer.Option("--gate", help="TOML of thresholds; exit code 1 below any of them.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Ask every question and compare facts, sources, status and route with the labels.

    A case is right when the answer holds every fact of must_contain and none of must_not_contain, cites
    every expected source, and has the expected status; a case with steps, such as a kept run, also when
    every step did what it demands. Recordings can be looked at and replayed with plumbline trace. The run is
    kept under its name, for plumbline eval compare; one of the same name is replaced.
    """
    from agent.demo.workspace import QUESTIONS

    thresholds = read_gates(gate) if gate is not None else Gates()
    file = dataset or QUESTIONS
    measured = asyncio.run(_measure(settings_for(config), file, name, trace=trace))
    checked = check(thresholds, Summary.of(measured.run))
    if json:
        emit({**_summary(measured), "gates": [one.model_dump() for one in checked]})
    else:
        _show(measured, failures=show_failures, traced=trace)
        _show_gates(checked)
    return 0 if all(one.passed for one in checked) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    run: Run
    kept: int
    """Recordings in storage."""

    @property
    def grades(self) -> list[Grade]:
        """The verdicts alone."""
        return [Grade(case=one.case, answer=one.answer, wrong=one.wrong) for one in self.run.measured]


async def _measure(settings: Settings, dataset: Path, name: str, *, trace: bool) -> _Measured:
    from agent.evaluation.diagnosis import diagnose
    from agent.evaluation.measuring import EVALUATION, Bench
    from agent.evaluation.metrics.scoring import Metrics

    cases = read_cases(dataset)
    folder = settings.folder / EVALUATION / "runs" / checked_name(name)
    with library_of(settings) as library, Bars() as show:
        ingest_sample(library)
        async with _opened(library, trace=trace) as (session, deps, keeper):
            bench = Bench(
                settings=settings,
                dataset=dataset.stem,
                cases=cases,
                show=show,
                scorer=lambda deps: Metrics(embedder=deps.embedder, database=deps.database),
                diagnose=diagnose,
                settled=keeper.settled if keeper is not None else None,
            )
            if folder.exists():
                shutil.rmtree(folder)
            journal = Journal.open(folder, bench.info(name, {}, settings))
            await bench.ask_all(cases, session, deps, library, journal)
            kept = keeper.kept if keeper is not None else 0
    return _Measured(run=journal.run([case.id for case in cases]), kept=kept)


@asynccontextmanager
async def _opened(library: "Library", *, trace: bool) -> "AsyncIterator[tuple[Session, Deps, Keeper | None]]":
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
        yield await stack.enter_async_context(open_threads(library, deps, keeper=keeper)), deps, keeper


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
        "run": str(measured.run.folder),
        "metrics": {
            metric: {"mean": one.estimate, "interval": [one.low, one.high], "cases": one.cases}
            for metric, one in Summary.of(measured.run).metrics.items()
        },
        "latency_ms": {"p50": median(one.answer.timings_ms.total for one in grades)},
        "cases": [
            {
                "id": one.case.id,
                "kind": one.case.kind,
                "run_id": one.answer.run_id,
                "correct": one.correct,
                "wrong": list(one.wrong),
                "answer": one.answer.model_dump(),
                "metrics": dict(one.metrics),
                "unmeasured": dict(one.unmeasured),
                "lost": one.lost.model_dump() if one.lost is not None else None,
            }
            for one in measured.run.measured
        ],
    }


def _label(score: LabelScore) -> dict[str, float]:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1, "support": score.support}


def _share(grades: Sequence[Grade]) -> float:
    return sum(one.correct for one in grades) / len(grades)


def _show(measured: _Measured, *, failures: bool, traced: bool) -> None:
    screen, grades = console(), measured.grades
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
    table = Table("metric", "mean", "cases", title="Metrics")
    for metric, mean in Summary.of(measured.run).metrics.items():
        table.add_row(metric.replace("_", " "), f"{mean.estimate:.3f}", str(mean.cases))
    screen.print(table)
    screen.print(f"median {median(one.answer.timings_ms.total for one in grades):.0f} ms an answer")
    screen.print(advise([one.lost for one in measured.run.measured if one.lost is not None]).text)
    if traced:
        screen.print(f"{measured.kept} recordings kept; look at them with plumbline trace list")
    for one in measured.run.measured if failures else []:
        if not one.correct:
            _show_failure(one)


def _show_failure(one: Measured) -> None:
    screen = console()
    screen.print(f"\n[bold]{one.case.id}[/bold] {one.case.kind}: ", end="")
    screen.print(one.case.question, markup=False)
    screen.print(f"   {'; '.join(one.wrong)}", markup=False, style="red")
    if one.lost is not None:
        screen.print(f"   lost at {one.lost.step}, {one.lost.loss}: {one.lost.reason}", markup=False)
    screen.print(f"   {one.answer.answer}", markup=False, style="dim")


def _show_gates(checked: Sequence[Checked]) -> None:
    for one in checked:
        told = "not measured" if one.measured is None else f"{one.measured:.3f}"
        verdict = "passed" if one.passed else "FAILED"
        style = "green" if one.passed else "red"
        console().print(f"{verdict}: {one.name} {told}, threshold {one.threshold:g}", style=style)
