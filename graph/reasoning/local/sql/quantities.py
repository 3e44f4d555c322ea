"""Phrases for figures by which rows are ordered, ranked or limited, and for numbers of rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graph.reasoning.local.sql.frame import Mention, Target
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import (
    AFTERWARDS,
    AGGREGATES,
    COMPARISONS,
    COUNTERS,
    Comparison,
    word_set,
)
from graph.reasoning.local.sql.selecting import KEYWORD, worth
from graph.reasoning.local.sql.vocabulary import ROLES

_TIMES = {"once": 1, "twice": 2}
_LIMITS = word_set("than least most exactly only")
_SEVERAL = word_set("multiple several")
_COUNTED = word_set("count number counts numbers total frequency")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure that a phrase names."""

    target: Target
    end: int
    score: float
    role: str | None = None
    """Which of several references is meant, as in "the number of arriving flights"."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of rows, such as "at least 2" or "1 to 3"."""

    comparison: Comparison
    numbers: tuple[int | float, ...]
    end: int
    score: float


def quantities(lattice: Lattice, at: int) -> Iterator[Quantity]:
    """Yield the figures that stand at a place: a column, a number of rows, an aggregate."""
    start = lattice.past_determiners(at)
    skipped = KEYWORD * (start - at)
    for mention in lattice.columns(start):
        yield Quantity(Target(mention), mention.end, skipped + worth(mention))
    yield from _counted(lattice, start, skipped)
    function = lattice.phrase(start, AGGREGATES)
    if function is not None:
        end, name = function
        noun = lattice.past_determiners(end + (lattice.word(end) == "of"))
        noun = next((lattice.past_determiners(place) for place in lattice.among(noun, COUNTERS)), noun)
        for mention in lattice.columns(noun):
            score = skipped + KEYWORD * (noun - start) + worth(mention)
            yield Quantity(Target(mention, name), mention.end, score)


def _counted(lattice: Lattice, at: int, skipped: float) -> Iterator[Quantity]:
    for end in lattice.among(at, COUNTERS):
        noun = lattice.past_determiners(end)
        role = next((name for name, words in ROLES.items() if lattice.word(noun) in words), None)
        noun += role is not None
        score = skipped + KEYWORD * (noun - at)
        for mention in lattice.tables(noun):
            yield Quantity(Target(mention, "count"), mention.end, score + worth(mention), role)
        for mention in lattice.columns(noun):
            measured = lattice.measurable(mention)
            if measured is not None:
                yield Quantity(Target(measured), mention.end, score + worth(measured))
    if lattice.word(at) in _COUNTED and lattice.word(at + 1) != "of":
        yield Quantity(Target(None, "count"), at + 1, skipped + KEYWORD)


def amounts(lattice: Lattice, at: int) -> Iterator[Amount]:
    """Yield the numbers of rows that stand at a place, a preposition before them included."""
    start = at + (lattice.word(at) in {"in", "by", "with", "for", "of"})
    lead = KEYWORD * (start - at)
    if lattice.word(start) in _SEVERAL:
        yield Amount(">", (1,), start + 1, lead + KEYWORD)
        return
    compared = lattice.phrase(start, COMPARISONS)
    if compared is None:
        yield from _plain(lattice, start + (lattice.word(start) == "between"), lead)
        return
    end, comparison = compared
    number = number_at(lattice, end)
    if number is not None:
        yield Amount(comparison, (number,), end + 1, lead + KEYWORD * (end + 1 - start))


def _plain(lattice: Lattice, start: int, lead: float) -> Iterator[Amount]:
    number = number_at(lattice, start)
    if number is None:
        return
    after = lattice.phrase(start + 1, AFTERWARDS)
    last = number_at(lattice, start + 2)
    if after is not None:
        yield Amount(after[1], (number,), after[0], lead + KEYWORD * (after[0] - start))
    elif lattice.word(start + 1) in {"to", "and"} and last is not None:
        yield Amount("=", (number, last), start + 3, lead + 3 * KEYWORD)
    else:
        yield Amount("=", (number,), start + 1, lead + KEYWORD)


def number_at(lattice: Lattice, at: int) -> int | float | None:
    """Return the number at a place; "once" and "twice" count only behind a word such as "than"."""
    if at >= len(lattice):
        return None
    word = lattice.word(at)
    if word in _TIMES:
        return _TIMES[word] if lattice.word(at - 1) in _LIMITS else None
    return 1 if word == "a" and lattice.word(at + 1) == "single" else lattice.tokens[at].number


def countable(lattice: Lattice, mention: Mention) -> Mention | None:
    """Return the columns that hold amounts."""
    found = tuple(item for item in mention.candidates if lattice.amount(item.element))
    return replace(mention, candidates=found) if found else None
