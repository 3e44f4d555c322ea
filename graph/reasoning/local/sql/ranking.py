"""Rules for superlatives: the first rows by a figure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graph.reasoning.local.sql.frame import Order, Phase, State, Target
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import PREPOSITIONS, word_set
from graph.reasoning.local.sql.quantities import countable, number_at, quantities
from graph.reasoning.local.sql.selecting import ITEM, KEYWORD, worth
from graph.reasoning.local.sql.superlatives import Superlative

_MANY = word_set("most least fewest")
_OFTEN = word_set("times frequently often")
_LISTED = 0.3
"""What a superlative loses behind "and", where it mostly is a figure to be shown."""
_COUNTED_FIRST = 0.2
"""Rows that belong to a thing are meant before a column that is called like them."""


@dataclass(frozen=True, slots=True)
class _Ranking:
    found: Superlative
    end: int
    limit: int
    score: float


def superlative(lattice: Lattice, state: State) -> Iterator[State]:
    """Read "the youngest singer", "the most concerts", "the 3 largest", "the highest capacity"."""
    if state.phase == "open" or state.frame.superlative or state.scope != "all" or state.negated:
        return
    ranking = _ranking(lattice, state.at)
    if ranking is None:
        return
    yield from _by_itself(lattice, state, ranking)
    if state.phase != "select":
        yield from _of_noun(lattice, state, ranking)


def _ranking(lattice: Lattice, at: int) -> _Ranking | None:
    start = lattice.past_determiners(at + (lattice.word(at) in PREPOSITIONS))
    number = number_at(lattice, start)
    if lattice.word(start) == "top" and number_at(lattice, start + 1) is not None:
        number = number_at(lattice, start + 1)
        found: Superlative | None = lattice.superlative(start + 2) or Superlative(start + 2, True, ())
    else:
        found = lattice.superlative(start + (number is not None))
    if found is None or lattice.word(start - 1) in {"at", "than"}:
        return None
    if lattice.word(found.end - 1) in {"first", "last"} and not lattice.tables(found.end):
        return None
    end = found.end
    if number is None and number_at(lattice, end) is not None:
        number, end = number_at(lattice, end), end + 1
    listed = _LISTED * (lattice.word(at - 1) in {"and", ","})
    return _Ranking(found, end, int(number or 1), KEYWORD * (end - at) - listed)


def _by_itself(lattice: Lattice, state: State, ranking: _Ranking) -> Iterator[State]:
    """Read a superlative that says itself what is measured: "youngest", "most common"."""
    found, phase = ranking.found, _phase(state)
    if found.frequent:
        first = _first(state, Target(None, "count"), ranking)
        yield first.moved(ranking.end, ranking.score + ITEM, phase)
        return
    named = lattice.measured(found.end - 1, found.end, found.measures)
    measured = lattice.measurable(named) if named is not None else None
    if measured is not None:
        yield _first(state, Target(measured), ranking).moved(ranking.end, ranking.score + ITEM, phase)


def _phase(state: State) -> Phase:
    return "select" if state.phase == "select" else "body"


def _of_noun(lattice: Lattice, state: State, ranking: _Ranking) -> Iterator[State]:
    """Read what the superlative stands before: a figure to order by, or rows to count."""
    found, many = ranking.found, lattice.word(ranking.found.end - 1) in _MANY
    if found.frequent:
        return
    for quantity in quantities(lattice, ranking.end):
        mention = quantity.target.mention
        if mention is not None and quantity.target.function is None:
            mention = countable(lattice, mention) if many else lattice.measurable(mention)
        if mention is not None:
            first = _first(state, replace(quantity.target, mention=mention), ranking, role=quantity.role)
            counted = _COUNTED_FIRST * (quantity.target.function == "count")
            yield first.moved(quantity.end, ranking.score + quantity.score + counted, "body")
    if found.measures:
        return
    for mention in filter(lattice.is_plural, lattice.tables(ranking.end)):  # "most stock" is an amount
        first = _first(state, Target(mention, "count"), ranking)
        yield first.moved(mention.end, ranking.score + worth(mention) + _COUNTED_FIRST, "body")
    if lattice.word(ranking.end) in _OFTEN:
        first = _first(state, Target(None, "count"), ranking)
        yield first.moved(ranking.end + 1, ranking.score + KEYWORD, "body")


def _first(state: State, key: Target, ranking: _Ranking, *, role: str | None = None) -> State:
    orders = (Order(key, ranking.found.descending, aged=ranking.found.aged),)
    roles = state.frame.roles if role is None else (*state.frame.roles, role)
    limit = state.frame.limit or ranking.limit
    return replace(
        state, frame=replace(state.frame, orders=orders, roles=roles, limit=limit, superlative=True)
    )
