"""Decides whether a SQL statement may run: pure, fails closed, knows no connection.

A statement is parsed in its real dialect and passes when everything in its tree is on an allow-list. What
runs is never the text that came in but SQL written anew from the checked tree, so comments, odd quoting
and differences between parsers do not reach the database.

Growth is capped by construction: no function that makes a large value from a small one is allowed,
`replace` only when it cannot lengthen, and concatenations are counted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import TokenType

from tools.database.names import Names
from tools.database.schema import Dialect, Schema
from tools.database.vocabulary import NODES, TYPES, UNTYPED_FUNCTIONS

MOST_CHARACTERS = 20_000
MOST_TOKENS = 6_000
MOST_PARENTHESES = 40
MOST_DEPTH = 120
MOST_JOINS = 12
MOST_CROSS_JOINS = 2
MOST_SELECTS = 30
MOST_LITERALS = 500
MOST_CONCATENATIONS = 12
MOST_TYPE_SIZE = 1_000

_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
_NUMBER = re.compile(r"\d{0,20}(?:\.\d{0,20})?\Z")
_WORD = re.compile(r"[A-Za-z_]{1,20}\Z")
_CONCATENATIONS = (exp.DPipe, exp.Concat, exp.ConcatWs, exp.GroupConcat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the guard says about one statement."""

    allowed: bool
    reason: str | None = None
    """Why it is refused, in one line."""
    normalized: str | None = None
    """The statement to execute, written from the checked tree, with `:name` parameters."""
    parameters: frozenset[str] = frozenset()
    """Names of its parameters."""


class _Refused(Exception):
    """Carries the reason out of the checks."""


def check(statement: str, *, dialect: Dialect, schema: Schema | None, max_rows: int | None) -> Verdict:
    """Decide whether a statement is one harmless SELECT over known tables.

    Args:
        statement: SQL text from anyone.
        dialect: The database it would run on.
        schema: What may be read; None checks the form alone and still refuses system tables.
        max_rows: Rows the normalized statement is limited to; None leaves its LIMIT alone.
    """
    try:
        tree = _parse(statement, dialect)
        _check_size(tree)
        for node in tree.walk():
            _check_node(node, dialect)
        _check_names(tree, Names(dialect=dialect, schema=schema))
        parameters = frozenset(str(node.this) for node in tree.find_all(exp.Placeholder))
        normalized = _generate(tree if max_rows is None else _limited(tree, max_rows), dialect)
    except _Refused as refusal:
        return Verdict(allowed=False, reason=str(refusal))
    except (SqlglotError, RecursionError, ValueError, AttributeError, TypeError, KeyError, IndexError):
        # Whatever trips the parser is not SQL that is needed here; its words may quote internals.
        return Verdict(allowed=False, reason=f"the statement cannot be read as {dialect} SQL")
    return Verdict(allowed=True, normalized=normalized, parameters=parameters)


def _parse(statement: str, dialect: Dialect) -> exp.Query:
    if len(statement) > MOST_CHARACTERS:
        raise _Refused(f"the statement is longer than {MOST_CHARACTERS} characters")
    statement.encode("utf-8")
    if any(ord(character) < 32 and character not in "\t\r\n" for character in statement):
        raise _Refused("the statement holds control characters")
    tokens = sqlglot.tokenize(statement, read=dialect)
    _check_tokens([token.token_type for token in tokens])
    parsed = sqlglot.parse(statement, read=dialect, error_level=ErrorLevel.IMMEDIATE)
    trees = [tree for tree in parsed if tree is not None and type(tree) is not exp.Semicolon]
    if len(trees) != 1:
        raise _Refused("exactly one statement is allowed")
    tree = trees[0]
    while type(tree) is exp.Subquery and set(_given(tree)) == {"this"}:
        tree = tree.this
    if type(tree) not in {exp.Select, exp.Union, exp.Intersect, exp.Except}:
        raise _Refused("only SELECT statements are allowed")
    tree.pop()
    if not isinstance(tree, exp.Query):
        raise _Refused("only SELECT statements are allowed")
    return tree


def _check_tokens(kinds: list[TokenType]) -> None:
    """Refuse before parsing what would make the parser itself slow, deep or talkative."""
    if not kinds:
        raise _Refused("the statement is empty")
    if kinds[0] not in {TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN}:
        raise _Refused("only SELECT statements are allowed")
    if len(kinds) > MOST_TOKENS:
        raise _Refused(f"the statement has more than {MOST_TOKENS} words and signs")
    depth = 0
    for kind in kinds:
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if depth > MOST_PARENTHESES:
            raise _Refused(f"parentheses are nested deeper than {MOST_PARENTHESES}")


def _check_size(tree: exp.Expr) -> None:
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
            raise _Refused(f"the statement has more than {most} {what}")


def _check_node(node: exp.Expr, dialect: Dialect) -> None:
    kind = type(node)
    if kind is exp.Anonymous:
        _check_untyped_function(node, dialect)
    elif kind not in NODES[dialect]:
        raise _Refused(f"{_what(node)} is not allowed")
    rule = _RULES.get(kind)
    if rule is not None:
        rule(node)


def _what(node: exp.Expr) -> str:
    if isinstance(node, exp.Func):
        return f"the function {node.sql_name().lower()!r}"
    return {"into": "SELECT INTO", "lock": "locking rows"}.get(node.key, f"{node.key.upper()!r}")


def _check_names(tree: exp.Expr, names: Names) -> None:
    reason = names.refusal(tree)
    if reason is not None:
        raise _Refused(reason)


