"""plumbline eval: measure the installation on labelled questions."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from rich.progress import track
from rich.table import Table

from agent.cli.indexing import ingest_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, console, emit, progress_console, settings_for
from agent.cli.spider import spider
from agent.evaluation.cases import Case, read_cases
from agent.evaluation.grading import Grade, LabelScore, by_kind, grade, macro_f1, routing
from agent.settings import Settings

evaluate = typer.Typer(help="Measure answers, routing and SQL.", no_args_is_help=True, rich_markup_mode=None)


@evaluate.callback()
def group() -> None:
    """Measure answers and routing on labelled questions, and SQL on Spider's."""


evaluate.command("spider")(spider)


@evaluate.command("run")
def run(
    dataset: Annotated[
        Path | None, typer.Argument(help="JSONL of labelled questions; default the sample's.")
    ] = None,
    show_failures: Annotated[bool, typer.Option("--failures", help="List every wrong answer.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Ask every question and compare facts, sources, status and route with the labels.

    A case is right when the answer holds every fact of must_contain and none of must_not_contain, cites
    every expected source, and has the expected status.
    """
    from agent.demo.workspace import QUESTIONS

    cases = read_cases(dataset or QUESTIONS)
    grades = asyncio.run(_grade_all(settings_for(config), cases))
    if json:
        emit(_summary(grades))
    else:
        _show(grades, failures=show_failures)
    return 0


async def _grade_all(settings: Settings, cases: list[Case]) -> list[Grade]:
    from agent.assistant import open_session
    from graph.plan import Turn

    with library_of(settings) as library:
        ingest_sample(library)
        async with open_session(library) as session:
            grades = []
            for case in track(cases, "asking", console=progress_console(), transient=True):
                history = [Turn(question=question, answer="") for question in case.history]
                grades.append(grade(case, await session.ask(case.question, history=history)))
            return grades


def _summary(grades: list[Grade]) -> dict[str, Any]:
    scores = routing(grades)
    return {
        "accuracy": _share(grades),
        "kinds": {
            kind: {"accuracy": _share(group), "cases": len(group)} for kind, group in by_kind(grades).items()
        },
        "routing": {"macro_f1": macro_f1(scores), "labels": {score.label: _label(score) for score in scores}},
        "latency_ms": {"p50": median(one.answer.timings_ms.total for one in grades)},
        "cases": [
            {
                "id": one.case.id,
                "kind": one.case.kind,
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
