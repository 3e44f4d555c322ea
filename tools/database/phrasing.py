"""Builds SELECT statements part by part, as sqlglot trees: names and values are never pasted into text.

Who builds a statement passes names, values and the expressions that come back; what an expression is made
of stays here. The statement is for the guard like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlglot import exp

from tools.database.schema import Dialect
from tools.database.shapes import spelled

Expression: TypeAlias = exp.Expr
"""A part of a statement."""
Statement: TypeAlias = exp.Query
"""A whole SELECT, or several put together."""

Figure: TypeAlias = Literal["avg", "sum", "min", "max", "count"]
Comparison: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]

_OPERATORS: dict[Comparison, type[exp.Binary]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_FIGURES: dict[Figure, type[exp.AggFunc]] = {
    "avg": exp.Avg,
    "sum": exp.Sum,
    "min": exp.Min,
    "max": exp.Max,
    "count": exp.Count,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one SELECT is made of."""

    items: Sequence[Expression]
    table: str
    joins: Sequence[tuple[str, Expression]] = ()
    """Each further table with its condition."""
    where: Sequence[Expression] = ()
    """All of them must hold."""
    groups: Sequence[Expression] = ()
    having: Sequence[Expression] = ()
    orders: Sequence[tuple[Expression, bool]] = ()
    """Each key, and whether its greatest value comes first; missing values come last."""
    limit: int | None = None
    distinct: bool = False


class Phrasing:
    """Builds statements in the language of one database."""

    def __init__(self, dialect: Dialect) -> None:
        """Know the language."""
        self._dialect = dialect

    def column(self, name: str, *, table: str | None = None) -> Expression:
        """Return a column, by its table when there are several."""
        return exp.Column(this=self._name(name), table=None if table is None else self._name(table))

    def star(self, table: str | None = None) -> Expression:
        """Return all columns, of one table or of the only one."""
        return exp.Star() if table is None else exp.Column(this=exp.Star(), table=self._name(table))

    def named(self, this: Expression, label: str) -> Expression:
        """Return an expression under a name of its own."""
        return exp.alias_(this, self._name(label), copy=False)

    def like(self, this: Expression, pattern: str) -> Expression:
        """Return the condition that a text matches a pattern, whatever its case."""
        kind = exp.ILike if self._dialect == "postgres" else exp.Like
        return kind(this=this, expression=text(pattern))

    def select(self, parts: Parts) -> Statement:
        """Return one SELECT."""
        found = exp.select(*parts.items, copy=False).from_(self._table(parts.table), copy=False)
        for table, condition in parts.joins:
            found = found.join(self._table(table), on=condition, copy=False)
        if parts.where:
            found = found.where(exp.and_(*parts.where, copy=False), copy=False)
        if parts.groups:
            found = found.group_by(*parts.groups, copy=False)
        if parts.having:
            found = found.having(exp.and_(*parts.having, copy=False), copy=False)
        for key, descending in parts.orders:
            found = found.order_by(exp.Ordered(this=key, desc=descending, nulls_first=False), copy=False)
        if parts.limit is not None:
            found = found.limit(parts.limit, copy=False)
        return found.distinct(copy=False) if parts.distinct else found

    def write(self, statement: Statement) -> str:
        """Return the text of a statement."""
        return statement.sql(dialect=self._dialect)

    def _table(self, name: str) -> exp.Table:
        return exp.Table(this=self._name(name))

    def _name(self, name: str) -> exp.Identifier:
        return exp.to_identifier(name, quoted=spelled(name, dialect=self._dialect) != name)


def text(value: str) -> Expression:
    """Return a text."""
    return exp.Literal.string(value)


def number(value: int | float) -> Expression:
    """Return a number."""
    return exp.Neg(this=exp.Literal.number(-value)) if value < 0 else exp.Literal.number(value)


def compared(this: Expression, comparison: Comparison, operands: Sequence[Expression]) -> Expression:
    """Return a comparison; with several operands it is membership, or none of them."""
    if len(operands) == 1:
        return _OPERATORS[comparison](this=this, expression=operands[0])
    found = exp.In(this=this, expressions=list(operands))
    return exp.Not(this=found) if comparison == "!=" else found


def between(this: Expression, low: Expression, high: Expression) -> Expression:
    """Return the condition that a value lies in a range, its ends included."""
    return exp.Between(this=this, low=low, high=high)


def inside(this: Expression, statement: Statement) -> Expression:
    """Return the condition that a value is among those of a statement."""
    return exp.In(this=this, query=exp.Subquery(this=statement))


def value_of(statement: Statement) -> Expression:
    """Return the single value that a statement gives."""
    return exp.Subquery(this=statement)


def every(conditions: Sequence[Expression]) -> Expression:
    """Return the condition that all hold."""
    return exp.and_(*conditions, copy=False)


def some(conditions: Sequence[Expression]) -> Expression:
    """Return the condition that one of them holds."""
    return exp.or_(*conditions, copy=False) if len(conditions) > 1 else conditions[0]


def denied(condition: Expression) -> Expression:
    """Return the condition that another does not hold."""
    return exp.Not(this=exp.Paren(this=condition) if isinstance(condition, exp.Connector) else condition)


def present(this: Expression) -> Expression:
    """Return the condition that a value is not missing."""
    return exp.Not(this=exp.Is(this=this, expression=exp.Null()))


def figure(function: Figure, this: Expression | None, *, distinct: bool = False) -> Expression:
    """Return an aggregate; without a column it counts rows."""
    if this is None:
        return exp.Count(this=exp.Star())
    return _FIGURES[function](this=exp.Distinct(expressions=[this]) if distinct else this)


def as_number(this: Expression) -> Expression:
    """Return a text read as a number."""
    return exp.Cast(this=this, to=exp.DataType.build("double"))


def in_both(first: Statement, second: Statement) -> Statement:
    """Return the rows that two statements share."""
    return first.intersect(second, copy=False)


def in_first_only(first: Statement, second: Statement) -> Statement:
    """Return the rows of one statement that another does not give."""
    return first.except_(second, copy=False)
