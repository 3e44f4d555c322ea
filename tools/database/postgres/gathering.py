"""Refuses PostgreSQL statements that would gather too much text in the memory of the server.

No setting of a session bounds what string_agg puts together: `work_mem` does not count it. So it is estimated
before the statement runs, from the plan and the text of the statement:

    bytes = rows · width(what is gathered)

    rows    that go into the largest aggregate of the plan; of a nested loop all pairs, whatever is said to be
            left of them, and of a filtered scan at least a tenth of what is read, for conditions that nobody
            keeps statistics of are always said to leave little
    width   a literal's length, the plan's width for a column, the sum of its parts for an expression; a name
            that a subquery gives an expression stands for it

It is an estimate: statistics that are badly wrong make it wrong too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

from tools.database.costs import Node, children_of, number_of
from tools.database.schema import lowered
from tools.errors import RejectedQuery
from tools.types import Cell

MOST_BYTES = 12_000_000
"""Of all text that one statement gathers; while it does, the server takes up to four times as much."""
_AGGREGATES = {"Aggregate", "WindowAgg"}
_PASSED_ON = {"Sort", "Incremental Sort", "Materialize", "Memoize", "Subquery Scan", "CTE Scan", "Result"}
_LEAST_SHARE = 0.1
_COST_OF_A_ROW = 0.01
_USUAL_BYTES = 8.0
_NUMBERS = (exp.Count, exp.Sum, exp.Avg, exp.Length, exp.StrPosition, exp.RowNumber, exp.Extract)


def check_room(plan: Node, statement: str, values: Mapping[str, Cell]) -> None:
    """Refuse to gather more text than is allowed.

    Args:
        plan: The root node of EXPLAIN (FORMAT JSON).
        statement: SQL as the guard wrote it.
        values: Of its parameters.

    Raises:
        RejectedQuery: Its problem is `too_expensive`.
    """
    if gathered_bytes(plan, statement, values) > MOST_BYTES:
        raise RejectedQuery(
            "the statement would put more text together than is allowed; filter more, or list rows instead",
            "too_expensive",
        )


def gathered_bytes(plan: Node, statement: str, values: Mapping[str, Cell]) -> float:
    """Return the estimated size of the text that a statement gathers; nothing when it gathers none."""
    tree = sqlglot.parse_one(statement, read="postgres")
    gathering = list(tree.find_all(exp.GroupConcat))
    if not gathering:
        return 0.0
    named: dict[str, list[exp.Expr]] = {}
    for select in tree.find_all(exp.Select):
        for place, item in enumerate(select.expressions):
            for name in {item.alias_or_name, *_listed_names(select, place)} - {""}:
                named.setdefault(lowered(name), []).append(item.unalias())
    nodes = _nodes(plan)
    width = _Width(
        named=named,
        values=values,
        column=max(number_of(node, "Plan Width") for node in nodes),
        rows=max((_incoming(node) for node in nodes if node.get("Node Type") in _AGGREGATES), default=1.0),
    )
    return sum(width.of(item) for item in gathering)


def _listed_names(select: exp.Select, place: int) -> list[str]:
    """Return the name that `AS name(column, …)` around a query gives one of its columns."""
    around = select.parent
    names = around.alias_column_names if isinstance(around, exp.CTE | exp.Subquery) else []
    return names[place : place + 1]


@dataclass(slots=True, kw_only=True)
class _Width:
    """Estimates bytes of expressions."""

    named: Mapping[str, Sequence[exp.Expr]]
    values: Mapping[str, Cell]
    column: float
    rows: float
    _known: dict[str, float] = field(default_factory=dict)

    def of(self, item: exp.Expr) -> float:
        """Return the bytes of one value of an expression."""
        if isinstance(item, exp.Literal):
            return float(len(str(item.this).encode()))
        if isinstance(item, exp.Column):
            return self._of_name(lowered(item.name))
        if isinstance(item, exp.Placeholder):
            return float(len(str(self.values.get(item.name, "")).encode()))
        if isinstance(item, exp.DataTypeParam):
            return float(item.name) if item.name.isdecimal() else 0.0
        if isinstance(item, _NUMBERS):
            return _USUAL_BYTES
        parts = sum(self.of(part) for part in item.iter_expressions())
        return parts * self.rows if isinstance(item, exp.GroupConcat) else max(parts, _USUAL_BYTES)

    def _of_name(self, name: str) -> float:
        if name not in self._known:
            self._known[name] = self.column  # a column that a subquery passes on under its own name
            self._known[name] = max(self.column, *map(self.of, self.named.get(name, ())), 0.0)
        return self._known[name]


def _nodes(plan: Node) -> list[Node]:
    return [plan, *(node for child in children_of(plan) for node in _nodes(child))]


def _incoming(aggregate: Node) -> float:
    return max((_rows(child) for child in children_of(aggregate)), default=1.0)


def _rows(node: Node) -> float:
    """Return the rows of a node, doubting estimates of what conditions leave."""
    kind, said = node.get("Node Type"), max(1.0, number_of(node, "Plan Rows"))
    below = [_rows(child) for child in children_of(node)]
    if kind == "Nested Loop" and len(below) >= 2:
        return max(said, below[0] * below[1])
    if kind in _PASSED_ON and below:
        return max(said, below[0])
    if "Filter" in node and not below:
        return max(said, number_of(node, "Total Cost") / _COST_OF_A_ROW * _LEAST_SHARE)
    return said
