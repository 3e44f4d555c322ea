"""Rules for the order of rows: "sorted by age", "in alphabetical order", "from oldest to youngest"."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graph.reasoning.local.sql.frame import Order, State, Target
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import DIRECTIONS, SORTERS, word_set
from graph.reasoning.local.sql.quantities import quantities
from graph.reasoning.local.sql.selecting import KEYWORD

_BEFORE = word_set("and , the results result")
_OF = word_set("of for in on by")
_RISING = {
    "high": True,
    "old": True,
    "large": True,
    "most": True,
    "low": False,
    "young": False,
    "small": False,
}
_BARE = 0.3
"""What a lone "by" loses, which is more often something else."""
_UNSAID = 0.2
"""What an order without its key loses."""


@dataclass(frozen=True, slots=True)
class _Direction:
    end: int
    descending: bool
    aged: bool = False
    measures: tuple[str, ...] = ()
    """Stems of the columns that the words speak of, as in "from the oldest"."""


def order(lattice: Lattice, state: State) -> Iterator[State]:
    """Read what the rows are sorted by, and in which direction."""
    if state.phase not in {"named", "body"} or state.frame.superlative or state.negated:
        return
    start = state.at
    while lattice.word(start) in _BEFORE and start < state.at + 3:
        start += 1
    for end in lattice.among(start, SORTERS):
        score = KEYWORD * (end - state.at)
        yield from _directed_first(lattice, state, end, score)
        if lattice.word(end - 1) in {"by", "of"} and lattice.word(end - 2) != "in":
            yield from _keyed(lattice, state, end, None, score - _BARE * (end == start + 1))
    if not state.frame.orders:
        for direction in _directions(lattice, start):
            yield from _keyed(lattice, state, direction.end, direction, KEYWORD * (direction.end - state.at))


def _directions(lattice: Lattice, at: int) -> Iterator[_Direction]:
    """Read words for a direction, and "from the oldest to the youngest"."""
    start = at + (lattice.word(at) in {"in", "from"})
    start += lattice.word(start) in {"an", "a", "the"}
    found = lattice.phrase(start, DIRECTIONS)
    if found is not None:
        yield _Direction(*found)
    if "from" in {lattice.word(at), lattice.word(at - 1)}:
        yield from _from_to(lattice, start)


def _from_to(lattice: Lattice, start: int) -> Iterator[_Direction]:
    extreme = lattice.superlative(start)
    if extreme is not None and lattice.word(extreme.end) == "to":
        other = lattice.superlative(extreme.end + 1 + (lattice.word(extreme.end + 1) == "the"))
        if other is not None:
            yield _Direction(other.end, extreme.descending, extreme.aged, extreme.measures)
    word = lattice.word(start)
    if word in _RISING and lattice.word(start + 1) == "to" and lattice.word(start + 2) in _RISING:
        yield _Direction(start + 3, _RISING[word], word in {"old", "young"})


def _directed_first(lattice: Lattice, state: State, at: int, score: float) -> Iterator[State]:
    for direction in _directions(lattice, at):
        place = direction.end
        place += lattice.word(place) == "according"
        place += lattice.word(place) in _OF or lattice.word(place) == "to"
        yield from _keyed(lattice, state, place, direction, score + KEYWORD * (place - at))


def _keyed(
    lattice: Lattice, state: State, at: int, direction: _Direction | None, score: float
) -> Iterator[State]:
    """Read what the rows are sorted by, and then the direction unless it came first."""
    shown = [item for item in state.frame.targets if item.mention is not None or item.function is not None]
    if direction is not None and shown and at == direction.end:
        first = next((item for item in shown if item.function is None), shown[0])
        named = lattice.measured(at - 1, at, direction.measures)
        meant = first if named is None else Target(named)
        yield _sorted(state, meant, direction, at, score - _UNSAID)
    for key in quantities(lattice, at):
        total = score + key.score
        if direction is not None:
            yield _sorted(state, key.target, direction, key.end, total)
            continue
        yield _sorted(state, key.target, _Direction(key.end, False), key.end, total)
        for last in _directions(lattice, key.end):
            yield _sorted(state, key.target, last, last.end, total + KEYWORD * (last.end - key.end))


def _sorted(state: State, key: Target, direction: _Direction, at: int, score: float) -> State:
    found = Order(key, direction.descending, aged=direction.aged)
    return state.moved(at, score, "body", replace(state.frame, orders=(*state.frame.orders, found)))
