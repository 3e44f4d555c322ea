"""What a measurement gives, and how it is printed: Markdown tables under the facts of the machine."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

COLUMNS = ("measured", "figure", "target", "met", "rounds", "remark")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """A target that a figure should reach."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """A target that a figure should not exceed."""

    value: float


Target: TypeAlias = AtLeast | AtMost


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure."""

    measured: str
    value: float
    unit: str = ""
    digits: int = 3
    """Digits behind the point."""
    target: Target | None = None
    rounds: str = "1"
    """How often it was measured, and over how much."""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that could not be measured here."""

    measured: str
    reason: str


Outcome: TypeAlias = Figure | Skipped


def machine() -> str:
    """Describe the machine and how busy it is now."""
    system = f"{platform.system()} {platform.machine()}"
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}; {system}; {_cores()} cores; Python {platform.python_version()}; load average {load()}"


def load() -> str:
    """Return the load averages over 1, 5 and 15 minutes."""
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def table(outcomes: Iterable[Outcome]) -> str:
    """Write outcomes as a Markdown table."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *map(_cells, outcomes)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def data_folder() -> Path:
    """Return the folder of the public evaluation data, which stands beside the repository."""
    return Path(__file__).resolve().parents[2] / "shared" / "data"


def _cores() -> int:
    """Count the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cells(outcome: Outcome) -> tuple[str, ...]:
    if isinstance(outcome, Skipped):
        return (outcome.measured, "skipped", "", "", "", outcome.reason)
    return (
        outcome.measured,
        _number(outcome.value, outcome),
        _wanted(outcome),
        _met(outcome),
        outcome.rounds,
        outcome.remark,
    )


def _wanted(figure: Figure) -> str:
    match figure.target:
        case AtLeast(value=value):
            return f"≥ {_number(value, figure)}"
        case AtMost(value=value):
            return f"≤ {_number(value, figure)}"
        case None:
            return ""


def _met(figure: Figure) -> str:
    match figure.target:
        case AtLeast(value=value):
            return "yes" if figure.value >= value else "no"
        case AtMost(value=value):
            return "yes" if figure.value <= value else "no"
        case None:
            return ""


def _number(value: float, figure: Figure) -> str:
    return f"{value:,.{figure.digits}f} {figure.unit}".rstrip()
