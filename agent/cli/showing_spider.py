"""How figures of SQL written for questions look: as JSON, and in a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.evaluation.spider.outcomes import Outcome
from agent.evaluation.spider.report import Measured, by_difficulty, score, summary


def as_json(measured: Sequence[Measured]) -> dict[str, Any]:
    """Return one system's figures and outcomes; of several a list under `ladder`."""
    reports = [
        {
            "system": one.name,
            "label": one.label,
            **summary(one.outcomes),
            **({"agreement": _agreement(one)} if one.agreement else {}),
            "cases": [outcome.model_dump() for outcome in one.outcomes],
        }
        for one in measured
    ]
    return reports[0] if len(reports) == 1 else {"ladder": reports}


def show(screen: Console, measured: Sequence[Measured], *, failures: bool) -> None:
    """Print a row for each system, what else there is to know, and the wrong answers if they are wanted."""
    screen.print(_accuracy(measured))
    screen.print(_effort(measured))
    for one in measured:
        _remarks(screen, one)
        for outcome in one.outcomes if failures else ():
            if not outcome.correct:
                _show_failure(screen, outcome)


def _accuracy(measured: Sequence[Measured]) -> Table:
    """Return a row for each system; all were asked the same questions, whose number is in the heading."""
    asked = by_difficulty(measured[0].outcomes)
    table = Table(title="Execution accuracy")
    table.add_column("system")
    for name, group in asked.items():
        table.add_column(f"{name}\n{group.questions}", justify="right")
    for name in (f"all\n{len(measured[0].outcomes)}", "answered", "of these\nright"):
        table.add_column(name, justify="right")
    for one in measured:
        groups, whole = by_difficulty(one.outcomes), score(one.outcomes)
        shares = [*(groups[name].accuracy for name in asked), whole.accuracy]
        shares += [whole.answered_share, whole.accuracy_answered]
        table.add_row(Text(one.name), *(f"{share:.1%}" for share in shares))
    return table


def _effort(measured: Sequence[Measured]) -> Table:
    table = Table(title="Effort")
    table.add_column("system")
    for name in ("failed once", "answered then", "model calls", "tokens", "USD", "seconds", "median ms"):
        table.add_column(name, justify="right")
    for one in measured:
        figures = summary(one.outcomes)
        model, repairs, seconds = figures["model"], figures["repairs"], figures["seconds"]
        table.add_row(
            Text(one.name),
            str(repairs["failed_once"]),
            str(repairs["answered_then"]),
            str(model["calls"]),
            f"{model['input_tokens'] + model['output_tokens']:,}",
            f"{model['cost_usd']:.4f}",
            f"{seconds['total']:.1f}",
            f"{1000 * seconds['p50']:.0f}",
        )
    return table


def _remarks(screen: Console, one: Measured) -> None:
    figures = summary(one.outcomes)
    named = {
        "not answered": figures["problems"],
        "gold statements that do not run": figures["gold_problems"],
    }
    for what, problems in named.items():
        if problems:
            told = ", ".join(f"{problem} {count}" for problem, count in problems.items())
            screen.print(Text(f"{one.name}: {what}: {told}"))
    if figures["degraded"]:
        screen.print(
            Text(f"{one.name}: {figures['degraded']} questions had less than was asked for", "yellow")
        )
    if one.agreement is not None:
        agreed = one.agreement
        told = f"{one.name}: {agreed.share:.2%} of {agreed.compared} verdicts on {agreed.system} are the same"
        others = (
            f"; others are those on {', '.join(map(str, agreed.disagreements))}"
            if agreed.disagreements
            else ""
        )
        screen.print(Text(told + others))


def _show_failure(screen: Console, outcome: Outcome) -> None:
    screen.print(Text(f"\n{outcome.idx} {outcome.db_id} {outcome.hardness}: {outcome.question}", "bold"))
    said = outcome.statement or f"{outcome.problem}: {outcome.message}"
    screen.print(Text(f"   {said}", "red"))
    screen.print(Text(f"   {outcome.gold}", "dim"))


def _agreement(one: Measured) -> dict[str, Any] | None:
    if one.agreement is None:
        return None
    return {
        "system": one.agreement.system,
        "compared": one.agreement.compared,
        "share": one.agreement.share,
        "disagreements": list(one.agreement.disagreements),
    }
