"""Which forms a statement may have: every node of its tree, and how much of what.

Growth is capped by construction: no function that makes a large value from a small one is allowed,
`replace` only when it cannot lengthen, and concatenations are counted.
"""

import re
from collections.abc import Callable, Iterator

from sqlglot import exp

from tools.database.guarding.refusal import Refused, shown
from tools.database.guarding.vocabulary import NODES, TYPES, UNTYPED_FUNCTIONS
from tools.database.schema import Dialect

MOST_DEPTH = 120
MOST_JOINS = 12
MOST_CROSS_JOINS = 2
MOST_SELECTS = 30
MOST_LITERALS = 500
MOST_CONCATENATIONS = 12
MOST_TYPE_SIZE = 1_000

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
_NUMBER = re.compile(r"\d{0,20}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,2})?\Z")
_WORD = re.compile(r"[A-Za-z_]{1,20}\Z")
ASKER = "asker_"
"""What the parameters that hold the asker's attributes begin with; no statement may use one."""

_CONCATENATIONS = (exp.DPipe, exp.Concat, exp.ConcatWs, exp.GroupConcat)


def check_size(tree: exp.Expr) -> None:
    """Refuse a statement that is too deep or has too much of something.

    Raises:
        Refused: Says what there is too much of.
    """
    deepest, pending = 0, [(tree, 1)]
    counts = {exp.Join: 0, exp.Select: 0, exp.Literal: 0, exp.DPipe: 0}
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        kind = exp.DPipe if isinstance(node, _CONCATENATIONS) else type(node)
        if kind in counts:
            counts[kind] += max(1, len(node.expressions) - 1) if kind is exp.DPipe else 1
        pending.extend((child, depth + 1) for child in node.iter_expressions())
    for count, most, what in (
        (deepest, MOST_DEPTH, "levels"),
        (counts[exp.Join], MOST_JOINS, "joins"),
        (counts[exp.Select], MOST_SELECTS, "SELECTs"),
        (counts[exp.Literal], MOST_LITERALS, "literals"),
        (counts[exp.DPipe], MOST_CONCATENATIONS, "concatenations"),
    ):
        if count > most:
            raise Refused(f"the statement has more than {most} {what}", "too_large")


def check_form(node: exp.Expr, dialect: Dialect) -> None:
    """Refuse a node that is not on the allow-list, or not in a form that is needed.

    Raises:
        Refused: Names what is not allowed.
    """
    kind = type(node)
    if kind is exp.Anonymous:
        _check_untyped_function(node, dialect)
    elif kind not in NODES[dialect]:
        raise Refused(f"{_what(node)} is not allowed")
    parts = _PARTS.get(kind)
    if parts is not None and (unexpected := set(_given(node)) - parts):
        raise Refused(f"{_what(node)} with {min(unexpected).strip('_').upper()!r} is not allowed")
    rule = _RULES.get(kind)
    if rule is not None:
        rule(node)


def _what(node: exp.Expr) -> str:
    if isinstance(node, exp.Func):
        return f"the function {node.sql_name().lower()!r}"
    return {"into": "SELECT INTO", "lock": "locking rows"}.get(node.key, f"{node.key.upper()!r}")


def _check_untyped_function(node: exp.Expr, dialect: Dialect) -> None:
    name = node.this if isinstance(node.this, str) else ""
    if name.lower() not in UNTYPED_FUNCTIONS[dialect]:
        raise Refused(f"the function {shown(str(node.name).lower())} is not allowed")


def _check_query(node: exp.Expr) -> None:
    """Refuse a query without the parentheses that the databases want, where the parser does without."""
    if not isinstance(node.parent, _HOLDERS | None):
        raise Refused("a query within another stands in parentheses", "syntax")


_HOLDERS = exp.Subquery | exp.CTE | exp.SetOperation | exp.Exists | exp.In | exp.Any | exp.All


def _check_order(node: exp.Expr) -> None:
    is_argument = isinstance(node.parent, exp.AggFunc) and node.arg_key == "expressions"
    if is_argument or not isinstance(node.parent, exp.Query | exp.Window | exp.WithinGroup | exp.AggFunc):
        raise Refused("ORDER BY stands in queries, windows and aggregates", "syntax")


def _check_select(node: exp.Expr) -> None:
    _check_query(node)
    joins = node.args.get("joins") or []
    if not _compares(node.args.get("where")) and sum(_is_cross(join) for join in joins) > MOST_CROSS_JOINS:
        raise Refused(f"more than {MOST_CROSS_JOINS} joins have no condition", "too_large")
    if not node.expressions or (joins and not node.args.get("from_")):
        raise Refused("SELECT needs columns, and JOIN needs FROM", "syntax")


def _is_cross(join: exp.Expr) -> bool:
    named = join.args.get("using") or join.args.get("method") == "NATURAL"
    return not named and not _compares(join.args.get("on"))


def _compares(condition: exp.Expr | None) -> bool:
    """Whether a condition is about rows: ON TRUE is none."""
    return condition is not None and condition.find(exp.Column) is not None


def _check_with(node: exp.Expr) -> None:
    if node.args.get("recursive"):
        raise Refused("recursive queries are not allowed")


