"""Rules for values: behind the name of their column, before a noun, or by themselves."""

from collections.abc import Iterator
from dataclasses import replace

from graph.reasoning.local.sql.frame import Filter, Mention, State
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import AFTERWARDS, word_set
from graph.reasoning.local.sql.selecting import ITEM, KEYWORD, worth
from graph.reasoning.local.sql.vocabulary import NAMING

_NAMED = word_set("named called titled entitled labeled labelled")
_UNKNOWN_VALUE = 0.4
"""What a quotation counts that no column is known to hold."""
_PREFERRED = 0.15


def equal(lattice: Lattice, state: State, mention: Mention, at: int, score: float) -> Iterator[State]:
    """Read the value of a column: "country France", "the year is 2014 or 2015"."""
    start = lattice.past_determiners(at)
    score += KEYWORD * (start - at)
    if start >= len(lattice):
        return
    number = lattice.tokens[start].number
    if number is not None and start == at and lattice.tokens[start].kind == "number":
        yield from _numbers(lattice, state, mention, number, start, score)
    for value in lattice.named_values(start):
        narrowed = _narrowed(mention, value)
        if narrowed is not None:
            yield from _listed(lattice, state, narrowed, value.end, score + (value.end - start))
    if lattice.tokens[start].kind == "quoted":
        found = Filter(mention, "=", (lattice.tokens[start].text,))
        yield state.limited(found, start + 1, score + _UNKNOWN_VALUE)


def _numbers(
    lattice: Lattice, state: State, mention: Mention, first: int | float, at: int, score: float
) -> Iterator[State]:
    after = lattice.phrase(at + 1, AFTERWARDS)
    if after is not None:
        end, comparison = after
        yield state.limited(Filter(mention, comparison, (first,)), end, score + KEYWORD * (end - at))
        return
    operands, end = [first], at + 1
    while lattice.word(end) in {"or", ","} and end + 1 < len(lattice):
        second = lattice.tokens[end + 1].number
        if second is None:
            break
        operands.append(second)
        end += 2
    yield state.limited(Filter(mention, "=", tuple(operands)), end, score + KEYWORD * (end - at))


def value_first(lattice: Lattice, state: State) -> Iterator[State]:
    """Read a value before the noun that is asked for: "French singers", "'United Airlines' flights"."""
    at = lattice.past_determiners(state.at)
    for value in lattice.named_values(at) if at < len(lattice) else ():
        yield from _with_column(lattice, state, value, KEYWORD * (at - state.at))
        if lattice.tables(value.end) or lattice.columns(value.end):
            frame = replace(
                state.frame, filters=(*state.frame.filters, Filter(_preferring(lattice, value, display=True)))
            )
            yield state.moved(value.end, KEYWORD * (at - state.at) + (value.end - at) + ITEM, "select", frame)


def _with_column(lattice: Lattice, state: State, value: Mention, score: float) -> Iterator[State]:
    """Read "high priority tickets": the value, its column, then the noun."""
    for column in lattice.columns(value.end):
        narrowed = _narrowed(column, value)
        if narrowed is not None and lattice.tables(column.end):
            found = replace(narrowed, start=value.start, end=column.end)
            frame = replace(state.frame, filters=(*state.frame.filters, Filter(found)))
            total = score + (value.end - value.start) + worth(column) + _PREFERRED
            yield state.moved(column.end, total, "select", frame)


def bare_values(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    """Read a value without its column: "from France", "French singers"."""
    named = lattice.word(at) in _NAMED or (lattice.word(at) in NAMING and lattice.word(at - 1) == "whose")
    start = at + named
    if start >= len(lattice):
        return
    for value in lattice.named_values(start):
        mention = _naming(lattice, value) if named else _preferring(lattice, value, display=at == state.at)
        if mention is not None:
            for column in lattice.columns(value.end):
                narrowed = _narrowed(column, value)
                if narrowed is not None:
                    yield state.limited(
                        Filter(narrowed), column.end, skipped + worth(column) + (value.end - start)
                    )
            score = skipped + KEYWORD * named + (value.end - start) + ITEM
            yield from _listed(lattice, state, mention, value.end, score)


def _preferring(lattice: Lattice, value: Mention, *, display: bool) -> Mention:
    """Return a value with the columns that name their rows first, or last."""
    weighed = (
        replace(candidate, score=candidate.score + _PREFERRED)
        if (lattice.elements.display(candidate.element.table) == candidate.element) == display
        else candidate
        for candidate in value.candidates
    )
    return replace(value, candidates=tuple(sorted(weighed, key=lambda candidate: -candidate.score)))


def _naming(lattice: Lattice, value: Mention) -> Mention | None:
    found = tuple(
        candidate
        for candidate in value.candidates
        if lattice.elements.display(candidate.element.table) == candidate.element
    )
    return replace(value, candidates=found) if found else None


def _narrowed(mention: Mention, value: Mention) -> Mention | None:
    """Return the columns that are named and hold the value."""
    held = {candidate.element: candidate.values for candidate in value.candidates}
    found = tuple(
        replace(candidate, values=held[candidate.element])
        for candidate in mention.candidates
        if candidate.element in held
    )
    return Mention(mention.start, value.end, found) if found else None


def _listed(lattice: Lattice, state: State, mention: Mention, at: int, score: float) -> Iterator[State]:
    """Read "A or B" as alternatives."""
    yield state.limited(Filter(mention), at, score)
    if lattice.word(at) not in {"or", ","}:
        return
    start = lattice.past_determiners(at + 1 + (lattice.word(at + 1) == "or"))
    elements = {candidate.element for candidate in mention.candidates}
    for value in lattice.named_values(start) if start < len(lattice) else ():
        shared = tuple(candidate for candidate in value.candidates if candidate.element in elements)
        if shared:
            first = state.limited(Filter(mention), at, score)
            rest = replace(value, candidates=shared)
            yield replace(first, either=True).limited(
                Filter(rest),
                value.end,
                KEYWORD * (start - at) + value.end - start,
            )
