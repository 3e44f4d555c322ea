"""A run in numbers."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from agent.evaluation.grading import Grade, macro_f1, routing
from agent.evaluation.measured import Kept, Measured
from agent.evaluation.runs import Run
from agent.evaluation.statistics import Interval, mean_of

HELD_BACK = ("clarify", "unanswerable", "declined")
"""Outcomes in which a question is not answered."""


class Kind(Kept):
    """The cases of one kind."""

    accuracy: Interval
    metrics: Mapping[str, Interval]


class Summary(Kept):
    """What a run comes to. Means of metrics count the cases that have them."""

    accuracy: Interval
    metrics: Mapping[str, Interval]
    kinds: Mapping[str, Kind]
    routing_f1: float
    """Macro-averaged over the destinations."""
    abstention: float | None
    """Share of the cases that must not be answered and were not; None where every case must be."""
    coverage: float
    """Share of all cases that were answered, at least partly."""
    model_calls: float
    """Mean of a case, like `tokens` and `cost_usd`."""
    tokens: float
    cost_usd: float
    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, run: Run) -> "Summary":
        """Sum up a run.

        Raises:
            InvalidInput: It holds no case.
        """
        cases = run.measured
        times = [one.answer.timings_ms.total for one in cases]
        used = [one.answer.usage for one in cases]
        return cls(
            accuracy=_accuracy(cases),
            metrics=_metrics(cases),
            kinds={
                kind: Kind(accuracy=_accuracy(group), metrics=_metrics(group))
                for kind, group in _by_kind(cases).items()
            },
            routing_f1=macro_f1(routing([_grade(one) for one in cases])),
            abstention=_abstention(cases),
            coverage=sum(one.answer.status not in HELD_BACK for one in cases) / len(cases),
            model_calls=_mean(one.model_calls for one in used),
            tokens=_mean(one.input_tokens + one.output_tokens for one in used),
            cost_usd=_mean(one.cost_usd for one in used),
            p50_ms=percentile(times, 50),
            p95_ms=percentile(times, 95),
        )


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile: the least value that `percent` % of all do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, ceil(len(ranked) * percent / 100) - 1)]


def _accuracy(cases: Sequence[Measured]) -> Interval:
    return mean_of([float(one.correct) for one in cases])


def _metrics(cases: Sequence[Measured]) -> dict[str, Interval]:
    values: dict[str, list[float]] = {}
    for one in cases:
        for name, value in one.metrics.items():
            values.setdefault(name, []).append(value)
    return {name: mean_of(found) for name, found in values.items()}


def _by_kind(cases: Iterable[Measured]) -> Mapping[str, list[Measured]]:
    groups: dict[str, list[Measured]] = {}
    for one in cases:
        groups.setdefault(one.case.kind, []).append(one)
    return groups


def _abstention(cases: Iterable[Measured]) -> float | None:
    due = [one for one in cases if one.case.status in HELD_BACK]
    held = [one for one in due if one.answer.status in HELD_BACK]
    return len(held) / len(due) if due else None


def _grade(one: Measured) -> Grade:
    return Grade(case=one.case, answer=one.answer, wrong=one.wrong)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
