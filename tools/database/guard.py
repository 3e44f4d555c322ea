"""Decides whether a SQL statement may run: pure, fails closed, knows no connection.

A statement is parsed in its real dialect and passes when everything in its tree is on an allow-list. What
runs is never the text that came in but SQL written anew from the checked tree, so comments, odd quoting
and differences between parsers do not reach the database.
"""

import logging
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as Language
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.tokenizer_core import TokenType

from tools.database.guarding.forms import check_form, check_size
from tools.database.guarding.names import Names
from tools.database.guarding.offers import Offers
from tools.database.guarding.policy import Policy, visible
from tools.database.guarding.refusal import Refused, shown
from tools.database.guarding.rewriting import Restriction
from tools.database.schema import Dialect, Schema
from tools.errors import Problem

MOST_CHARACTERS = 20_000
MOST_TOKENS = 6_000
MOST_PARENTHESES = 40

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it logs statements that it finds odd, word by word

_TRIPPED = (
    *(SqlglotError, RecursionError, ValueError, AttributeError, TypeError, LookupError),
    *(AssertionError, ArithmeticError, StopIteration),
)
"""What trips the parser is not SQL that is needed here; its words may quote internals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the guard says about one statement."""

    allowed: bool
    reason: str | None = None
    """Why it is refused, in one line."""
    problem: Problem | None = None
    """What kind of reason that is."""
    normalized: str | None = None
    """The statement to execute, written from the checked tree, with `:name` parameters."""
    parameters: frozenset[str] = frozenset()
    """Names of its parameters."""
    attributes: frozenset[str] = frozenset()
    """Names of the asker's attributes that it needs, each as the parameter `:asker_NAME`."""


def check(
    statement: str,
    *,
    dialect: Dialect,
    schema: Schema | None,
    max_rows: int | None,
    policy: Policy | None = None,
) -> Verdict:
    """Decide whether a statement is one harmless SELECT over known tables.

    Args:
        statement: SQL text from anyone.
        dialect: The database it would run on.
        schema: What may be read; None checks the form alone and still refuses system tables.
        max_rows: Rows the normalized statement is limited to; None leaves its LIMIT alone.
        policy: What the asker may see of it; None shows everything.
    """
    try:
        return _allowed(statement, dialect, schema, max_rows, policy or Policy())
    except Refused as refusal:
        return Verdict(allowed=False, reason=str(refusal), problem=refusal.problem)
    except ParseError as error:
        return Verdict(allowed=False, reason=_unreadable(error, dialect), problem="syntax")
    except _TRIPPED:
        return Verdict(
            allowed=False, reason=f"the statement cannot be read as {dialect} SQL", problem="syntax"
        )


def _unreadable(error: ParseError, dialect: Dialect) -> str:
    """Say where the parser stopped, without its own words."""
    known = error.errors[0] if error.errors else {}
    line, column, word = known.get("line"), known.get("col"), str(known.get("highlight") or "").strip()
    place = f" at line {line}, column {column}" if line and column else ""
    near = f", near {shown(word)}" if place and word.isprintable() and word else ""
    return f"the statement cannot be read as {dialect} SQL{place}{near}"


def _allowed(
    statement: str, dialect: Dialect, schema: Schema | None, max_rows: int | None, policy: Policy
) -> Verdict:
    tree = _parse(statement, dialect)
    check_size(tree)
    for node in tree.walk():
        check_form(node, dialect)
    offers = Offers(dialect=dialect, schema=None if schema is None else visible(schema, policy))
    Names(offers=offers).check(tree)
    check_size(tree)
    parameters = frozenset(str(node.this) for node in tree.find_all(exp.Placeholder))
    attributes = Restriction(dialect=dialect, schema=schema, policy=policy).apply(tree, offers)
    normalized = _generate(tree if max_rows is None else _limited(tree, max_rows), dialect)
    return Verdict(allowed=True, normalized=normalized, parameters=parameters, attributes=attributes)


def _parse(statement: str, dialect: Dialect) -> exp.Query:
    if len(statement) > MOST_CHARACTERS:
        raise Refused(f"the statement is longer than {MOST_CHARACTERS} characters", "too_large")
    statement.encode("utf-8")
    if any(ord(character) < 32 and character not in "\t\r\n" for character in statement):
        raise Refused("the statement holds control characters")
    trees = [tree for tree in _trees(statement, dialect) if tree and type(tree) is not exp.Semicolon]
    if len(trees) != 1:
        raise Refused("exactly one statement is allowed")
    tree = trees[0]
    while type(tree) is exp.Subquery and {name for name, part in tree.args.items() if part} == {"this"}:
        tree = tree.this
    if not isinstance(tree, exp.Query) or type(tree) is exp.Subquery:
        raise Refused("only SELECT statements are allowed")
    tree.pop()
    return tree


def _trees(statement: str, dialect: Dialect) -> list[exp.Expr | None]:
    language = Language.get_or_raise(dialect)
    tokens = language.tokenize(statement)
    _check_tokens([token.token_type for token in tokens])
    return language.parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, statement)


def _check_tokens(kinds: list[TokenType]) -> None:
    """Refuse before parsing what would make the parser itself slow, deep or talkative."""
    if not kinds:
        raise Refused("the statement is empty", "syntax")
    if kinds[0] not in {TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN}:
        raise Refused("only SELECT statements are allowed")
    if len(kinds) > MOST_TOKENS:
        raise Refused(f"the statement has more than {MOST_TOKENS} words and signs", "too_large")
    depth = 0
    for kind in kinds:
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if depth > MOST_PARENTHESES:
            raise Refused(f"parentheses are nested deeper than {MOST_PARENTHESES}", "too_large")


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
    raise Refused("LIMIT takes a number or a parameter")


def _generate(tree: exp.Query, dialect: Dialect) -> str:
    """Write a tree as text that reads as the same tree again: what is unclear to us is not for a database."""
    text = _text(tree, dialect)
    try:
        again = [_text(each, dialect) for each in _trees(text, dialect) if each]
    except SqlglotError:
        again = []
    if again != [text]:
        raise Refused("the statement has parts that cannot be written clearly", "syntax")
    return text


def _text(tree: exp.Expr, dialect: Dialect) -> str:
    for node in list(tree.find_all(exp.Placeholder)):
        node.replace(exp.Var(this=f":{node.this}"))
    return tree.sql(
        dialect=dialect, comments=False, normalize_functions=False, unsupported_level=ErrorLevel.RAISE
    )
