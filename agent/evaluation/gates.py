"""Thresholds that a run must reach, for an exit code in CI."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from agent.evaluation.measured import Kept
from agent.evaluation.metrics import NAMES
from agent.evaluation.summary import Summary
from tools.errors import InvalidInput

Share = Annotated[float, Field(ge=0, le=1)]


class Least(Kept):
    """What must at least be reached; what is not given is not checked."""

    accuracy: Share | None = None
    routing_f1: Share | None = None
    abstention: Share | None = None
    coverage: Share | None = None


class Most(Kept):
    """What must not be exceeded, of a case."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    model_calls: float | None = None
    tokens: float | None = None
    cost_usd: float | None = None


class Gates(Kept):
    """A file of thresholds."""

    overall: Least = Least()
    most: Most = Most()
    metrics: Mapping[str, Share] = {}
    """Least mean of each metric."""
    kinds: Mapping[str, Share] = {}
    """Least accuracy of each kind of case."""


class Checked(Kept):
    """One threshold and what was measured."""

    name: str
    passed: bool
    measured: float | None
    """None where nothing was measured, which does not pass."""
    threshold: float


def read_gates(file: Path) -> Gates:
    """Read a TOML file of thresholds.

    Raises:
        InvalidInput: It cannot be read, or a name or value in it is wrong.
    """
    try:
        gates = Gates.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{file}: cannot be read ({error}); name a TOML file of thresholds") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"{file}: {place}: {first['msg']}") from error
    known = {name for name, _ in NAMES}
    unknown = sorted(set(gates.metrics) - known)
    if unknown:
        raise InvalidInput(f"{file}: metrics.{unknown[0]}: no such metric; choose among {', '.join(known)}")
    return gates


def check(gates: Gates, summary: Summary) -> list[Checked]:
    """Hold a run against thresholds; what was not measured does not pass."""
    return list(_checked(gates, summary))


def _checked(gates: Gates, summary: Summary) -> Iterator[Checked]:
    reached: Mapping[str, float | None] = {
        "accuracy": summary.accuracy.estimate,
        "routing_f1": summary.routing_f1,
        "abstention": summary.abstention,
        "coverage": summary.coverage,
    }
    for name, least in gates.overall.model_dump(exclude_none=True).items():
        yield _at_least(name, reached[name], least)
    for name, least in gates.metrics.items():
        found = summary.metrics.get(name)
        yield _at_least(name, found.estimate if found else None, least)
    for kind, least in gates.kinds.items():
        group = summary.kinds.get(kind)
        yield _at_least(f"accuracy of {kind}", group.accuracy.estimate if group else None, least)
    for name, most in gates.most.model_dump(exclude_none=True).items():
        value = getattr(summary, name)
        yield Checked(name=name, passed=value <= most, measured=value, threshold=most)


def _at_least(name: str, measured: float | None, least: float) -> Checked:
    passed = measured is not None and measured >= least
    return Checked(name=name, passed=passed, measured=measured, threshold=least)
