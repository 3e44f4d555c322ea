"""How difficult a statement is, by the component counts that Spider publishes.

Of the outermost SELECT (the leftmost one of a UNION, INTERSECT or EXCEPT) are counted:

    components = WHERE + GROUP BY + ORDER BY + LIMIT (1 each) + joins + ORs + LIKEs
    nested     = conditions that hold a SELECT + (1 if it is a UNION, INTERSECT or EXCEPT)
    others     = (aggregates > 1) + (selected > 1) + (conditions of WHERE > 1) + (grouped by > 1)

where negated conditions of WHERE, and the ANDs and ORs of HAVING, count as aggregates but aggregates that
HAVING compares do not. Then

    easy    components <= 1, others = 0, nested = 0
    medium  nested = 0, and components <= 1, others <= 2, or components <= 2, others <= 1
    hard    nested = 0, and components <= 2, others > 2, or components = 3, others <= 2;
            or components <= 1, others = 0, nested = 1
    extra   all else

Source: `eval_hardness` in evaluation.py of https://github.com/taoyds/spider (Yu et al., "Spider: A
Large-Scale Human-Labeled Dataset", EMNLP 2018).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tools.database.schema import Dialect

Difficulty: TypeAlias = Literal["easy", "medium", "hard", "extra"]
"""Spider's four levels, from the easiest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counts:
    components: int
    nested: int
    others: int


def difficulty(sql: str, *, dialect: Dialect = "sqlite") -> Difficulty:
    """Return how difficult a statement is; what cannot be read is extra difficult."""
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
    except (SqlglotError, RecursionError):
        return "extra"
    is_compound = False
    while isinstance(tree, exp.SetOperation | exp.Subquery):
        is_compound = is_compound or isinstance(tree, exp.SetOperation)
        tree = tree.this
    return _level(_counts(tree, is_compound=is_compound)) if isinstance(tree, exp.Select) else "extra"


def _level(counts: _Counts) -> Difficulty:
    components, nested, others = counts.components, counts.nested, counts.others
    if nested:
        return "hard" if (components <= 1, nested, others) == (True, 1, 0) else "extra"
    if components <= 1 and others == 0:
        return "easy"
    if (components <= 1 and others <= 2) or (components <= 2 and others <= 1):
        return "medium"
    if (components <= 2 and others > 2) or (components == 3 and others <= 2):
        return "hard"
    return "extra"


def _counts(select: exp.Select, *, is_compound: bool) -> _Counts:
    where = _conditions(select.args.get("where"))
    having = _conditions(select.args.get("having"))
    joins = select.args.get("joins") or []
    conditions = [*where, *having, *(condition for join in joins for condition in _conditions_of_join(join))]
    clauses = [select.args.get(name) for name in ("where", "group", "order", "limit")]
    grouped = select.args["group"].expressions if select.args.get("group") else []
    return _Counts(
        components=sum(clause is not None for clause in clauses)
        + len(joins)
        + _ors(select)
        + sum(isinstance(_affirmed(condition), exp.Like | exp.ILike) for condition in conditions),
        nested=sum(condition.find(exp.Select) is not None for condition in conditions) + is_compound,
        others=(_aggregates(select, where, having) > 1)
        + (len(select.expressions) > 1)
        + (len(where) > 1)
        + (len(grouped) > 1),
    )


def _aggregates(select: exp.Select, where: list[exp.Expr], having: list[exp.Expr]) -> int:
    order = select.args.get("order")
    shown = [*select.expressions, *(order.expressions if order else [])]
    negated = sum(isinstance(condition, exp.Not) for condition in where)
    aggregated = sum(
        any(node.find_ancestor(exp.Select) is select for node in item.find_all(exp.AggFunc)) for item in shown
    )
    return aggregated + negated + max(0, len(having) - 1)


def _affirmed(condition: exp.Expr) -> exp.Expr:
    return condition.this if isinstance(condition, exp.Not) else condition


def _ors(select: exp.Select) -> int:
    """Count the ORs of the SELECT itself, not those of what is nested in it."""
    clauses = [select.args.get("where"), select.args.get("having"), *(select.args.get("joins") or [])]
    return sum(
        node.find_ancestor(exp.Select) is select
        for clause in clauses
        if clause is not None
        for node in clause.find_all(exp.Or)
    )


def _conditions_of_join(join: exp.Join) -> Iterator[exp.Expr]:
    if join.args.get("on") is not None:
        yield from _flattened(join.args["on"])


def _conditions(clause: exp.Expr | None) -> list[exp.Expr]:
    return list(_flattened(clause.this)) if clause is not None else []


def _flattened(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the conditions that AND and OR connect."""
    if isinstance(node, exp.And | exp.Or):
        yield from _flattened(node.this)
        yield from _flattened(node.expression)
    elif isinstance(node, exp.Paren):
        yield from _flattened(node.this)
    else:
        yield node
