"""What the names in SQLite's plan of a statement stand for: the plan calls tables by their aliases alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from tools.database.schema import lowered


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The tables and subqueries of a statement, also those inside views; all names are folded."""

    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Tables, views and WITH expressions by the name or alias that a plan shows."""
    grouped: frozenset[str] = frozenset()
    """Subqueries, WITH expressions and views that give one row a group."""
    most_rows: Mapping[str, float] = field(default_factory=dict)
    """Rows that such a subquery gives at most, where it says so."""
    stops_after: float = inf
    """Rows after which a plain listing of one table ends; infinite for any other statement."""
    listed: Mapping[str, float] = field(default_factory=dict)
    """The same of subqueries, WITH expressions and views that are such listings."""

    @property
    def tables(self) -> frozenset[str]:
        """Every name that may be a table's."""
        return frozenset[str]().union(*self.names.values())


def outline(statement: str, *, views: Mapping[str, str]) -> Outline:
    """Outline a checked statement.

    Args:
        statement: SQL as the guard wrote it.
        views: What CREATE VIEW said, by the folded name of the view.
    """
    tree = sqlglot.parse_one(statement, read="sqlite")
    queries: list[tuple[str, exp.Expr]] = [("", tree)]
    names: dict[str, set[str]] = {}
    pending, seen = [tree], set[str]()
    while pending:
        for table in (root := pending.pop()).find_all(exp.Table):
            folded = lowered(table.name)
            names.setdefault(lowered(table.alias_or_name), set()).add(folded)
            if folded in views and folded not in seen:
                seen.add(folded)
                for body in _bodies(views[folded]):
                    pending.append(body)
                    queries.append((folded, body))
        queries += [
            (lowered(part.alias), part.this)
            for part in root.find_all(exp.Subquery, exp.CTE)
            if part.alias and isinstance(part.this, exp.Expr)
        ]
    return Outline(
        names={name: frozenset(tables) for name, tables in names.items()},
        grouped=frozenset(name for name, query in queries if _is_grouped(query)),
        most_rows=_bounds(queries, _bound),
        listed=_bounds(queries, lambda query: _listed(query, views)),
        stops_after=_listed(tree, views),
    )


def read_by(view: str) -> frozenset[str] | None:
    """Return the folded names of what a view reads, or None when nobody can tell.

    Args:
        view: What CREATE VIEW said.
    """
    bodies = list(_bodies(view))
    if not bodies:
        return None
    names = {lowered(table.name) for table in bodies[0].find_all(exp.Table)}
    for membership in bodies[0].find_all(exp.In):  # `x IN name` reads a table, too
        named = membership.args.get("field")
        if isinstance(named, exp.Expr):
            names.add(lowered(named.name))
    return frozenset(names)


def _bodies(view: str) -> Iterator[exp.Expr]:
    """Yield the query of a view; nothing when only SQLite itself understands it."""
    try:
        words = sqlglot.tokenize(view, read="sqlite")
        start = next(word.end + 1 for word in words if word.token_type is TokenType.ALIAS)
        body = sqlglot.parse_one(view[start:], read="sqlite")
    except (SqlglotError, RecursionError, StopIteration):
        return
    if isinstance(body, exp.Query):
        yield body


def _bounds(queries: list[tuple[str, exp.Expr]], bound: Callable[[exp.Expr], float]) -> dict[str, float]:
    """Return the bounds that hold for every query of a name."""
    bounds: dict[str, float] = {}
    for name, query in queries:
        bounds[name] = max(bounds.get(name, 0.0), bound(query))
    return {name: most for name, most in bounds.items() if most < inf}


def _bound(query: exp.Expr) -> float:
    most = _literal(query.args.get("limit"))
    is_total = (
        isinstance(query, exp.Select)
        and not query.args.get("group")
        and any(_is_total(item, query) for item in query.expressions)
    )
    return min(most, 1.0) if is_total else most


def _is_total(item: exp.Expr, query: exp.Expr) -> bool:
    return any(
        total.parent_select is query and not total.find_ancestor(exp.Window)
        for total in item.find_all(exp.AggFunc)
    )


def _is_grouped(query: exp.Expr) -> bool:
    return isinstance(query, exp.Select) and bool(query.args.get("group") or query.args.get("distinct"))


def _listed(tree: exp.Expr, views: Mapping[str, str]) -> float:
    """Return where the LIMIT ends `SELECT … FROM table LIMIT …`."""
    start = tree.args.get("from_")
    parts = ("where", "joins", "group", "having", "order", "distinct", "with_")
    if not isinstance(tree, exp.Select) or start is None or any(tree.args.get(part) for part in parts):
        return inf
    is_plain = isinstance(start.this, exp.Table) and lowered(start.this.name) not in views
    if not is_plain or tree.find(exp.AggFunc, exp.Window, exp.Subquery, exp.Exists):
        return inf
    offset = tree.args.get("offset")
    return _literal(tree.args.get("limit")) + (_literal(offset) if offset else 0.0)


def _literal(clause: exp.Expr | None) -> float:
    value = clause.args.get("expression") if clause else None
    is_count = isinstance(value, exp.Literal) and str(value.this).isdecimal()
    return float(value.this) if is_count and value is not None else inf
