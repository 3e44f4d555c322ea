"""Rules for comparisons: with numbers, ranges, and figures over all rows."""

from collections.abc import Iterator
from dataclasses import replace

from graph.reasoning.local.sql.frame import Computed, Filter, Mention, Order, State, Target
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import AGGREGATES, COMPARISONS, INVERSE, MEASURES, Comparison
from graph.reasoning.local.sql.quantities import countable
from graph.reasoning.local.sql.selecting import ITEM, KEYWORD, worth
from graph.reasoning.local.sql.superlatives import adjective_of
from graph.reasoning.local.sql.words import root

_SIGNS: dict[tuple[str, ...], Comparison] = {
    ("<",): "<",
    (">",): ">",
    ("=",): "=",
    ("<", "="): "<=",
    (">", "="): ">=",
    ("!", "="): "!=",
}
_COMPARED_WITH_ITSELF = 0.1
"""What "older than average" loses against an average whose column is named."""


def behind_column(lattice: Lattice, state: State, mention: Mention, at: int, score: float) -> Iterator[State]:
    """Read a comparison behind the name of its column: "capacity between 5 and 9", "age above 20"."""
    start = at + (lattice.word(at) in {"is", "that", "are"})
    if lattice.word(start) == "between":
        yield from _between(lattice, state, mention, start + 1, score + KEYWORD * (start + 1 - at))
    for end, comparison in _comparisons(lattice, at):
        yield from _limit(lattice, state, mention, comparison, end, score + KEYWORD * (end - at))


def before_column(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    """Read a comparison before the name of its column: "above age 20", "older than 30"."""
    if lattice.word(at + 1) == "than" or (lattice.word(at) in {"above", "over", "below", "under"}):
        yield from _by_adjective(lattice, state, at, skipped)
    for end, comparison in _comparisons(lattice, at):
        start = lattice.past_determiners(end)
        score = skipped + KEYWORD * (start - at)
        for mention in lattice.columns(start):
            yield from _limit(lattice, state, mention, comparison, mention.end, score + worth(mention))
        yield from number_of(lattice, state, comparison, start, score)
        yield from _figure_first(lattice, state, comparison, end, skipped + KEYWORD * (end - at))


def number_of(
    lattice: Lattice, state: State, comparison: Comparison, at: int, score: float
) -> Iterator[State]:
    """Read a number before what it is a number of: "more than 4 cylinders", "with 4 cylinders"."""
    number = lattice.tokens[at].number if at < len(lattice) else None
    if number is None:
        return
    sign = INVERSE[comparison] if state.negated else comparison
    for mention in lattice.columns(at + 1):
        amount = countable(lattice, mention)
        if amount is not None:
            found = Filter(amount, sign, (number,))
            yield replace(state, negated=False).limited(found, mention.end, score + KEYWORD + worth(mention))


def _figure_first(
    lattice: Lattice, state: State, comparison: Comparison, at: int, score: float
) -> Iterator[State]:
    """Read "above the average age"."""
    start = lattice.past_determiners(at)
    function = lattice.phrase(start, AGGREGATES)
    if function is None or function[1] == "sum":
        return
    end, name = function
    place = lattice.past_determiners(end + (lattice.word(end) == "of"))
    sign = INVERSE[comparison] if state.negated else comparison
    for mention in lattice.columns(place):
        found = Filter(mention, sign, (Computed(name),))
        total = score + KEYWORD * (place - at) + worth(mention)
        yield replace(state, negated=False).limited(found, mention.end, total)


def _by_adjective(lattice: Lattice, state: State, at: int, skipped: float) -> Iterator[State]:
    adjective = adjective_of(lattice.word(at), "er")
    if adjective is None or lattice.word(at + 1) != "than":
        return
    descending, nouns = MEASURES[adjective]
    mention = lattice.measured(at, at + 1, tuple(map(root, nouns.split())))
    if mention is not None:
        sign: Comparison = ">" if descending else "<"
        yield from _limit(lattice, state, mention, sign, at + 2, skipped + 2 * KEYWORD + ITEM)


def extreme(lattice: Lattice, state: State, mention: Mention, at: int, score: float) -> Iterator[State]:
    """Read "whose capacity is the largest"."""
    found, measured = lattice.superlative(lattice.past_determiners(at)), lattice.measurable(mention)
    said = lattice.word(at - 1) in {"is", "are", "was", "were"}
    free = state.scope == "all" and not state.frame.superlative
    if said and free and measured is not None and found is not None and not found.frequent:
        orders = (Order(Target(measured), found.descending),)
        frame = replace(state.frame, orders=orders, limit=1, superlative=True)
        yield state.moved(found.end, score + KEYWORD * (found.end - at), "body", frame)


def _comparisons(lattice: Lattice, at: int) -> Iterator[tuple[int, Comparison]]:
    for phrases in (COMPARISONS, _SIGNS):
        found = lattice.phrase(at, phrases)
        if found is not None:
            yield found


def _limit(
    lattice: Lattice, state: State, mention: Mention, comparison: Comparison, at: int, score: float
) -> Iterator[State]:
    """Read what a column is compared with: a number or a computed figure."""
    if state.negated:
        comparison, state = INVERSE[comparison], replace(state, negated=False)
    number = lattice.tokens[at].number if at < len(lattice) else None
    ranked = lattice.ranked(mention)
    if number is not None and ranked is not None:
        found = Filter(ranked, comparison, (number,))
        yield state.limited(found, at + 1, score + KEYWORD)
    yield from _computed(lattice, state, mention, comparison, at, score)


def _computed(
    lattice: Lattice, state: State, mention: Mention, comparison: Comparison, at: int, score: float
) -> Iterator[State]:
    start = lattice.past_determiners(at)
    if lattice.word(start) == "that" and lattice.word(start + 1) == "of":
        start += 2
    function = lattice.phrase(lattice.past_determiners(start), AGGREGATES)
    if function is None or function[1] == "sum":
        return
    end, name = function
    score += KEYWORD * (end - at)
    yield state.limited(Filter(mention, comparison, (Computed(name),)), end, score - _COMPARED_WITH_ITSELF)
    place = lattice.past_determiners(end + (lattice.word(end) == "of"))
    for other in lattice.columns(place):
        found = Filter(mention, comparison, (Computed(name, other),))
        yield state.limited(found, other.end, score + KEYWORD * (place - end) + worth(other))


def _between(lattice: Lattice, state: State, mention: Mention, at: int, score: float) -> Iterator[State]:
    if at + 2 >= len(lattice) or lattice.word(at + 1) not in {"and", "to"}:
        return
    first, last = lattice.tokens[at].number, lattice.tokens[at + 2].number
    if first is not None and last is not None:
        found = Filter(mention, "!=" if state.negated else "=", (first, last), between=True)
        yield replace(state, negated=False).limited(found, at + 3, score + 3 * KEYWORD)
