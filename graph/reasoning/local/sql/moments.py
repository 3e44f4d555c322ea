"""Rules for moments: years, dates and periods."""

from collections.abc import Iterator
from dataclasses import replace

from graph.reasoning.local.sql.elements import Candidate
from graph.reasoning.local.sql.frame import Filter, Mention, State
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import AFTERWARDS, INVERSE, TIMES, word_set
from graph.reasoning.local.sql.selecting import KEYWORD
from graph.reasoning.local.sql.words import Token

_WITHIN = word_set("in during of on for within at")
_FIRST_YEAR, _LAST_YEAR = 1500, 2200
_MOMENT = 0.45


def period(lattice: Lattice, state: State, at: int, mention: Mention | None, score: float) -> Iterator[State]:
    """Read a moment: "in 2014", "opened after 2010", "in March 2024", "in year 2014 or after"."""
    before = lattice.phrase(at, TIMES)
    start, comparison = before or (at + (lattice.word(at) in _WITHIN), "=")
    start += lattice.word(start) == "the"
    place = start + (lattice.word(start) in {"year", "years"} and mention is None)
    mention = mention or _any_moment(lattice, start)
    if mention is None or place >= len(lattice):
        return
    score += KEYWORD * (place - at)
    found = lattice.periods.get(place)
    if found is not None and lattice.tokens[place].kind == "word":
        end, days = found
        limit = Filter(mention, "=", (days,), times=True)
        yield state.limited(limit, end, score + KEYWORD * (end - place))
    year = _year(lattice.tokens[place])
    if year is not None:
        yield from _years(lattice, state, Filter(mention, comparison, (year,), times=True), place, score)


def _year(token: Token) -> int | None:
    number = token.number
    plausible = token.kind == "number" and isinstance(number, int) and _FIRST_YEAR <= number <= _LAST_YEAR
    return int(token.folded) if plausible and token.folded.isdecimal() else None


def _years(lattice: Lattice, state: State, found: Filter, at: int, score: float) -> Iterator[State]:
    after = lattice.phrase(at + 1, AFTERWARDS)
    if after is not None and found.comparison == "=":
        limit = replace(found, comparison=after[1])
        yield state.limited(limit, after[0], score + KEYWORD * (after[0] - at))
        return
    end = at + 1
    while lattice.word(end) == "or" and end + 1 < len(lattice) and found.comparison == "=":
        other = _year(lattice.tokens[end + 1])
        if other is None:
            break
        found, end = replace(found, operands=(*found.operands, other)), end + 2
    if state.negated:
        found, state = replace(found, comparison=INVERSE[found.comparison]), replace(state, negated=False)
    yield state.limited(found, end, score + KEYWORD * (end - at))


def _any_moment(lattice: Lattice, at: int) -> Mention | None:
    """Return every column that holds moments, for a moment without the name of its column."""
    found = tuple(Candidate(element=element, score=_MOMENT) for element in lattice.moments)
    return Mention(at, at, found) if found else None