def _check_placeholder(node: exp.Expr) -> None:
    if not isinstance(node.this, str) or not _PARAMETER.match(node.this) or set(_given(node)) != {"this"}:
        raise Refused("parameters are written as :name", "parameters")
    if node.this.lower().startswith(ASKER):
        raise Refused(f"parameters may not begin with {ASKER!r}", "parameters")


def _check_literal(node: exp.Expr) -> None:
    if not node.args.get("is_string") and not _NUMBER.match(str(node.this)):
        raise Refused("a number is too long or its exponent too large", "too_large")


def _check_type(node: exp.Expr) -> None:
    if node.this not in TYPES or node.args.get("nested"):
        raise Refused("casting to this type is not allowed")
    for parameter in node.find_all(exp.DataTypeParam):
        size = parameter.this
        digits = str(size.this) if type(size) is exp.Literal else ""
        if not digits.isdecimal() or int(digits) > MOST_TYPE_SIZE:
            raise Refused(f"a type is larger than {MOST_TYPE_SIZE}", "too_large")


def _check_replace(node: exp.Expr) -> None:
    search, replacement = node.args.get("expression"), node.args.get("replacement")
    literals = all(isinstance(part, exp.Literal) and part.is_string for part in (search, replacement))
    if not literals or len(replacement.this) > len(search.this):  # type: ignore[union-attr]  # both are literals
        raise Refused("replace() may not lengthen its text")


def _check_interval(node: exp.Expr) -> None:
    if not isinstance(node.this, exp.Literal):
        raise Refused("an interval is written as INTERVAL '7 days'", "syntax")


def _check_word(node: exp.Expr) -> None:
    """Allow bare words as units and collations only: elsewhere a database could take them for columns."""
    holders = exp.Interval | exp.Extract | exp.TimestampTrunc | exp.Collate
    if not isinstance(node.parent, holders) or not _WORD.match(str(node.this)):
        raise Refused(f"{shown(str(node.this))} is not allowed")


def _check_count(node: exp.Expr) -> None:
    count = node.args.get("count" if isinstance(node, exp.Fetch) else "expression")
    if isinstance(count, exp.Neg):
        count = count.this
    is_number = isinstance(count, exp.Literal) and not count.is_string
    if count is not None and not is_number and not isinstance(count, exp.Placeholder):
        raise Refused("LIMIT, OFFSET and FETCH take a number or a parameter")


def _check_fetch(node: exp.Expr) -> None:
    _check_count(node)
    options = node.args.get("limit_options")
    if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
        raise Refused("FETCH takes a plain number of rows")


def _check_table(node: exp.Expr) -> None:
    if node.args.get("indexed") is not None:  # False means NOT INDEXED
        raise Refused("only plain table names are allowed in FROM")


def _check_subquery(node: exp.Expr) -> None:
    """Refuse a name for joins in parentheses, behind which the names of the tables would be gone."""
    inner = node.this
    while isinstance(inner, exp.Subquery) and not inner.args.get("joins"):
        inner = inner.this
    if node.alias and not isinstance(inner, exp.Select | exp.SetOperation):
        raise Refused("parentheses around tables take no alias")


def _check_star(node: exp.Expr) -> None:
    """Refuse whole rows as values, as in `t.*::text`, which would show columns by another name."""
    holder = node.parent.parent if isinstance(node.parent, exp.Column) else node.parent
    if not isinstance(holder, exp.Select | exp.Count):
        raise Refused("* stands for columns only behind SELECT and in count(*)")


def _given(node: exp.Expr) -> Iterator[str]:
    return (name for name, value in node.args.items() if value not in (None, False, []))


_MODIFIERS = {"with_", "order", "limit", "offset"}
_SET_PARTS = frozenset({"this", "expression", "distinct", *_MODIFIERS})

_PARTS: dict[type[exp.Expr], frozenset[str]] = {
    exp.Select: frozenset(
        {"expressions", "distinct", "from_", "joins", "where", "group", "having", "windows", *_MODIFIERS}
        | {"into", "locks"}  # their nodes are refused with a better reason
    ),
    exp.Union: _SET_PARTS,
    exp.Intersect: _SET_PARTS,
    exp.Except: _SET_PARTS,
    exp.Subquery: frozenset({"this", "alias", "joins", *_MODIFIERS}),
    exp.Table: frozenset({"this", "db", "catalog", "alias", "joins"}),
    exp.Join: frozenset({"this", "on", "using", "side", "kind", "method"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Group: frozenset({"expressions", "rollup"}),
    exp.Column: frozenset({"this", "table", "db", "catalog"}),
    exp.Star: frozenset(),
}
"""What the nodes that shape a statement may be made of; other parts belong to other databases."""

_RULES: dict[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Select: _check_select,
    exp.Union: _check_query,
    exp.Intersect: _check_query,
    exp.Except: _check_query,
    exp.Order: _check_order,
    exp.With: _check_with,
    exp.Placeholder: _check_placeholder,
    exp.Literal: _check_literal,
    exp.DataType: _check_type,
    exp.Replace: _check_replace,
    exp.Var: _check_word,
    exp.Interval: _check_interval,
    exp.Fetch: _check_fetch,
    exp.Limit: _check_count,
    exp.Offset: _check_count,
    exp.Subquery: _check_subquery,
    exp.Table: _check_table,
    exp.Star: _check_star,
}
