"""Turns an understood question into a query over tables: joins, groups, subqueries.

Choices: a figure over rows that a join would repeat is taken over the rows themselves, with the join in a
subquery; who is left out is left out by key; the group of a figure is the row, by its primary key, whenever
the things shown identify rows of another table than the rows counted.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from graph.reasoning.local.sql.elements import Element, Elements
from graph.reasoning.local.sql.frame import Computed, Filter, Frame, Mention, Order, Scope, Target
from graph.reasoning.local.sql.joins import Joins
from graph.reasoning.local.sql.lexicon import Comparison
from graph.reasoning.local.sql.meanings import Meaning
from graph.reasoning.local.sql.paths import Paths
from graph.reasoning.local.sql.query import Condition, Item, Limit, Membership, NotUnderstood, Query, Sorting
from graph.reasoning.local.sql.rewriting import Rewriting
from graph.reasoning.local.sql.showing import Showing


class Planner:
    """Plans one reading."""

    def __init__(self, frame: Frame, meaning: Meaning, elements: Elements, joins: Joins) -> None:
        """Note what each phrase means."""
        self._frame = frame
        self._meaning = meaning
        self._elements = elements
        chosen = (candidate.element for candidate in meaning.chosen.values())
        self._paths = Paths(elements, joins, frame.roles, chosen)
        self._joins = joins
        self._rewriting = Rewriting(self._paths, joins)
        self._main = self._find_main()
        self._showing = Showing(frame, meaning, elements, self._paths)
        self._targets = self._showing.targets
        self._plain = [element for item in self._targets for element in self._showing.columns_of(item)]

    def plan(self) -> Query:
        """Return the query.

        Raises:
            NotUnderstood: There is none that would surely mean the same.
        """
        frame = self._frame
        sides = {found.scope for found in frame.filters} | {use.scope for use in frame.uses}
        if not sides & {"first", "second"}:
            query = self._rewriting.contradictory(self._select("all"))
        elif (
            {"first", "second"} <= sides
            and not self._sided()
            and not (frame.orders or frame.having or self._grouped())
        ):
            query = self._rewriting.both(self._select("first"), self._select("second"))
        else:
            raise NotUnderstood("both needs two sides and no figures")
        if self._paths.unused:
            raise NotUnderstood("a word for a direction chooses no reference")
        return query

    def _sided(self) -> bool:
        """Tell whether what is shown is a column of one of the two sides of "both"."""
        sides = [self._table(use.mention) for use in self._frame.uses if use.scope in {"first", "second"}]
        return self._main in sides and len(set(sides)) > 1

    def _find_main(self) -> int:
        """Return the table whose rows are shown or counted."""
        counted = [
            item for item in self._frame.targets if item.function == "count" and item.mention is not None
        ]
        plain = [item for item in self._frame.targets if item.function is None]
        if counted and not plain:
            return self._table(counted[0].mention)
        for item in (*plain, *self._frame.targets):
            if item.mention is not None:
                return self._table(item.mention)
        for use in self._frame.uses:
            if use.scope == "all":
                return self._table(use.mention)
        raise NotUnderstood("nothing is asked for")

    def _table(self, mention: Mention | None) -> int:
        if mention is None:
            raise NotUnderstood("no table is named")
        return self._meaning.element(mention).table

    def _select(self, side: Scope) -> Query:
        frame, main = self._frame, self._main
        nested = self._nested()
        conditions = [*self._conditions("all"), *(self._conditions(side) if side != "all" else ())]
        excluded = self._excluded()
        groups = self._groups()
        items = tuple(dict.fromkeys(self._items()))
        having = tuple(self._limit(found.target, found.comparison, found.numbers) for found in frame.having)
        orders = () if nested is not None else tuple(map(self._sorting, frame.orders))
        figures = [*items, *(limit.item for limit in having), *(key.item for key in orders)]
        elements = [*(item.element for item in figures), *(found.element for found in conditions), *groups]
        tables = self._tables(elements, side, nested=nested is not None)
        query = Query(
            table=main,
            edges=self._paths.tree(main, tables),
            items=items,
            everything=next((self._table(item.mention) for item in frame.targets if item.everything), None),
            conditions=(*conditions, *([nested] if nested is not None else []), *excluded),
            groups=groups,
            having=having,
            orders=orders,
            limit=None if nested is not None else frame.limit,
            distinct=frame.distinct and not groups,
            existing=self._rewriting.known(groups),
        )
        if not self._rewriting.sortable(query):
            raise NotUnderstood("the order is not one of what is shown")
        return self._rewriting.without_repeats(self._rewriting.kept_apart(query, self._plain))

    def _tables(self, elements: Iterable[Element | None], side: Scope, *, nested: bool) -> list[int]:
        """Return every table that the query reads from."""
        found = [element.table for element in elements if element is not None]
        uses = (use for use in self._frame.uses if use.scope in {"all", side} and not use.hint)
        found += [self._table(use.mention) for use in uses]
        counted = self._counted()
        if nested:
            inner = self._table(self._frame.orders[0].target.mention)
            found = [table for table in found if table != inner or table in counted]
        return list(dict.fromkeys([*found, *counted]))

    def _items(self) -> Iterator[Item]:
        """Yield what is shown; first what is grouped by and not shown anyway."""
        for mention in self._frame.groups if self._grouped() else ():
            element = self._meaning.element(mention)
            shown_by = {self._joins.target(item).table for item in self._plain}
            shown_by |= {item.table for item in self._plain}
            if element.column is None and element.table in shown_by:
                continue
            for shown in self._showing.columns(element):
                if shown not in self._plain:
                    yield Item(element=shown)
        for target in self._targets:
            if target.function is not None:
                yield self._figure(target)
            else:
                yield from (Item(element=shown) for shown in self._showing.columns_of(target))

    def _figure(self, target: Target) -> Item:
        if target.mention is None:
            return self._count(self._rows(None))
        element = self._meaning.element(target.mention)
        if target.function != "count" or element.column is not None:
            if element.column is None:
                raise NotUnderstood("a figure needs a column")
            distinct = target.distinct or target.function == "count"
            return Item(element=element, function=target.function, distinct=distinct)
        return self._count(element.table, distinct=target.distinct)

    def _count(self, table: int, *, distinct: bool = False) -> Item:
        """Count the rows of a table; by their key when a join may repeat them."""
        tables = [self._main, *(self._table(mention) for mention in self._frame.groups)]
        tables += [self._table(found.mention) for found in self._frame.filters if found.scope == "all"]
        key = self._paths.key(table)
        repeated = distinct or self._paths.repeats(table, self._paths.tree(table, tables))
        if repeated and len(key) == 1:
            return Item(element=key[0], counted=table, function="count", distinct=True)
        return Item(element=None, counted=table, function="count")

    def _rows(self, mention: Mention | None) -> int:
        """Return the table that is counted; "times" counts the rows named beside the things shown."""
        if mention is not None:
            return self._table(mention)
        counted = [item.mention for item in self._frame.targets if item.function == "count" and item.mention]
        if counted:
            return self._table(counted[0])
        others = [self._table(use.mention) for use in self._frame.uses if use.scope == "all" and not use.hint]
        found = next((table for table in others if table != self._main), self._main)
        key = {*self._paths.key(self._main), self._elements.display(self._main)}
        if found == self._main and key & set(self._plain):
            raise NotUnderstood("it is not said how often what happened")
        return found

    def _grouped(self) -> bool:
        frame = self._frame
        figures = any(item.function is not None for item in self._targets)
        counted = any(order.target.function is not None for order in frame.orders)
        counts = any(item.function == "count" for item in frame.targets)
        if figures and self._plain and not (frame.groups or frame.each or counts):
            raise NotUnderstood("it is not said for what the figures are")
        return bool(frame.having or counted or (figures and (frame.groups or self._plain)))

    def _groups(self) -> tuple[Element, ...]:
        if not self._grouped():
            return ()
        plain, keys = self._plain, list[Element]()
        for mention in self._frame.groups:
            element = self._meaning.element(mention)
            shown = self._showing.columns(element) if element.column is None and not plain else []
            keys += [element] if element.column is not None else [*self._paths.key(element.table), *shown]
        if not self._frame.groups:
            if not plain:
                raise NotUnderstood("it is not said for what the figures are")
            if self._counted() != {plain[0].table} and any(map(self._paths.identifies, plain)):
                keys += self._paths.key(plain[0].table)
        return tuple(
            dict.fromkeys([*keys, *(item for item in plain if not self._paths.keyed(item.table, keys))])
        )

    def _counted(self) -> set[int]:
        """Return the tables whose rows the figures are about."""
        items = [*self._targets, *(order.target for order in self._frame.orders)]
        items += [having.target for having in self._frame.having]
        return {self._rows(item.mention) for item in items if item.function is not None}

    def _sorting(self, order: Order) -> Sorting:
        if order.target.function is not None:
            return Sorting(item=self._figure(order.target), descending=order.descending)
        element = self._showing.columns_of(order.target)[0]
        words = self._elements.words(element)
        age = (self._elements.kind(element) == "number" or "age" in words) and "year" not in words
        inverted = order.aged and not age
        return Sorting(item=Item(element=element), descending=order.descending != inverted)

    def _limit(self, target: Target, comparison: Comparison, numbers: tuple[int | float, ...]) -> Limit:
        return Limit(item=self._figure(target), comparison=comparison, numbers=numbers)

    def _conditions(self, scope: Scope) -> Iterator[Condition]:
        return (self._condition(found) for found in self._frame.filters if found.scope == scope)

    def _condition(self, found: Filter) -> Condition:
        candidate = self._meaning.chosen[found.mention]
        computed = candidate.element
        for operand in found.operands:
            if isinstance(operand, Computed) and operand.mention is not None:
                computed = self._meaning.element(operand.mention)
        return Condition(
            element=candidate.element,
            filter=found,
            values=candidate.values,
            computed=computed,
            either=found.either,
        )

    def _excluded(self) -> Sequence[Condition | Membership]:
        """Return the condition that leaves out what was denied."""
        conditions = list(self._conditions("excluded"))
        named = [self._table(use.mention) for use in self._frame.uses if use.scope == "excluded"]
        tables = dict.fromkeys([*named, *(found.element.table for found in conditions)])
        others = [table for table in tables if table != self._main]
        if not others:
            if any(found.either for found in conditions):
                raise NotUnderstood("what is left out is not clear")
            return [replace(found, negated=True) for found in conditions]
        return [self._paths.membership(self._main, others, conditions, negated=True)]

    def _nested(self) -> Membership | None:
        """Return "in the stadium with the highest capacity" as a condition on the concerts."""
        frame, main = self._frame, self._main
        if not frame.superlative or not frame.orders or frame.orders[0].target.function is not None:
            return None
        mention = frame.orders[0].target.mention
        other = self._table(mention)
        if other == main or mention is None:
            return None
        edges = self._paths.tree(main, [other])
        if self._paths.repeats(main, edges) or len(edges) != 1 or len(edges[0].columns) != 1:
            return None
        key = self._paths.element(other, edges[0].references[0])
        query = Query(
            table=other,
            items=(Item(element=key),),
            orders=(self._sorting(frame.orders[0]),),
            limit=frame.limit,
        )
        return Membership(element=self._paths.element(main, edges[0].columns[0]), inside=query)
