"""Ratings of systems from games between two of them: Elo, and Bradley–Terry with intervals."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agent.evaluation.statistics import LEVEL, SEED, Interval
from tools.errors import InvalidInput

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Counts = NDArray[numpy.float64]
    """Wins of the row's system over the column's, shape (systems, systems)."""

Result = Literal["first", "second", "tie"]

BASE, SCALE = 1000.0, 400.0
"""Mean of all ratings; ten to one are the odds of a system that is `SCALE` points ahead."""
STEP = 16.0
SHUFFLES, ROUNDS = 200, 500
PRIOR = 0.1
"""Games, half won, that each two systems are taken to have played besides, so that all odds are finite."""
STEPS, ENOUGH = 2000, 1e-8
"""Most steps of the algorithm, and the relative change of a strength that ends it."""

POINTS: Mapping[Result, float] = {"first": 1.0, "tie": 0.5, "second": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """One comparison of two different systems."""

    first: str
    second: str
    result: Result

    def __post_init__(self) -> None:
        """Refuse a system that plays itself.

        Raises:
            InvalidInput: Both names are the same.
        """
        if self.first == self.second:
            raise InvalidInput(f"{self.first!r} was compared with itself; compare two different systems")


def elo(games: Sequence[Game], *, shuffles: int = SHUFFLES) -> dict[str, float]:
    """Return Elo's rating of each system, the best first, as the mean over shuffled orders of the games.

        expected = 1 / (1 + 10 ** ((second - first) / SCALE)),  first += STEP * (points - expected)

    One order alone would favour whoever won last; the result does not depend on the order given.

    Raises:
        InvalidInput: There are no games.
    """
    import numpy

    _demand(games)
    # Sorted, so that the shuffles are the same ones whatever order the games came in.
    ordered = sorted(games, key=lambda game: (game.first, game.second, game.result))
    chance = numpy.random.default_rng(SEED)
    total = dict.fromkeys(_systems(games), 0.0)
    for _ in range(shuffles):
        for name, rating in _played(
            ordered[int(place)] for place in chance.permutation(len(ordered))
        ).items():
            total[name] += rating
    return _best_first({name: rating / shuffles for name, rating in total.items()})


def bradley_terry(
    games: Sequence[Game], *, rounds: int = ROUNDS, level: float = LEVEL
) -> dict[str, Interval]:
    """Return the rating of each system, the best first, with its percentile bootstrap interval.

        P(i beats j) = s_i / (s_i + s_j),  rating = BASE + SCALE * log10(s_i / geometric mean of all s)

    Strengths s maximise the likelihood by the MM algorithm (Hunter, Annals of Statistics 32, 2004); a tie
    is half a win for both. Games are drawn anew for each round of the bootstrap.

    Raises:
        InvalidInput: There are no games.
    """
    import numpy

    _demand(games)
    systems = _systems(games)
    kinds = list(dict.fromkeys(games))
    shares = numpy.asarray([games.count(kind) for kind in kinds], dtype=numpy.float64) / len(games)
    drawn = numpy.random.default_rng(SEED).multinomial(len(games), shares, size=rounds)
    estimates = _ratings(_wins(systems, kinds, shares * len(games)))
    sampled = numpy.asarray([_ratings(_wins(systems, kinds, counts)) for counts in drawn])
    lows, highs = numpy.quantile(sampled, [(1 - level) / 2, (1 + level) / 2], axis=0)
    played = {name: sum(name in (game.first, game.second) for game in games) for name in systems}
    found = {
        name: Interval(estimate=float(estimate), low=float(low), high=float(high), cases=played[name])
        for name, estimate, low, high in zip(systems, estimates, lows, highs, strict=True)
    }
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].estimate, pair[0])))


def _demand(games: Sequence[Game]) -> None:
    if not games:
        raise InvalidInput("there are no games, so there is no rating; compare at least one pair of answers")


def _systems(games: Sequence[Game]) -> list[str]:
    return sorted({name for game in games for name in (game.first, game.second)})


def _best_first(ratings: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(ratings.items(), key=lambda pair: (-pair[1], pair[0])))


def _played(games: Iterator[Game]) -> dict[str, float]:
    """Return the ratings after the games in this order."""
    ratings: dict[str, float] = {}
    for game in games:
        first, second = ratings.get(game.first, BASE), ratings.get(game.second, BASE)
        expected = 1 / (1 + 10 ** ((second - first) / SCALE))
        gained = STEP * (POINTS[game.result] - expected)
        ratings[game.first], ratings[game.second] = first + gained, second - gained
    return ratings


def _wins(systems: Sequence[str], kinds: Sequence[Game], counts: "Counts") -> "Counts":
    import numpy

    wins = numpy.full((len(systems), len(systems)), PRIOR / 2)
    numpy.fill_diagonal(wins, 0.0)
    place = {name: number for number, name in enumerate(systems)}
    for game, count in zip(kinds, counts, strict=True):
        first, second = place[game.first], place[game.second]
        wins[first, second] += count * POINTS[game.result]
        wins[second, first] += count * (1 - POINTS[game.result])
    return wins


def _ratings(wins: "Counts") -> "Counts":
    """Return the ratings of maximal likelihood.

    s_i := wins of i / sum over j of games(i, j) / (s_i + s_j), until nothing changes
    """
    import numpy

    played, won = wins + wins.T, wins.sum(axis=1)
    strengths = numpy.ones(len(wins))
    for _ in range(STEPS):
        better = won / (played / (strengths[:, None] + strengths[None, :])).sum(axis=1)
        better /= math.exp(numpy.log(better).mean())
        settled = numpy.abs(better / strengths - 1).max() < ENOUGH
        strengths = better
        if settled:
            break
    ratings: Counts = BASE + SCALE * numpy.log10(strengths)
    return ratings
