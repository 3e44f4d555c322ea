"""What a statement looks like apart from its names and values, and how a name is spelt in one."""

import re
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.tokenizer_core import TokenType

from tools.database.schema import Dialect, fold_name, quoted_name

_MASK = "x"
_WORD = re.compile(r"[^\W\d]\w*\Z")
_RESERVED = frozenset(Path(__file__).with_name("reserved_words.txt").read_text(encoding="utf-8").split())
"""Words that SQLite or PostgreSQL takes for its own where a name could stand."""


def skeleton(sql: str, *, dialect: Dialect = "sqlite") -> str | None:
    """Return a statement with all names and values masked, such as `SELECT COUNT(*) FROM x WHERE x = x`.

    Statements of the same skeleton ask the same way, whatever they are about. None when it cannot be read.
    """
    tree = _query(sql, dialect)
    if tree is None:
        return None
    for node in list(tree.find_all(exp.Column, exp.Table, exp.Literal, exp.Alias)):
        if isinstance(node, exp.Alias):
            node.replace(node.this)
        else:
            node.replace(_masked(node))
    for name in tree.find_all(exp.Identifier):
        name.replace(exp.to_identifier(_MASK))
    return tree.sql(dialect=dialect, comments=False)


def normalized(sql: str, *, dialect: Dialect = "sqlite") -> str | None:
    """Return a statement in one spelling: white space, comments, quotes and the case of names do not count.

    None when it cannot be read.
    """
    tree = _query(sql, dialect)
    if tree is None:
        return None
    named = normalize_identifiers(tree, dialect=dialect)
    return str(named.sql(dialect=dialect, comments=False, identify=True))


def is_ordered(sql: str, *, dialect: Dialect) -> bool:
    """Tell whether a statement says in which order its rows come."""
    tree = _query(sql, dialect)
    return tree is not None and tree.args.get("order") is not None


def spelled(name: str, *, dialect: Dialect) -> str:
    """Return a name as a statement has to write it: as it is if that means it, else in double quotes."""
    is_word = _WORD.match(name) and _kinds(name, dialect) == [TokenType.VAR]
    is_folded = dialect == "sqlite" or name == fold_name(name, dialect=dialect, quoted=False)
    if is_word and is_folded and name.lower() not in _RESERVED:
        return name
    return quoted_name(name)


def _kinds(text: str, dialect: Dialect) -> list[TokenType]:
    return [token.token_type for token in sqlglot.tokenize(text, read=dialect)]


def _query(sql: str, dialect: Dialect) -> exp.Query | None:
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
    except (SqlglotError, RecursionError):
        return None
    return tree if isinstance(tree, exp.Query) else None


def _masked(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        return exp.Star()
    if isinstance(node, exp.Table):
        return exp.Table(this=exp.to_identifier(_MASK), joins=node.args.get("joins"))
    return exp.column(_MASK)
