"""Which rows a moment or a lower-case value speaks of: those of the noun or verb it stands beside.

"In 2025" behind "orders" is the date of the orders, never that of another table that happens to be near;
"closed tickets" is a state of the tickets. Where the noun has no such column, the words mean something that
is not in the database.
"""

from collections.abc import Iterator

from graph.reasoning.local.sql.accounting import says_same
from graph.reasoning.local.sql.elements import Element
from graph.reasoning.local.sql.frame import Frame, Mention
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import LIGHT, PREPOSITIONS, word_set
from graph.reasoning.local.sql.meanings import Meaning
from graph.reasoning.local.sql.query import NotUnderstood, Query
from graph.reasoning.local.sql.verbs import CARRIERS, PLACING

_BE = word_set("is are was were be been being that which who it they not never either already still , and or")
_WAS = word_set("is are was were be been being")
_PASSED = PREPOSITIONS | word_set("the year since until before after")


def bind(frame: Frame, meaning: Meaning, lattice: Lattice, query: Query) -> None:
    """Check what moments and values were taken to be about.

    Raises:
        NotUnderstood: They may be about something else, or are about nothing here.
    """
    for target in frame.targets:
        if target.mention is not None and not target.mention.is_table:
            _bind_shown(target.mention, frame, meaning, lattice)
    for order in frame.orders:
        if order.target.mention is not None and order.target.function is None:
            _bind_superlative(order.target.mention, frame, meaning, lattice, query)
    for found in frame.filters:
        if found.times:
            _bind_moment(found.mention, frame, meaning, lattice, query)
        elif not found.operands:
            _bind_value(found.mention, frame, meaning, lattice)


def _bind_shown(mention: Mention, frame: Frame, meaning: Meaning, lattice: Lattice) -> None:
    """Check that "the names of courses" are those of the courses, if courses have names."""
    place = mention.end
    if lattice.word(place) not in {"of", "for"}:
        return
    place = lattice.past_determiners(place + 1)
    owners = {
        meaning.element(found).table for found in frame.mentions() if found.is_table and found.start == place
    }
    table = meaning.element(mention).table
    if owners and table not in owners and any(one.element.table in owners for one in mention.candidates):
        raise NotUnderstood("what is shown belongs to other rows than was said")


def _bind_superlative(
    mention: Mention, frame: Frame, meaning: Meaning, lattice: Lattice, query: Query
) -> None:
    """Check that "newest customers" are those with the latest date of their own."""
    superlative = lattice.superlative(mention.start)
    if superlative is None or superlative.end != mention.end:
        return
    nouns = {meaning.element(one).table for one in frame.mentions() if one.is_table}
    behind = {
        meaning.element(one).table for one in frame.mentions() if one.is_table and one.start == mention.end
    }
    if meaning.element(mention).table not in (behind or nouns or {query.table}):
        raise NotUnderstood("a superlative measures other rows than it stands before")


def _bind_moment(mention: Mention, frame: Frame, meaning: Meaning, lattice: Lattice, query: Query) -> None:
    element = meaning.element(mention)
    if mention.start < mention.end:
        return
    words = frozenset(lattice.elements.words(element))
    verb = _verb_before(frame, lattice, mention.start)
    if verb is not None and says_same(lattice.tokens[verb].stem, words):
        return
    if verb is not None and not _names(lattice, verb, element):
        raise NotUnderstood("no date tells when this happened")
    told = [other for other in lattice.moments if other.table == element.table]
    if verb is not None and (len(told) == 1 or _plainest(lattice, element, told)):
        return
    owner = _noun_before(frame, meaning, mention.start)
    table = query.table if owner is None else owner
    same = [other for other in lattice.moments if other.table == table]
    if owner is not None and not same:
        same = [other for other in lattice.moments if other.table == query.table]
    if element not in same or (len(same) > 1 and not _plainest(lattice, element, same)):
        raise NotUnderstood("it is not said which date is meant")


