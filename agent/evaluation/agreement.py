"""How far two raters agree, beyond what chance alone would give."""

from collections import Counter
from collections.abc import Sequence

from agent.evaluation.statistics import LEVEL, SEED, Interval
from tools.errors import InvalidInput

Label = str | int
Pairs = Sequence[tuple[Label, Label]]
"""What each of two raters said of the same things."""

ROUNDS = 2_000
"""Resamples of kappa's interval."""


def agreement(pairs: Pairs) -> float:
    """Return the share of things that both raters label the same.

    Raises:
        InvalidInput: There are no pairs.
    """
    _demand(pairs)
    return sum(one == other for one, other in pairs) / len(pairs)


def kappa(pairs: Pairs) -> float:
    """Return Cohen's kappa (1960), at most 1; 0 is what chance alone would give.

        kappa = (p_o - p_e) / (1 - p_e),  p_e = sum over labels of share(first) * share(second)

    Where both raters only ever use one and the same label, chance explains everything and the quotient is
    0 / 0; that counts as 0, for such pairs do not show that the raters can tell anything apart.

    Raises:
        InvalidInput: There are no pairs.
    """
    _demand(pairs)
    return _kappa(Counter(pairs))


def kappa_interval(pairs: Pairs, *, rounds: int = ROUNDS, level: float = LEVEL) -> Interval:
    """Return kappa with its percentile bootstrap interval over the pairs.

    Raises:
        InvalidInput: There are no pairs.
    """
    import numpy

    _demand(pairs)
    counts = Counter(pairs)
    kinds = list(counts)
    shares = [counts[kind] / len(pairs) for kind in kinds]
    drawn = numpy.random.default_rng(SEED).multinomial(len(pairs), shares, size=rounds)
    kappas = [_kappa(dict(zip(kinds, row, strict=True))) for row in drawn.tolist()]
    low, high = numpy.quantile(kappas, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate=_kappa(counts), low=float(low), high=float(high), cases=len(pairs))


def _demand(pairs: Pairs) -> None:
    if not pairs:
        raise InvalidInput("no labels to compare; give at least one that both raters gave")


def _kappa(counts: dict[tuple[Label, Label], int]) -> float:
    """Return kappa of how often each pair of labels was given."""
    first: Counter[Label] = Counter()
    second: Counter[Label] = Counter()
    for (one, other), count in counts.items():
        first[one] += count
        second[other] += count
    total = first.total()
    # In whole numbers, so that a quotient of 0 / 0 is recognised exactly.
    same = total * sum(count for (one, other), count in counts.items() if one == other)
    chance = sum(first[label] * second[label] for label in first)
    return (same - chance) / (total**2 - chance) if chance < total**2 else 0.0
