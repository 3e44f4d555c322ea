"""Packing into a budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ranking.packing import pack, strongest_at_the_ends

SIZES = st.lists(st.integers(0, 50), max_size=20)


def size(item: int) -> int:
    """Return an item's size: itself."""
    return item


def test_what_does_not_fit_is_passed_over() -> None:
    """Smaller items behind it still get in."""
    assert pack([5, 9, 4, 3], budget=10, size=size) == [5, 4]


@pytest.mark.parametrize("budget", [0, -3])
def test_no_budget_packs_nothing(budget: int) -> None:
    """Not even a little."""
    assert pack([1, 2], budget=budget, size=size) == []


@given(SIZES, st.integers(0, 200))
def test_packing_never_exceeds_its_budget(sizes: list[int], budget: int) -> None:
    """It keeps the order, and nothing that was left out would fit."""
    packed = pack(sizes, budget=budget, size=size)
    assert sum(packed) <= budget
    rest = iter(sizes)
    assert all(item in rest for item in packed)
    left_out = list(sizes)
    for item in packed:
        left_out.remove(item)
    assert all(item > budget - sum(packed) for item in left_out)


@pytest.mark.parametrize(
    ("ranked", "ordered"),
    [([], []), ([1], [1]), ([1, 2], [1, 2]), ([1, 2, 3, 4, 5], [1, 3, 5, 4, 2])],
    ids=["none", "one", "two", "five"],
)
def test_the_strongest_stand_at_the_ends(ranked: list[int], ordered: list[int]) -> None:
    """The best first, the second best last, the weakest in the middle."""
    assert strongest_at_the_ends(ranked) == ordered


@given(SIZES)
def test_standing_at_the_ends_loses_nothing(sizes: list[int]) -> None:
    """It is a permutation in which ranks rise to the middle and fall behind it."""
    ordered = strongest_at_the_ends(list(range(len(sizes))))
    assert sorted(ordered) == list(range(len(sizes)))
    weakest = ordered.index(max(ordered)) if ordered else 0
    assert ordered[: weakest + 1] == sorted(ordered[: weakest + 1])
    assert ordered[weakest:] == sorted(ordered[weakest:], reverse=True)
