"""Writes a query as SQL of the database's dialect."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from graph.reasoning.local.sql.elements import Element, Elements
from graph.reasoning.local.sql.frame import Computed, Days, Filter, Operand
from graph.reasoning.local.sql.joins import Edge
from graph.reasoning.local.sql.lexicon import Comparison
from graph.reasoning.local.sql.query import Condition, Item, Limit, Membership, NotUnderstood, Query
from graph.reasoning.local.sql.values import Values
from tools.database import phrasing
from tools.database.phrasing import Expression, Parts, Phrasing, Statement
from tools.database.schema import Dialect

_LABELS = {"avg": "average", "sum": "total", "min": "minimum", "max": "maximum", "count": "count"}
_OPEN: dict[str, Comparison] = {">": ">=", ">=": ">=", "<": "<", "<=": "<"}
"""How a moment limits a column of dates once it was taken to the day it starts or has passed."""
_FIRST_YEAR = 1000
"""Smaller numbers are ages or amounts."""
_Column = Callable[[Element], Expression]


class Renderer:
    """Writes queries over one schema."""

    def __init__(self, elements: Elements, values: Values, dialect: Dialect) -> None:
        """Know the names, what the columns hold, and the language."""
        self._elements = elements
        self._values = values
        self._strictly = dialect == "postgres"
        self._phrasing = Phrasing(dialect)

    def write(self, query: Query) -> str:
        """Return the statement.

        Raises:
            NotUnderstood: A value does not go with the type of its column.
        """
        statement = self._select(query, named=True)
        if query.common is not None:
            statement = phrasing.in_both(statement, self._select(query.common, named=True))
        if query.without is not None:
            statement = phrasing.in_first_only(statement, self._select(query.without, named=True))
        return self._phrasing.write(statement)

    def label(self, item: Item) -> str:
        """Return the name of a computed column in the result."""
        if item.element is None or item.function is None or item.function == "count":
            return "count"
        words = re.sub(r"\W+", "_", self._elements.column(item.element).name).strip("_").lower()
        label = _LABELS[item.function]
        return label if words == label else f"{label}_{words}"

    def _select(self, query: Query, *, named: bool) -> Statement:
        column = self._qualified if query.edges else self._bare
        items = [self._item(item, column, named=named) for item in query.items]
        if query.everything is not None:
            items = [self._phrasing.star(self._table(query.everything) if query.edges else None)]
        parts = Parts(
            items=items,
            table=self._table(query.table),
            joins=self._joins(query),
            where=self._where(query, column),
            groups=[column(element) for element in query.groups],
            having=[self._limit(limit, column) for limit in query.having],
            orders=[(self._key(order.item, column), order.descending) for order in query.orders],
            limit=query.limit,
            distinct=query.distinct,
        )
        return self._phrasing.select(parts)

    def _joins(self, query: Query) -> list[tuple[str, Expression]]:
        joined, found = {query.table}, []
        for edge in query.edges:
            other = edge.child if edge.parent in joined else edge.parent
            joined.add(other)
            found.append((self._table(other), self._tie(edge)))
        return found

    def _tie(self, edge: Edge) -> Expression:
        child, parent = self._table(edge.child), self._table(edge.parent)
        return phrasing.every(
            [
                phrasing.compared(
                    self._phrasing.column(own, table=child), "=", [self._phrasing.column(key, table=parent)]
                )
                for own, key in zip(edge.columns, edge.references, strict=True)
            ]
        )

    def _where(self, query: Query, column: _Column) -> list[Expression]:
        groups: list[list[Expression]] = []
        for condition in query.conditions:
            found = self._condition(condition, column)
            if condition.either and groups:
                groups[-1].append(found)
            else:
                groups.append([found])
        return [
            *map(phrasing.some, groups),
            *(phrasing.present(column(element)) for element in query.existing),
        ]

    def _condition(self, condition: Condition | Membership, column: _Column) -> Expression:
        if isinstance(condition, Membership):
            found = phrasing.inside(column(condition.element), self._select(condition.inside, named=False))
        else:
            found = self._filter(condition, column)
        return phrasing.denied(found) if condition.negated else found

    def _filter(self, condition: Condition, column: _Column) -> Expression:
        found, element, this = condition.filter, condition.element, column(condition.element)
        if found.matching is not None:
            return self._like(element, this, found)
        dated = self._elements.kind(element) == "date" or self._values.dated(element)
        if dated and found.operands:
            return self._moment(condition, column)
        if found.times and "year" not in self._elements.words(element):
            raise NotUnderstood("a moment needs a column of dates or years")
        if not found.operands:
            return phrasing.compared(this, "=", [phrasing.text(value) for value in condition.values])
        operands = [self._operand(operand, condition) for operand in found.operands]
        if self._elements.kind(element) == "text" and not self._as_text(element, found):
            this = self._as_number(element, this)
        if found.between:
            within = phrasing.between(this, operands[0], operands[1])
            return phrasing.denied(within) if found.comparison == "!=" else within
        return phrasing.compared(this, found.comparison, operands)

    def _as_text(self, element: Element, found: Filter) -> bool:
        """Tell whether a column of texts is compared with texts; years all have four digits."""
        year = "year" in self._elements.words(element)
        return all(
            isinstance(operand, str) or (year and isinstance(operand, int)) for operand in found.operands
        )

    def _as_number(self, element: Element, this: Expression) -> Expression:
        if not self._values.numeric(element, strictly=self._strictly):
            raise NotUnderstood("a text is compared with a number")
        return phrasing.as_number(this)

    def _operand(self, operand: Operand, condition: Condition) -> Expression:
        kind = self._elements.kind(condition.element)
        if isinstance(operand, Computed):
            item = Item(element=condition.computed, function=operand.function)
            query = Query(table=condition.computed.table, items=(item,))
            return phrasing.value_of(self._select(query, named=False))
        if isinstance(operand, Days) or kind not in {"number", "text"}:
            raise NotUnderstood("the value does not go with the column")
        if isinstance(operand, str):
            if kind != "text":
                raise NotUnderstood("a word is compared with a number")
            return phrasing.text(operand)
        texts = kind == "text" and self._as_text(condition.element, condition.filter)
        return phrasing.text(str(operand)) if texts else phrasing.number(operand)

    def _like(self, element: Element, this: Expression, found: Filter) -> Expression:
        if self._elements.kind(element) != "text":
            raise NotUnderstood("only texts contain letters")
        text = str(found.operands[0])
        if "%" in text or "_" in text:
            raise NotUnderstood("a pattern may not hold wildcards")
        first = "" if found.matching == "starts" else "%"
        last = "" if found.matching == "ends" else "%"
        return self._phrasing.like(this, f"{first}{text}{last}")

    def _moment(self, condition: Condition, column: _Column) -> Expression:
        """Return the condition on a column of dates: whole days from the first to the one behind the last."""
        found, element = condition.filter, condition.element
        spans = [_span(operand) for operand in found.operands]
        if found.comparison in _OPEN:
            first, last = spans[0]
            edge = last + timedelta(1) if found.comparison in {">", "<="} else first
            sign = _OPEN[found.comparison]
            return phrasing.compared(column(element), sign, [phrasing.text(edge.isoformat())])
        if found.between:
            spans = [(spans[0][0], spans[-1][1])]
        within = phrasing.some([_within(column, element, first, last) for first, last in spans])
        return phrasing.denied(within) if found.comparison == "!=" else within

    def _item(self, item: Item, column: _Column, *, named: bool) -> Expression:
        if item.function is None and item.element is not None:
            return column(item.element)
        figure = self._figure(item, column)
        return self._phrasing.named(figure, self.label(item)) if named else figure

    def _limit(self, limit: Limit, column: _Column) -> Expression:
        figure = self._item(limit.item, column, named=False)
        numbers = [phrasing.number(number) for number in limit.numbers]
        if len(numbers) == 1:
            return phrasing.compared(figure, limit.comparison, numbers)
        return phrasing.between(figure, numbers[0], numbers[-1])

    def _key(self, item: Item, column: _Column) -> Expression:
        if item.function is not None or item.element is None:
            return self._item(item, column, named=False)
        this = column(item.element)
        return self._as_number(item.element, this) if self._values.numeric(item.element) else this

    def _figure(self, item: Item, column: _Column) -> Expression:
        if item.element is None or item.function is None:
            return phrasing.figure("count", None)
        this = column(item.element)
        kind, adds = self._elements.kind(item.element), item.function in {"avg", "sum"}
        if adds and kind not in {"number", "text"}:
            raise NotUnderstood("only numbers have an average")
        if kind == "text" and item.function != "count" and (adds or self._values.numeric(item.element)):
            this = self._as_number(item.element, this)
        return phrasing.figure(item.function, this, distinct=item.distinct)

    def _table(self, table: int) -> str:
        return self._elements.schema.tables[table].name

    def _bare(self, element: Element) -> Expression:
        return self._phrasing.column(self._elements.column(element).name)

    def _qualified(self, element: Element) -> Expression:
        return self._phrasing.column(self._elements.column(element).name, table=self._table(element.table))


def _span(operand: Operand) -> tuple[date, date]:
    if isinstance(operand, Days):
        return operand.first, operand.last
    if isinstance(operand, int) and _FIRST_YEAR <= operand < date.max.year:
        return date(operand, 1, 1), date(operand, 12, 31)
    raise NotUnderstood("this is no moment")


def _within(column: _Column, element: Element, first: date, last: date) -> Expression:
    parts = [phrasing.compared(column(element), ">=", [phrasing.text(first.isoformat())])]
    if last < date.max:
        end = (last + timedelta(1)).isoformat()
        parts.append(phrasing.compared(column(element), "<", [phrasing.text(end)]))
    return phrasing.every(parts)
