"""Intervals of means and of paired differences."""

import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.evaluation.statistics import Decision, Interval, difference_of, mean_of
from tools.errors import InvalidInput

SAMPLES = st.lists(st.floats(min_value=-5, max_value=5), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(SAMPLES)
def test_an_interval_holds_its_estimate_and_stays_among_the_values(values: list[float]) -> None:
    """A mean of resampled values can lie nowhere else."""
    found = mean_of(values, rounds=400)
    slack = 1e-9
    assert found.estimate == pytest.approx(math.fsum(values) / len(values), abs=slack)
    assert min(values) - slack <= found.low <= found.high <= max(values) + slack
    assert found.cases == len(values)


@settings(max_examples=20, deadline=None)
@given(SAMPLES)
def test_the_same_values_give_the_same_interval(values: list[float]) -> None:
    """Whoever measures again must not get another verdict."""
    assert mean_of(values, rounds=200) == mean_of(values, rounds=200)


def test_the_interval_of_a_share_is_the_one_of_the_binomial() -> None:
    """Of 100 cases, 80 right: the resampled count is binomial, its 2.5 and 97.5 % quantiles are 72 and 87."""
    found = mean_of([1.0] * 80 + [0.0] * 20)
    assert found.estimate == pytest.approx(0.8)
    assert found.low == pytest.approx(0.72, abs=0.011)
    assert found.high == pytest.approx(0.87, abs=0.011)


def test_all_resamples_of_two_values_can_be_enumerated() -> None:
    """Of 0 and 1 the means are 0, 1/2, 1 with chances 1/4, 1/2, 1/4."""
    wide, narrow = mean_of([0.0, 1.0]), mean_of([0.0, 1.0], level=0.4)
    assert (wide.low, wide.high) == (0.0, 1.0)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_a_mean_in_several_batches_is_one_of_all_rounds() -> None:
    """So many values do not fit into one batch, and the interval is that of the normal distribution."""
    chance = numpy.random.default_rng(4)
    values = chance.normal(size=5000).tolist()
    found = mean_of(values, rounds=800)
    deviation = 1 / math.sqrt(5000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * deviation, rel=0.12)


def test_the_truth_lies_in_the_interval_about_as_often_as_promised() -> None:
    """Four standard errors around 95 %, less what a bootstrap of 60 cases lacks."""
    chance = numpy.random.default_rng(7)
    truth, covered = 0.7, 0
    for _ in range(300):
        found = mean_of([float(chance.random() < truth) for _ in range(60)], rounds=500)
        covered += found.low <= truth <= found.high
    assert 0.89 <= covered / 300 <= 0.99


def test_pairing_takes_out_what_makes_cases_hard_for_both() -> None:
    """A small gain everywhere is sure, however much the cases differ among themselves."""
    chance = numpy.random.default_rng(3)
    before = {str(number): chance.uniform(0, 100) for number in range(40)}
    after = {name: value + chance.uniform(0.5, 1.5) for name, value in before.items()}
    found = difference_of(before, after)
    assert found.decision == "kept"
    assert found.high - found.low < 0.5
    apart = mean_of(list(before.values()))
    assert apart.high - apart.low > 10
    back = difference_of(after, before)
    assert back.estimate == pytest.approx(-found.estimate)
    assert back.decision == "harmful"


def test_only_shared_cases_are_compared_whatever_their_order() -> None:
    """The others are in neither mean."""
    before = {"a": 0.0, "b": 1.0, "only before": 0.0}
    after = {"only after": 1.0, "b": 1.0, "a": 1.0}
    found = difference_of(before, after)
    assert (found.estimate, found.cases) == (0.5, 2)
    assert found == difference_of(dict(reversed(before.items())), after)


@pytest.mark.parametrize(
    ("low", "high", "decision"),
    [
        (0.01, 0.2, "kept"),
        (0.0, 0.2, "no effect"),
        (-0.1, 0.1, "no effect"),
        (-0.2, 0.0, "no effect"),
        (-0.2, -0.01, "harmful"),
    ],
)
def test_only_an_interval_that_leaves_out_zero_decides(low: float, high: float, decision: Decision) -> None:
    """Zero at its edge is still possible."""
    assert Interval(estimate=(low + high) / 2, low=low, high=high, cases=9).decision == decision


def test_nothing_measured_is_told() -> None:
    """Neither a mean of nothing nor a comparison of strangers."""
    with pytest.raises(InvalidInput, match="at least one case"):
        mean_of([])
    with pytest.raises(InvalidInput, match="share no case"):
        difference_of({"a": 1.0}, {"b": 1.0})
