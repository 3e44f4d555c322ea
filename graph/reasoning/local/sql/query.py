"""A query over tables and columns by their places in the schema, not yet in any language."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TypeAlias

from graph.reasoning.local.sql.elements import Element
from graph.reasoning.local.sql.frame import Filter
from graph.reasoning.local.sql.joins import Edge, Joins
from graph.reasoning.local.sql.lexicon import Aggregate, Comparison


class NotUnderstood(Exception):
    """What was read makes no query that would surely mean the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A column or a figure."""

    element: Element | None
    """None counts rows."""
    counted: int | None = None
    """The table of which rows are counted."""
    function: Aggregate | None = None
    distinct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A filter on one column."""

    element: Element
    filter: Filter
    values: tuple[str, ...] = ()
    """Spellings in the column, when a value was named."""
    computed: Element
    """The column that a computed operand is taken over."""
    negated: bool = False
    either: bool = False
    """It suffices in place of the condition before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A column inside or outside of what a subquery gives."""

    element: Element
    inside: "Query"
    negated: bool = False
    either: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """One key of the order."""

    item: Item
    descending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A condition on a group."""

    item: Item
    comparison: Comparison
    numbers: tuple[int | float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One SELECT."""

    table: int
    edges: tuple[Edge, ...] = ()
    items: tuple[Item, ...] = ()
    everything: int | None = None
    """The table of which all columns are shown."""
    conditions: tuple[Condition | Membership, ...] = ()
    groups: tuple[Element, ...] = ()
    having: tuple[Limit, ...] = ()
    orders: tuple[Sorting, ...] = ()
    limit: int | None = None
    distinct: bool = False
    common: "Query | None" = None
    """A second query; only rows of both are wanted."""
    without: "Query | None" = None
    """A second query; its rows are not wanted."""
    existing: tuple[Element, ...] = ()
    """Columns that may not be NULL."""


def parts_of(query: Query) -> Iterator[Query]:
    """Yield a query and all queries inside it."""
    yield query
    inside = [found.inside for found in query.conditions if isinstance(found, Membership)]
    for part in (*inside, query.common, query.without):
        if part is not None:
            yield from parts_of(part)


def elements_of(query: Query) -> Iterator[Element]:
    """Yield the columns that one SELECT reads."""
    items = [*query.items, *(key.item for key in query.orders), *(found.item for found in query.having)]
    yield from (item.element for item in items if item.element is not None)
    yield from (found.element for found in query.conditions)
    yield from query.groups


Essence: TypeAlias = tuple[object, ...]

_IGNORED = {"table", "edges"}


def essence(query: Query, joins: Joins) -> Essence:
    """Return what a query asks, whichever of several equal columns it reads."""

    def same(part: object) -> object:
        if isinstance(part, Element):
            return joins.target(part)
        if isinstance(part, tuple):
            return tuple(map(same, part))
        if isinstance(part, Query):
            return essence(part, joins)
        if isinstance(part, Filter):
            return (part.comparison, part.matching, part.operands, part.between)
        if isinstance(part, Item | Condition | Membership | Sorting | Limit):
            return tuple(same(getattr(part, field.name)) for field in fields(part))
        return part

    return tuple(same(getattr(query, field.name)) for field in fields(query) if field.name not in _IGNORED)
