"""Ratings from games."""

import math

import numpy
import pytest

from agent.evaluation.rating import BASE, SCALE, Game, Result, bradley_terry, elo
from tools.errors import InvalidInput


def games(first: str, second: str, *, won: int = 0, lost: int = 0, tied: int = 0) -> list[Game]:
    """Return games between two systems."""
    results: list[Result] = ["first"] * won
    results += ["second"] * lost
    results += ["tie"] * tied
    return [Game(first=first, second=second, result=result) for result in results]


def simulated(strengths: dict[str, float], *, each: int, seed: int) -> list[Game]:
    """Return games that are won with the odds of the strengths."""
    chance, names = numpy.random.default_rng(seed), sorted(strengths)
    return [
        Game(
            first=one,
            second=other,
            result="first"
            if chance.random() < strengths[one] / (strengths[one] + strengths[other])
            else "second",
        )
        for one in names
        for other in names
        if one < other
        for _ in range(each)
    ]


def test_two_systems_are_as_far_apart_as_their_odds() -> None:
    """With two systems the likelihood has its maximum at the odds themselves; ties are half a win each."""
    rated = bradley_terry(games("a", "b", won=700, lost=200, tied=100))
    assert list(rated) == ["a", "b"]
    apart = rated["a"].estimate - rated["b"].estimate
    assert apart == pytest.approx(SCALE * math.log10(750 / 250), abs=0.5)
    assert rated["a"].low < rated["a"].estimate < rated["a"].high
    assert rated["a"].cases == 1000


def test_strengths_are_found_again() -> None:
    """What games were drawn from lies in the intervals; the mean of the ratings is the base."""
    strengths = {"a": 1.0, "b": 2.0, "c": 4.0, "d": 8.0}
    rated = bradley_terry(simulated(strengths, each=300, seed=1))
    assert list(rated) == ["d", "c", "b", "a"]
    middle = math.log10(math.prod(strengths.values())) / 4
    for name, strength in strengths.items():
        truth = BASE + SCALE * (math.log10(strength) - middle)
        assert rated[name].low - 10 < truth < rated[name].high + 10
    assert sum(one.estimate for one in rated.values()) / 4 == pytest.approx(BASE)


def test_who_never_loses_is_rated_all_the_same() -> None:
    """The likelihood alone would put it infinitely far ahead."""
    rated = bradley_terry(games("a", "b", won=5))
    assert BASE < rated["a"].estimate < BASE + 3 * SCALE
    assert math.isfinite(rated["b"].low)


def test_systems_that_never_met_are_comparable_through_a_third() -> None:
    """A beats B as B beats C; so A is twice as far ahead of C."""
    rated = bradley_terry([*games("a", "b", won=300, lost=100), *games("b", "c", won=300, lost=100)])
    apart = [rated[one].estimate - rated[other].estimate for one, other in (("a", "b"), ("a", "c"))]
    assert apart[1] == pytest.approx(2 * apart[0], rel=0.02)


def test_elo_does_not_depend_on_the_order() -> None:
    """The last game weighs no more than the first."""
    played = simulated({"a": 1.0, "b": 2.0, "c": 4.0}, each=20, seed=2)
    rated = elo(played)
    assert list(rated) == ["c", "b", "a"]
    assert elo(played[::-1]) == rated
    assert sum(rated.values()) == pytest.approx(3 * BASE)


def test_ties_leave_both_where_they_are() -> None:
    """Equal systems have equal ratings, by either method."""
    tied = games("a", "b", tied=10)
    assert elo(tied) == {"a": BASE, "b": BASE}
    assert {one.estimate for one in bradley_terry(tied).values()} == {BASE}


def test_what_cannot_be_rated_is_refused() -> None:
    """No games, and a system against itself."""
    for rate in (elo, bradley_terry):
        with pytest.raises(InvalidInput, match="there are no games"):
            rate([])
    with pytest.raises(InvalidInput, match="compared with itself"):
        Game(first="a", second="a", result="tie")
