"""Whether the figures of a query count every row once and leave out nothing that was said of them."""

from collections.abc import Iterable

from graph.reasoning.local.sql.frame import Computed, Frame
from graph.reasoning.local.sql.joins import Edge
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import AGGREGATES, EACH, word_set
from graph.reasoning.local.sql.meanings import Meaning
from graph.reasoning.local.sql.paths import Paths
from graph.reasoning.local.sql.query import Item, NotUnderstood, Query, parts_of
from graph.reasoning.local.sql.words import root

_IDENTIFYING = frozenset(map(root, ("id", "ids", "number", "code", "key", "identifier", "identification")))
_WHOLE = word_set("all every each only")
_HAVING = word_set("have has had")
_OWN = word_set("own same respective")
_ADDING = {"avg", "sum", "count"}


def keep_sound(frame: Frame, meaning: Meaning, lattice: Lattice, query: Query) -> None:
    """Check the figures of a query.

    Raises:
        NotUnderstood: One is repeated by a join, or would be taken over other rows than was said.
    """
    for part in parts_of(query):
        for item in _figures(part):
            _once(item, part, lattice)
    _from_to(frame, meaning, lattice)
    _within_each(frame)
    _over_all(frame, meaning, lattice)
    _with_none(query)
    _names(query, lattice)
    _said_figures(frame, meaning, lattice)
    _per_row(query, lattice)
    _of_all(frame, query, lattice)
    _heads(frame)


def _figures(query: Query) -> Iterable[Item]:
    items = (*query.items, *(key.item for key in query.orders), *(found.item for found in query.having))
    return (item for item in items if item.function in _ADDING and not item.distinct)


def _once(item: Item, query: Query, lattice: Lattice) -> None:
    """Check that no join repeats the rows that a figure adds up, and that they can be added."""
    if item.element is not None and item.function != "count" and not lattice.amount(item.element):
        raise NotUnderstood("keys, labels and moments are not added up")
    table = item.counted if item.element is None else item.element.table
    key = lattice.elements.schema.tables[table].primary_key if table is not None else ()
    whole = {lattice.elements.column(one).name for one in query.groups if one.table == table}
    if item.function == "count" and key and set(key) <= whole:
        raise NotUnderstood("every group is a single row of what is counted")
    if table is not None and Paths.repeats(table, outward(table, query.edges)):
        raise NotUnderstood("a join repeats the rows of a figure")


def outward(table: int, edges: Iterable[Edge]) -> list[Edge]:
    """Return the edges of a tree in the order in which they are reached from a table."""
    waiting, reached, found = list(edges), {table}, list[Edge]()
    while True:
        following = [edge for edge in waiting if {edge.child, edge.parent} & reached]
        if not following:
            return found
        for edge in following:
            found.append(edge)
            waiting.remove(edge)
            reached |= {edge.child, edge.parent}


def _from_to(frame: Frame, meaning: Meaning, lattice: Lattice) -> None:
    """Refuse "from A to B" as two columns of one row."""
    ends: dict[str, set[int]] = {}
    for found in frame.filters:
        word = lattice.word(found.mention.start - 1)
        if not found.operands and word in {"from", "to"}:
            ends.setdefault(word, set()).add(meaning.element(found.mention).table)
    if ends.get("from", set()) & ends.get("to", set()):
        raise NotUnderstood("both ends of a way are one row")


def _within_each(frame: Frame) -> None:
    """Refuse the first rows within each group: one query finds the first rows of all."""
    figures = any(item.function is not None for item in frame.targets)
    plain = frame.each or (frame.groups and any(item.target.function is None for item in frame.orders))
    if frame.superlative and plain and not figures:
        raise NotUnderstood("the first rows of each group")


def _over_all(frame: Frame, meaning: Meaning, lattice: Lattice) -> None:
    """Refuse a comparison with the average of only some rows."""
    for found in frame.filters:
        computed = [operand for operand in found.operands if isinstance(operand, Computed)]
        if not computed:
            continue
        mention = computed[0].mention or found.mention
        table = meaning.element(mention).table
        if meaning.element(mention) != meaning.element(found.mention):
            raise NotUnderstood("a column is compared with the average of another")
        end = mention.end
        words = {lattice.word(place) for place in range(end, len(lattice))}
        limits = [*(one.mention for one in frame.filters), *(one.mention for one in frame.uses)]
        later = [
            other
            for other in limits
            if other.start >= end and (not other.is_table or meaning.element(other).table != table)
        ]
        if later or words & (_OWN | {"their", "its", "his", "her", "each", "every"}):
            raise NotUnderstood("an average over some rows only")


def _with_none(query: Query) -> None:
    """Refuse "fewer than" for rows of another table: who has none is not in the join."""
    for found in query.having:
        low = found.comparison in {"<", "<="} or 0 in found.numbers
        if low and found.item.function == "count" and query.edges:
            raise NotUnderstood("who has none would be left out")


def _of_all(frame: Frame, query: Query, lattice: Lattice) -> None:
    """Refuse "who ordered every product", which is more than one of them."""
    grouped = any(part.groups for part in parts_of(query))
    for place in range(1, len(lattice)):
        word = lattice.word(place - 1)
        verb = place - 1 in frame.tied or word in _HAVING or word.endswith("ed")
        if verb and lattice.word(place) in _WHOLE and not grouped:
            raise NotUnderstood("all of them are meant, not any")


def _heads(frame: Frame) -> None:
    """Refuse to count returns when returned orders were asked for: the last noun is the head."""
    uses = {use.mention.start for use in frame.uses}
    counted = (
        item.mention for item in frame.targets if item.function == "count" and item.mention is not None
    )
    if any(mention.is_table and mention.end in uses for mention in counted):
        raise NotUnderstood("two nouns in a row")


def _names(query: Query, lattice: Lattice) -> None:
    """Refuse numbers that identify rows where names are asked for."""
    said = {token.stem for token in lattice.tokens}
    plain = [item.element for item in query.items if item.function is None and item.element is not None]
    numbers = any(
        element in lattice.joins.references and lattice.elements.kind(element) == "number"
        for element in plain
    )
    if numbers and not said & _IDENTIFYING:
        raise NotUnderstood("a reference is nobody's name")
    if lattice.word(0) in {"who", "whom"} and all(map(lattice.joins.is_key, plain)):
        raise NotUnderstood("a key or a figure is nobody's name")


def _said_figures(frame: Frame, meaning: Meaning, lattice: Lattice) -> None:
    """Refuse "total stock" as the column `total` of orders that nobody named."""
    named = {meaning.element(mention).table for mention in frame.mentions() if mention.is_table}
    for mention in (item.mention for item in frame.targets if item.mention is not None):
        spoken = tuple(lattice.word(place) for place in range(mention.start, mention.end))
        if spoken in AGGREGATES and named and meaning.element(mention).table not in named:
            raise NotUnderstood("a word for a figure is no column of other rows")


def _per_row(query: Query, lattice: Lattice) -> None:
    """Refuse to lose "each": it needs groups, and "per" a figure."""
    words = {token.folded for token in lattice.tokens}
    figures = any(item.function is not None for item in (*query.items, *(key.item for key in query.orders)))
    if not figures and "per" in words:
        raise NotUnderstood("no figure is asked for per row")
    if figures and words & EACH and not any(part.groups for part in parts_of(query)):
        raise NotUnderstood("a figure for each of what would be lost")
