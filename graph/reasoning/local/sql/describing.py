"""Says in words what a query gives."""

import re
from collections.abc import Sequence

from graph.reasoning.local.sql.elements import Element, Elements
from graph.reasoning.local.sql.frame import Computed, Days, Operand
from graph.reasoning.local.sql.query import Condition, Item, Limit, Membership, Query
from graph.reasoning.local.sql.rendering import Renderer
from graph.reasoning.ports import Statement

_FIGURES = {"avg": "average", "sum": "total", "min": "smallest", "max": "largest"}
_SIGNS = {
    "=": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
}


def describe(query: Query, text: str, elements: Elements, renderer: Renderer) -> Statement:
    """Return the statement with its description, its sentence and what is said without rows."""
    words = _Words(elements)
    single = len(query.items) == 1 and not query.groups and query.items[0].function is not None
    return Statement(
        text=text,
        description=words.whole(query),
        answer=words.sentence(query, renderer.label(query.items[0])) if single else None,
        empty=f"No {words.plural(query.table)} were found{words.behind(query)}.",
    )


class _Words:
    """Names of tables and columns as people say them."""

    def __init__(self, elements: Elements) -> None:
        self._elements = elements

    def whole(self, query: Query) -> str:
        """Return what the rows of a query are."""
        shown = _listed([self._item(item, query) for item in query.items]) or "all columns"
        counted = len(query.items) == 1 and query.items[0].function == "count"
        rows = "" if counted or query.groups else f" of the {self.plural(query.table)}"
        text = f"{shown}{rows}{self.behind(query)}"
        if query.groups:
            text += f", for each {_listed(self._groups(query))}"
        text += "".join(self._limit(limit, query) for limit in query.having)
        text += self._order(query)
        if query.common is not None:
            text += f", and at the same time{self.behind(query.common)}"
        if query.without is not None:
            text += f", except{self.behind(query.without)}"
        return text[0].upper() + text[1:]

    def sentence(self, query: Query, label: str) -> str:
        """Return the sentence for a single figure."""
        item = query.items[0]
        figure = self._item(item, query)
        rows = "" if item.function == "count" else f" of the {self.plural(query.table)}"
        return f"The {figure}{rows}{self.behind(query)} is {{{label}}}."

    def behind(self, query: Query) -> str:
        """Return the conditions as words behind a noun."""
        joined = ""
        for condition in query.conditions:
            joined += (" or " if condition.either else " and ") * bool(joined) + self._condition(condition)
        return f" where {joined}" if joined else ""

    def plural(self, table: int) -> str:
        """Return what the rows of a table are called."""
        name = _said(self._elements.schema.tables[table].name)
        if name.endswith("s"):
            return name
        return f"{name[:-1]}ies" if re.search(r"[^aeiou]y$", name) else f"{name}s"

    def _is_key(self, element: Element) -> bool:
        return self._elements.column(element).name in self._elements.table(element).primary_key

    def _column(self, element: Element) -> str:
        return _said(self._elements.column(element).name)

    def _item(self, item: Item, query: Query) -> str:
        if item.counted is not None or item.element is None:
            return f"number of {self.plural(query.table if item.counted is None else item.counted)}"
        if item.function is None:
            return self._column(item.element)
        if item.function == "count":
            return f"number of different values of {self._column(item.element)}"
        figure, column = _FIGURES[item.function], self._column(item.element)
        return column if figure == column else f"{figure} {column}"

    def _groups(self, query: Query) -> list[str]:
        keys = [element for element in query.groups if self._is_key(element)]
        names = [self._singular(element.table) for element in keys]
        return list(dict.fromkeys(names)) or [self._column(element) for element in query.groups]

    def _singular(self, table: int) -> str:
        name = _said(self._elements.schema.tables[table].name)
        return re.sub(r"(?<=[^s])s$", "", re.sub(r"ies$", "y", name))

    def _limit(self, limit: Limit, query: Query) -> str:
        values = " to ".join(map(str, limit.numbers))
        return f", only where the {self._item(limit.item, query)} {_SIGNS[limit.comparison]} {values}"

    def _order(self, query: Query) -> str:
        if not query.orders:
            return ""
        key = query.orders[0]
        name = self._item(key.item, query)
        end = "largest" if key.descending else "smallest"
        if query.limit is None:
            return f", ordered by {name}, {end} first"
        return f", the {query.limit} with the {end} {name}" if query.limit > 1 else f", with the {end} {name}"

    def _condition(self, condition: Condition | Membership) -> str:
        if isinstance(condition, Membership):
            inside = condition.inside
            limits = self.behind(inside).replace(" where", " whose", 1)
            if inside.table == condition.element.table:
                return limits.removeprefix(" whose ") or "it exists"
            name = self._singular(inside.table)
            article = "no" if condition.negated else "an" if name[:1] in "aeiou" else "a"
            return f"there is {article} {name}{limits}{self._order(inside)}"
        sign = _SIGNS[condition.filter.matching or condition.filter.comparison]
        if condition.negated:
            sign = "is not" if sign == "is" else f"not {sign}"
        return f"{self._column(condition.element)} {sign} {self._operands(condition)}"

    def _operands(self, condition: Condition) -> str:
        said = [self._operand(operand, condition) for operand in condition.filter.operands]
        said = said or list(dict.fromkeys(value.strip() for value in condition.values))
        return f"between {said[0]} and {said[-1]}" if condition.filter.between else " or ".join(said)

    def _operand(self, operand: Operand, condition: Condition) -> str:
        if isinstance(operand, Computed):
            return (
                f"the {_FIGURES.get(operand.function, operand.function)} {self._column(condition.computed)}"
            )
        if isinstance(operand, Days):
            return f"from {operand.first.isoformat()} to {operand.last.isoformat()}"
        return str(operand)


def _said(name: str) -> str:
    """Return an identifier as words."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\W]+", " ", name)
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in spaced.split())


def _listed(parts: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
