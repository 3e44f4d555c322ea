"""Rules for what limits the rows: conditions with and without their column, negation, "both"."""

from collections.abc import Iterator
from dataclasses import replace

from graph.reasoning.local.sql.comparing import before_column, behind_column, extreme, number_of
from graph.reasoning.local.sql.equalling import bare_values, equal, value_first
from graph.reasoning.local.sql.frame import Mention, State
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import NEGATIONS, PREPOSITIONS, word_set
from graph.reasoning.local.sql.moments import period
from graph.reasoning.local.sql.patterns import pattern
from graph.reasoning.local.sql.selecting import KEYWORD, worth

_BE = word_set("is are was were be equals equal to of = as being that in either")
_WITH = word_set("with has have having of")
_CONNECTED = 0.9
_UNSURE = 0.1
"""What is lost when "and" may go on with what is left out or leave it."""


def condition(lattice: Lattice, state: State) -> Iterator[State]:
    """Read one condition, with or without the name of its column."""
    if state.phase == "select":
        yield from value_first(lattice, state)
    if state.phase not in {"named", "body"}:
        return
    at, skipped = _past_preposition(lattice, state.at)
    for mention in lattice.columns(at):
        if lattice.is_rows(mention):
            continue
        yield from _on_column(lattice, state, mention, skipped + worth(mention))
    yield from before_column(lattice, state, at, skipped)
    if lattice.word(at - 1) in _WITH:
        yield from number_of(lattice, state, "=", at, skipped)
    yield from bare_values(lattice, state, at, skipped)
    yield from period(lattice, state, state.at, None, 0.0)
    yield from pattern(lattice, state, at, None, skipped)


def _past_preposition(lattice: Lattice, at: int) -> tuple[int, float]:
    start = at
    if lattice.word(at) in PREPOSITIONS:
        at += 1
    at = lattice.past_determiners(at)
    return at, KEYWORD * (at - start)


def _on_column(lattice: Lattice, state: State, mention: Mention, score: float) -> Iterator[State]:
    at = mention.end
    yield from period(lattice, state, at, mention, score)
    yield from pattern(lattice, state, at, mention, score)
    yield from behind_column(lattice, state, mention, at, score)
    while lattice.word(at) in _BE or lattice.word(at) == "not":
        if lattice.word(at) == "not":
            state = replace(state, negated=not state.negated)
        at, score = at + 1, score + KEYWORD
        yield from behind_column(lattice, state, mention, at, score)
        yield from period(lattice, state, at, mention, score)
    yield from equal(lattice, state, mention, at, score)
    yield from extreme(lattice, state, mention, at, score)


def negation(lattice: Lattice, state: State) -> Iterator[State]:
    """Deny what follows."""
    word = lattice.word(state.at)
    if state.phase in {"named", "body"} and word in NEGATIONS and not state.negated:
        at = state.at + 1 + (lattice.word(state.at + 1) == "for")
        yield replace(state.moved(at, KEYWORD * (at - state.at), "body"), negated=True)


def connection(lattice: Lattice, state: State) -> Iterator[State]:
    """Go on to the next condition: "and", "or", "but", a comma; or begin two sides: "both", "either"."""
    if state.phase not in {"named", "body"}:
        return
    word = lattice.word(state.at)
    if word in {"and", "but", ",", "that"}:
        yield from _joined(state.moved(state.at + 1, _CONNECTED, "body"), word)
    following = state.moved(state.at + 1, KEYWORD, "body")
    if word == "or" and state.frame.filters:
        yield replace(following, either=True)
    elif word == "both" and state.scope == "all":
        yield replace(following, scope="first")
    elif word == "either":
        yield following


def _joined(state: State, word: str) -> Iterator[State]:
    """Go on behind "and": with the other side of "both", or perhaps no longer with what is left out."""
    if state.scope == "first" and word == "and":
        yield replace(state, scope="second")
    elif state.scope == "excluded" and word in {"and", "but"}:
        yield replace(state, score=state.score - _UNSURE)
        yield replace(state, scope="all", score=state.score - _UNSURE)
    else:
        yield state