def _check_untyped_function(node: exp.Expr, dialect: Dialect) -> None:
    name = node.this if isinstance(node.this, str) else ""
    if name.lower() not in UNTYPED_FUNCTIONS[dialect]:
        raise _Refused(f"the function {str(node.name).lower()[:80]!r} is not allowed")


def _check_select(node: exp.Expr) -> None:
    joins = node.args.get("joins") or []
    if node.args.get("where") is None and sum(_is_cross(join) for join in joins) > MOST_CROSS_JOINS:
        raise _Refused(f"more than {MOST_CROSS_JOINS} joins have no condition")
    if not node.expressions:
        raise _Refused("SELECT needs columns")
    unexpected = set(_given(node)) - _SELECT_PARTS
    if unexpected:
        raise _Refused(f"{min(unexpected).strip('_').upper()!r} is not allowed")


_SELECT_PARTS = {"with_", "expressions", "distinct", "from_", "joins", "where", "group", "having"} | {
    *("order", "limit", "offset"),
    *("into", "locks"),  # their nodes are refused with a better reason
}


def _is_cross(join: exp.Expr) -> bool:
    return not (join.args.get("on") or join.args.get("using") or join.args.get("method") == "NATURAL")


def _check_with(node: exp.Expr) -> None:
    if node.args.get("recursive"):
        raise _Refused("recursive queries are not allowed")


def _check_in(node: exp.Expr) -> None:
    if set(_given(node)) - {"this", "expressions", "query"}:
        raise _Refused("IN needs a list or a subquery")


def _check_placeholder(node: exp.Expr) -> None:
    if not isinstance(node.this, str) or not _PARAMETER.match(node.this) or set(_given(node)) != {"this"}:
        raise _Refused("parameters are written as :name")


def _check_literal(node: exp.Expr) -> None:
    if not node.args.get("is_string") and not _NUMBER.match(str(node.this)):
        raise _Refused("a number is too long or has an exponent")


def _check_type(node: exp.Expr) -> None:
    if node.this not in TYPES or node.args.get("nested"):
        raise _Refused("casting to this type is not allowed")
    for parameter in node.find_all(exp.DataTypeParam):
        size = parameter.this
        digits = str(size.this) if type(size) is exp.Literal else ""
        if not digits.isdecimal() or int(digits) > MOST_TYPE_SIZE:
            raise _Refused(f"a type is larger than {MOST_TYPE_SIZE}")


def _check_replace(node: exp.Expr) -> None:
    search, replacement = node.args.get("expression"), node.args.get("replacement")
    literals = all(isinstance(part, exp.Literal) and part.is_string for part in (search, replacement))
    if not literals or len(replacement.this) > len(search.this):  # type: ignore[union-attr]  # both are literals
        raise _Refused("replace() may not lengthen its text")


def _check_word(node: exp.Expr) -> None:
    if not _WORD.match(str(node.this)):
        raise _Refused(f"{str(node.this)[:80]!r} is not allowed")


def _check_fetch(node: exp.Expr) -> None:
    options = node.args.get("limit_options")
    if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
        raise _Refused("FETCH takes a plain number of rows")


def _check_group(node: exp.Expr) -> None:
    if set(_given(node)) - {"expressions"}:
        raise _Refused("GROUP BY takes plain expressions")


def _check_table(node: exp.Expr) -> None:
    unexpected = set(_given(node)) - {"this", "db", "catalog", "alias", "joins"}
    if unexpected or node.args.get("indexed") is not None:  # False means NOT INDEXED
        raise _Refused("only plain table names are allowed in FROM")


def _check_star(node: exp.Expr) -> None:
    """Refuse whole rows as values, as in `t.*::text`, which would show columns by another name."""
    holder = node.parent.parent if isinstance(node.parent, exp.Column) else node.parent
    if not isinstance(holder, exp.Select | exp.Count):
        raise _Refused("* stands for columns only behind SELECT and in count(*)")


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], None]] = {
    exp.Select: _check_select,
    exp.With: _check_with,
    exp.In: _check_in,
    exp.Placeholder: _check_placeholder,
    exp.Literal: _check_literal,
    exp.DataType: _check_type,
    exp.Replace: _check_replace,
    exp.Var: _check_word,
    exp.Fetch: _check_fetch,
    exp.Group: _check_group,
    exp.Table: _check_table,
    exp.Star: _check_star,
}


def _given(node: exp.Expr) -> Iterator[str]:
    return (name for name, value in node.args.items() if value not in (None, False, []))


def _limited(tree: exp.Query, max_rows: int) -> exp.Query:
    limit = tree.args.get("limit")
    count = limit.args.get("count" if isinstance(limit, exp.Fetch) else "expression") if limit else None
    if isinstance(count, exp.Literal) and not count.is_string and str(count.this).isdecimal():
        return tree.limit(min(int(count.this), max_rows), copy=False)
    if count is None or (isinstance(count, exp.Neg) and isinstance(count.this, exp.Literal)):
        return tree.limit(max_rows, copy=False)
    if isinstance(count, exp.Placeholder):
        inner = tree.subquery(alias="limited", copy=False)
        return exp.select("*").from_(inner, copy=False).limit(max_rows, copy=False)
    raise _Refused("LIMIT takes a number or a parameter")


def _generate(tree: exp.Query, dialect: Dialect) -> str:
    for node in list(tree.find_all(exp.Placeholder)):
        node.replace(exp.Var(this=f":{node.this}"))
    return tree.sql(
        dialect=dialect, comments=False, normalize_functions=False, unsupported_level=ErrorLevel.RAISE
    )