def _verb_before(frame: Frame, lattice: Lattice, at: int) -> int | None:
    """Return the place of the verb that a moment is said of: "opened in", "bought the lamp in"."""
    place = at - 1
    while place >= 0 and lattice.word(place) in _PASSED:
        place -= 1
    tied = [verb for verb in frame.tied if verb < at and lattice.word(verb) not in CARRIERS]
    if place >= 0 and not lattice.tables(place) and lattice.tokens[place].kind == "word":
        word = lattice.word(place)
        was = lattice.word(place - 1) in _WAS and bool(lattice.named_values(place))
        if (was or word.endswith(("ed", "en"))) and word not in LIGHT | CARRIERS:
            return place
    return max(tied, default=None)


def _names(lattice: Lattice, verb: int, element: Element) -> bool:
    """Tell whether a verb is what the rows of a table are: "placed" for orders, "hired" for employees."""
    rows = frozenset(lattice.elements.words(Element(table=element.table)))
    named = {
        one for other in lattice.elements.columns(element.table) for one in lattice.elements.words(other)
    }
    stem = lattice.tokens[verb].stem
    linked = says_same(stem, rows)
    return linked and not (lattice.named_values(verb) and stem in named)


def _noun_before(frame: Frame, meaning: Meaning, at: int) -> int | None:
    """Return the table named nearest before a place."""
    before = [mention for mention in frame.mentions() if mention.is_table and mention.end <= at]
    return meaning.element(max(before, key=lambda found: found.end)).table if before else None


def _plainest(lattice: Lattice, element: Element, others: list[Element]) -> bool:
    """Tell whether a column of several dates is the one that is called just date, or like its rows."""

    def said(one: Element) -> int:
        rows = lattice.elements.words(Element(table=one.table))
        extra = [
            word for word in lattice.elements.words(one) if not says_same(word, frozenset((*rows, *_DATES)))
        ]
        return len(extra)

    return said(element) == 0 and sum(said(other) == 0 for other in others) == 1


_DATES = ("date", "dai", "day", "year", "time")


def _bind_value(mention: Mention, frame: Frame, meaning: Meaning, lattice: Lattice) -> None:
    tokens = lattice.tokens[mention.start : mention.end]
    placed = {lattice.word(mention.start - 1), lattice.word(mention.start - 2)} & PLACING
    if not placed and any(token.kind == "quoted" or not token.text.islower() for token in tokens):
        return
    element = meaning.element(mention)
    if _says_column(lattice, mention, element):
        return
    nouns = list(_nouns_beside(mention, frame, lattice))
    if placed:
        table = _noun_before(frame, meaning, mention.start)
        if table is not None and not _holds(table, element, lattice):
            raise NotUnderstood("the place belongs to other rows than are there")
    elif nouns and not any(_holds(meaning.element(noun).table, element, lattice) for noun in nouns):
        raise NotUnderstood("the value belongs to other rows than the noun beside it")


def _says_column(lattice: Lattice, mention: Mention, element: Element) -> bool:
    words = frozenset(lattice.elements.words(element))
    stems = {lattice.tokens[place].stem for place in range(mention.start, mention.end)}
    return len(stems) > 1 and any(says_same(stem, words) for stem in stems)


def _nouns_beside(mention: Mention, frame: Frame, lattice: Lattice) -> Iterator[Mention]:
    """Yield the noun right behind a value, or the one before it and a form of "be"."""
    tables = [found for found in frame.mentions() if found.is_table]
    behind = [found for found in tables if found.start == mention.end]
    if behind:
        yield from behind
        return
    before = [found for found in tables if found.end <= mention.start]
    nearest = max(before, key=lambda found: found.end, default=None)
    if nearest is not None and all(lattice.word(place) in _BE for place in range(nearest.end, mention.start)):
        yield nearest


def _holds(table: int, element: Element, lattice: Lattice) -> bool:
    """Tell whether a column describes the rows of a table: its own, or the name of what they refer to."""
    if element.table == table:
        return True
    if lattice.elements.display(element.table) != element:
        return False
    return any(edge.child == table for edge in lattice.joins.between(table, element.table))
