"""Two runs over the same cases: what changed, how sure that is, and which cases it changed for."""

from collections.abc import Iterable, Mapping, Sequence

from agent.evaluation.measured import Kept, Measured
from agent.evaluation.runs import Run
from agent.evaluation.statistics import Interval, difference_of


class Flip(Kept):
    """A case that is right in one run and wrong in the other."""

    id: str
    kind: str
    question: str
    before: tuple[str, ...]
    """What was wrong before; nothing where it was right."""
    after: tuple[str, ...]


class Comparison(Kept):
    """What the second run has more than the first; intervals are paired, over the cases of both."""

    before: str
    after: str
    shared: int
    """Cases in both."""
    accuracy: Interval
    metrics: Mapping[str, Interval]
    kinds: Mapping[str, Interval]
    """Accuracy by kind of case."""
    won: tuple[Flip, ...]
    lost: tuple[Flip, ...]


def compare(before: Run, after: Run) -> Comparison:
    """Compare two runs.

    Raises:
        InvalidInput: They share no case.
    """
    first = {one.case.id: one for one in before.measured}
    second = {one.case.id: one for one in after.measured}
    both = [name for name in first if name in second]
    kinds = dict.fromkeys(second[name].case.kind for name in both)
    flips = [_flip(first[name], second[name]) for name in both if first[name].correct != second[name].correct]
    return Comparison(
        before=before.info.name,
        after=after.info.name,
        shared=len(both),
        accuracy=difference_of(before.correct, after.correct),
        metrics=_metrics(list(first.values()), list(second.values())),
        kinds={
            kind: difference_of(_right(first.values(), kind), _right(second.values(), kind)) for kind in kinds
        },
        won=tuple(flip for flip in flips if not flip.after),
        lost=tuple(flip for flip in flips if flip.after),
    )


def _flip(before: Measured, after: Measured) -> Flip:
    case = after.case
    return Flip(id=case.id, kind=case.kind, question=case.question, before=before.wrong, after=after.wrong)


def _right(cases: Iterable[Measured], kind: str) -> dict[str, float]:
    return {one.case.id: float(one.correct) for one in cases if one.case.kind == kind}


def _metrics(before: Sequence[Measured], after: Sequence[Measured]) -> dict[str, Interval]:
    """Compare every metric over the cases that have it in both runs."""
    names = sorted({name for one in before for name in one.metrics})
    differences = {}
    for name in names:
        first, second = _values(before, name), _values(after, name)
        if first.keys() & second.keys():
            differences[name] = difference_of(first, second)
    return differences


def _values(cases: Sequence[Measured], name: str) -> dict[str, float]:
    return {one.case.id: one.metrics[name] for one in cases if name in one.metrics}
