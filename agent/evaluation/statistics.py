"""How sure a difference is: the bootstrap over cases, paired where two configurations are compared."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tools.errors import InvalidInput

ROUNDS = 10_000
"""Resamples of one interval."""
LEVEL = 0.95
SEED = 20231106
"""Fixed, so that the same answers give the same interval."""

Decision = Literal["kept", "no effect", "harmful"]


class Interval(BaseModel):
    """An estimate with its confidence interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    estimate: float
    low: float
    high: float
    cases: int
    """How many cases it rests on."""

    @property
    def decision(self) -> Decision:
        """What a difference says: better only where the whole interval is above zero."""
        if self.low > 0:
            return "kept"
        return "harmful" if self.high < 0 else "no effect"


def mean_of(values: Sequence[float], *, rounds: int = ROUNDS, level: float = LEVEL) -> Interval:
    """Return the mean with its percentile bootstrap interval (Efron 1979).

        low, high = quantiles (1 ∓ level) / 2 of mean(values drawn with replacement), `rounds` times

    Raises:
        InvalidInput: There are no values; a mean of nothing is no number.
    """
    import numpy

    if not values:
        raise InvalidInput("nothing was measured, so there is no mean; give at least one case")
    sample = numpy.asarray(values, dtype=numpy.float64)
    chance = numpy.random.default_rng(SEED)
    batch = max(1, 2_000_000 // len(sample))
    means: list[float] = []
    while len(means) < rounds:
        drawn = chance.integers(len(sample), size=(min(batch, rounds - len(means)), len(sample)))
        means.extend(sample[drawn].mean(axis=1))
    low, high = numpy.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate=float(sample.mean()), low=float(low), high=float(high), cases=len(sample))


def difference_of(
    before: Mapping[str, float], after: Mapping[str, float], *, rounds: int = ROUNDS, level: float = LEVEL
) -> Interval:
    """Return the mean of after - before over the cases that both have, with its paired bootstrap interval.

    Cases are drawn in pairs, so that what makes a case hard for both cancels out (Efron & Tibshirani 1993).

    Args:
        before: Value of each case, by id, in one configuration.
        after: The same in another.
        rounds: Resamples.
        level: Of the interval, in (0, 1).

    Raises:
        InvalidInput: No case is in both.
    """
    shared = sorted(before.keys() & after.keys())
    if not shared:
        raise InvalidInput("the two runs share no case; compare runs over the same dataset")
    return mean_of([after[name] - before[name] for name in shared], rounds=rounds, level=level)
