"""plumbline eval ladder: measure every technique on one's own data."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.bars import Bars
from agent.cli.indexing import holder_named, ingest_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.evaluation.runs import checked_name

if TYPE_CHECKING:
    from agent.evaluation.climbing import Climb
    from agent.evaluation.runs import Ladder, RungResult
    from agent.settings import Settings


def ladder(
    dataset: Annotated[
        Path | None, typer.Argument(help="JSONL of labelled questions; default the sample's.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", help="Rungs to measure, with commas; default all.")
    ] = None,
    drop: Annotated[
        bool, typer.Option("--drop", help="Also measure the whole configuration without each rung alone.")
    ] = False,
    name: Annotated[
        str, typer.Option("--name", help="Names the ladder; one of that name is taken up where it ended.")
    ] = "ladder",
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure everything anew.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Climb the ladder: what each technique is worth on your questions, and which earn their place.

    The baseline finds chunks by the cosine of their vectors and quotes the nearest sentences. Each rung adds
    one technique to those below it: hyde, chunking, embeddings, rerank, classify, prompt, tools, expand,
    verify, and what [[evaluation.rungs]] of your configuration say. A rung is kept when the 95 % interval of
    what it changes (paired bootstrap over the questions) is above zero. Only rungs that cut documents
    otherwise index them anew. A ladder that was interrupted goes on where it ended.
    """
    from agent.evaluation.summary import Summary

    climb = _climb(settings_for(config), dataset, only, name, fresh=fresh)
    with Bars() as show, holder_named(climb.bench.settings):
        climb.bench = replace(climb.bench, show=show)
        climbed = asyncio.run(climb.climb(drop=drop))
    summaries = {run: Summary.of(found) for run, found in climb.runs.items()}
    if json:
        emit(_as_json(climbed, climb, summaries))
    else:
        _show(climbed, climb, summaries)
    return 0


def _climb(
    settings: "Settings", dataset: Path | None, only: str | None, name: str, *, fresh: bool
) -> "Climb":
    """Prepare a climb over a dataset; the sample is indexed if need be."""
    from agent.demo.workspace import QUESTIONS
    from agent.evaluation.cases import read_cases
    from agent.evaluation.climbing import Climb
    from agent.evaluation.diagnosis import diagnose
    from agent.evaluation.measuring import EVALUATION, Bench
    from agent.evaluation.metrics.scoring import Metrics

    file = dataset or QUESTIONS
    cases = read_cases(file)
    with library_of(settings) as library:
        ingest_sample(library)
        library.check_ingested()
    climb = Climb(
        bench=Bench(
            settings=settings,
            dataset=file.stem,
            cases=cases,
            scorer=lambda deps: Metrics(embedder=deps.embedder, database=deps.database),
            diagnose=diagnose,
        ),
        folder=settings.folder / EVALUATION / "ladders" / checked_name(name),
        only=[one.strip() for one in only.split(",")] if only else (),
    )
    if fresh:
        climb.forget()
    return climb


def _as_json(climbed: "Ladder", climb: "Climb", summaries: dict[str, Any]) -> dict[str, Any]:
    return {
        "dataset": climbed.dataset,
        "mode": climbed.mode,
        "folder": str(climb.folder),
        "rungs": [_rung(one, climb, summaries) for one in climbed.climbed],
        "full": _rung(climbed.full, climb, summaries),
        "dropped": [_rung(one, climb, summaries) for one in climbed.dropped],
    }


def _losses(one: "RungResult", climb: "Climb") -> dict[str, int]:
    """Count, for each step that loses cases, how many it lost."""
    lost = [case.lost.loss for case in climb.runs[one.run].measured if case.lost is not None]
    return dict(Counter(lost).most_common())


def _rung(one: "RungResult", climb: "Climb", summaries: dict[str, Any]) -> dict[str, Any]:
    summary = summaries[one.run].model_dump(mode="json")
    change = one.difference
    return {
        "name": one.name,
        "description": one.description,
        "accuracy": one.accuracy.estimate,
        "interval": [one.accuracy.low, one.accuracy.high],
        "verdict": one.verdict or "baseline",
        "difference": change.estimate if change else None,
        "difference_interval": [change.low, change.high] if change else None,
        "compared_with": one.compared_with,
        "seconds": one.seconds,
        "reindexed": one.reindexed,
        "note": one.note,
        "losses": _losses(one, climb),
        "run": one.run,
        **{key: value for key, value in summary.items() if key != "accuracy"},
    }


STYLES = {"kept": "green", "no effect": "dim", "harmful": "red"}


def _show(climbed: "Ladder", climb: "Climb", summaries: dict[str, Any]) -> None:
    from agent.evaluation.diagnosis import advise
    from agent.evaluation.rungs import FULL

    screen = console()
    screen.print(_table(f"The ladder over {climbed.dataset}", [*climbed.climbed, climbed.full], summaries))
    if climbed.dropped:
        title = "What the whole configuration has more with each rung than without it"
        screen.print(_table(title, climbed.dropped, summaries))
    screen.print(_quality([*climbed.climbed, climbed.full], summaries))
    lost = [case.lost for case in climb.runs[FULL].measured if case.lost is not None]
    screen.print(advise(lost).text, soft_wrap=True)
    screen.print(f"kept in {climb.folder}", style="dim", soft_wrap=True)


def _table(title: str, rungs: "Sequence[RungResult]", summaries: dict[str, Any]) -> Any:  # noqa: ANN401 - a table
    from rich.table import Table

    columns = ("rung", "accuracy", "95 %", "change", "95 %", "verdict", "routing F1", "held back", "calls")
    table = Table(*columns, "tokens", "USD", "p50 ms", "p95 ms", title=title)
    for one in rungs:
        summary = summaries[one.run]
        change = one.difference
        table.add_row(
            one.name,
            f"{one.accuracy.estimate:.1%}",
            f"{one.accuracy.low:.1%} … {one.accuracy.high:.1%}",
            f"{change.estimate:+.1%}" if change else "",
            f"{change.low:+.1%} … {change.high:+.1%}" if change else "",
            one.verdict or "",
            f"{summary.routing_f1:.3f}",
            "" if summary.abstention is None else f"{summary.abstention:.0%}",
            f"{summary.model_calls:.2f}",
            f"{summary.tokens:.0f}",
            f"{summary.cost_usd:.4f}",
            f"{summary.p50_ms:.0f}",
            f"{summary.p95_ms:.0f}",
            style=STYLES.get(one.verdict or ""),
        )
    return table


def _quality(rungs: "Sequence[RungResult]", summaries: dict[str, Any]) -> Any:  # noqa: ANN401 - a table
    """Return the metrics of each rung, a column each; empty where nothing was measured."""
    from rich.table import Table

    from agent.evaluation.metrics import NAMES

    table = Table("rung", *(name.replace("_", " ") for name, _ in NAMES), title="Metrics, means")
    for one in rungs:
        found = summaries[one.run].metrics
        table.add_row(
            one.name, *(f"{found[name].estimate:.2f}" if name in found else "" for name, _ in NAMES)
        )
    return table
