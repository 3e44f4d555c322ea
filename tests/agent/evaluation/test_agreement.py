"""Agreement of two raters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evaluation.agreement import Pairs, agreement, kappa, kappa_interval
from tools.errors import InvalidInput

COHEN: Pairs = [*[("yes", "yes")] * 20, *[("yes", "no")] * 5, *[("no", "yes")] * 10, *[("no", "no")] * 15]
"""Worked by hand: p_o = 35/50, p_e = (25 * 30 + 25 * 20) / 2500 = 1/2."""
LABELS = st.tuples(st.sampled_from(["a", "b", 3]), st.sampled_from(["a", "b", 3]))


def test_kappa_is_the_one_computed_by_hand() -> None:
    """Agreement of 0.7 where chance alone would give 0.5."""
    assert agreement(COHEN) == pytest.approx(0.7)
    assert kappa(COHEN) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        pytest.param([(1, 1), (0, 0)], 1.0, id="always the same"),
        pytest.param([(1, 0), (0, 1)], -1.0, id="always the opposite"),
        pytest.param([(1, 1), (1, 0), (0, 1), (0, 0)], 0.0, id="as by chance"),
        pytest.param([(1, 1), (1, 1)], 0.0, id="one label only shows nothing"),
    ],
)
def test_kappa_at_its_ends(pairs: Pairs, value: float) -> None:
    """No division by zero, and no agreement claimed where there is nothing to tell apart."""
    assert kappa(pairs) == value


@given(st.lists(LABELS, min_size=1, max_size=40))
def test_kappa_knows_no_first_rater(pairs: list[tuple[str | int, str | int]]) -> None:
    """It never exceeds the agreement, or one, and stays when the raters change places."""
    assert kappa(pairs) == pytest.approx(kappa([(other, one) for one, other in pairs]))
    assert -1.0 <= kappa(pairs) <= agreement(pairs) <= 1.0


def test_the_interval_narrows_with_more_labels() -> None:
    """It holds the estimate, and four times the pairs halve it about."""
    few, many = kappa_interval(COHEN), kappa_interval([*COHEN] * 4)
    assert few.low < few.estimate < few.high
    assert few.estimate == many.estimate == pytest.approx(0.4)
    assert (many.high - many.low) / (few.high - few.low) == pytest.approx(0.5, abs=0.1)
    assert (few.cases, many.cases) == (50, 200)


def test_nothing_to_compare_is_told() -> None:
    """An agreement about nothing is no number."""
    for measure in (agreement, kappa, kappa_interval):
        with pytest.raises(InvalidInput, match="no labels to compare"):
            measure([])
