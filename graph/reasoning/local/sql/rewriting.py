"""Rewrites of a query that keep rows apart: what is repeated, denied or contradictory."""

from collections.abc import Sequence
from dataclasses import replace

from graph.reasoning.local.sql.elements import Element
from graph.reasoning.local.sql.joins import Edge, Joins
from graph.reasoning.local.sql.paths import Paths
from graph.reasoning.local.sql.query import Condition, Item, Membership, NotUnderstood, Query

_SIDES = 2
_ADDING = {"avg", "sum", "count"}
"""Figures that change when a row is repeated."""


class Rewriting:
    """Rewrites queries over one schema."""

    def __init__(self, paths: Paths, joins: Joins) -> None:
        """Know how the tables are tied."""
        self._paths = paths
        self._joins = joins

    def contradictory(self, query: Query) -> Query:
        """Read "A and B" for one column as alternatives of rows, or as both of something rows belong to.

        Raises:
            NotUnderstood: Neither can be meant.
        """
        moments = [found for found in query.conditions if isinstance(found, Condition) and found.filter.times]
        for found in moments:
            others = [other.filter.comparison for other in moments if other.element == found.element]
            if len(others) > 1 and not found.either and "=" in others:
                raise NotUnderstood("two moments at once")
        values = [found for found in query.conditions if _is_value(found)]
        twice = [found for found in values if sum(found.element == other.element for other in values) > 1]
        if not twice:
            return query
        if len({found.element for found in twice}) > 1 or query.groups or query.limit is not None:
            raise NotUnderstood("a column cannot have two values at once")
        own = twice[0].element.table == query.table
        if own and not self._shows_rows(query) and self._paths.identifies(twice[0].element):
            raise NotUnderstood("which row a value belongs to would not be seen")
        if own and self._shows_rows(query):
            rest = tuple(found for found in query.conditions if found not in twice)
            return replace(
                query, conditions=(*rest, twice[0], *(replace(found, either=True) for found in twice[1:]))
            )
        figures = any(item.function is not None for item in query.items)
        if figures or len(twice) != _SIDES:
            raise NotUnderstood("a figure over both of two values")
        sides = [tuple(found for found in query.conditions if found is not left) for left in reversed(twice)]
        return self.both(replace(query, conditions=sides[0]), replace(query, conditions=sides[1]))

    def both(self, first: Query, second: Query) -> Query:
        """Return the rows of two queries: by key where what is shown says which row it is."""
        key = self._paths.key(first.table)
        shown = [item.element for item in first.items]
        own = all(element is not None and element.table == first.table for element in shown)
        named = any(element is not None and self._paths.identifies(element) for element in shown)
        if len(key) != 1 or not own or not named or first.everything is not None or first.groups:
            return replace(first, common=second)
        inside = [replace(side, items=(Item(element=key[0]),), distinct=False) for side in (first, second)]
        found = tuple(Membership(element=key[0], inside=side) for side in inside)
        return replace(first, edges=(), conditions=found, distinct=False)

    def known(self, groups: Sequence[Element]) -> tuple[Element, ...]:
        """Return the columns of groups that may be NULL, which is the name of no group."""
        return tuple(element for element in groups if not self._paths.keyed(element.table, groups))

    def kept_apart(self, query: Query, plain: Sequence[Element]) -> Query:
        """Leave out whatever belongs to a row left out, when what is shown does not identify its row.

        Raises:
            NotUnderstood: There is more than that to the query.
        """
        denied = [found for found in query.conditions if isinstance(found, Membership) and found.negated]
        if not denied or not plain or any(map(self._paths.identifies, plain)):
            return query
        if len(denied) > 1 or query.groups or query.orders:
            raise NotUnderstood("what is shown may belong to rows left out and to others")
        kept = tuple(found for found in query.conditions if found not in denied)
        without = replace(query, conditions=(*kept, replace(denied[0], negated=False)))
        return replace(query, conditions=kept, without=without)

    def sortable(self, query: Query) -> bool:
        """Tell whether every group, or every row shown once, has but one value to be ordered by."""
        for key in query.orders:
            element = key.item.element if key.item.function is None else None
            grouped = element in query.groups or (
                element is not None and self._paths.keyed(element.table, query.groups)
            )
            if element is not None and query.groups and not grouped:
                return False
            if query.distinct and key.item not in query.items:
                return False
        return True

    def without_repeats(self, query: Query) -> Query:
        """Show rows that a join would repeat once; take their figures with the join in a subquery."""
        main = query.table
        if query.groups or query.everything is not None or not self._repeated(main, query.edges):
            return query
        if all(item.function is None for item in (*query.items, *(key.item for key in query.orders))):
            if all(key.item in query.items for key in query.orders):
                return replace(query, distinct=True)
        elif not any(item.function in _ADDING and not item.distinct for item in query.items):
            return query
        here = [found for found in query.conditions if found.element.table == main]
        there = [found for found in query.conditions if found.element.table != main]
        items = [*query.items, *(order.item for order in query.orders)]
        shown = {item.element.table for item in items if item.element is not None}
        if shown - {main} or any(found.either for found in there):
            return query
        others = {table for edge in query.edges for table in (edge.child, edge.parent)} - {main}
        inside = self._paths.membership(main, sorted(others), there, negated=False)
        return replace(query, edges=(), conditions=(*here, inside))

    def _shows_rows(self, query: Query) -> bool:
        """Tell whether the rows of the main table themselves are shown or counted."""
        return any(
            item.function == "count"
            or (
                item.element is not None
                and item.element.table == query.table
                and item.element not in self._joins.references
                and self._paths.identifies(item.element)
            )
            for item in query.items
        )

    def _repeated(self, main: int, edges: Sequence[Edge]) -> bool:
        return self._paths.repeats(main, edges) and len(self._paths.key(main)) == 1


def _is_value(condition: Condition | Membership) -> bool:
    if isinstance(condition, Membership) or condition.either or condition.negated:
        return False
    found = condition.filter
    if found.comparison != "=" or found.matching is not None or found.between:
        return False
    return bool(condition.values) or len(found.operands) == 1
