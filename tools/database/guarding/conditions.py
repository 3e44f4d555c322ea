"""Reads the row conditions of access rules, and tells an operator what is wrong with rules."""

from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from tools.database.guarding.forms import check_form
from tools.database.guarding.policy import AccessRule, same_name
from tools.database.guarding.refusal import Refused, shown
from tools.database.guarding.vocabulary import CONDITIONS
from tools.database.schema import Dialect, Schema, TableSchema, fold_name


def condition_of(rows: str, table: TableSchema, *, dialect: Dialect) -> exp.Expr:
    """Read the condition of a rule by the same rules as a statement; it may name all of its table's columns.

    Raises:
        Refused: It is no condition on the table's columns and the asker's attributes.
    """
    try:
        trees = sqlglot.parse(rows, read=dialect, error_level=ErrorLevel.IMMEDIATE)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise Refused("it cannot be read as a condition", "syntax") from error
    if len(trees) != 1 or trees[0] is None:
        raise Refused("it is not one condition")
    tree = trees[0]
    known = {fold_name(column.name, dialect=dialect, quoted=True) for column in table.columns}
    for node in tree.walk():
        if type(node) not in CONDITIONS:
            raise Refused(f"it may not use {node.key.upper()}")
        check_form(node, dialect)
        if isinstance(node, exp.Column):
            quoted = bool(node.this.args.get("quoted"))
            if node.table or fold_name(node.name, dialect=dialect, quoted=quoted) not in known:
                raise Refused(f"it names the unknown column {shown(node.name)}", "unknown_column")
    return tree


def problems_of(rules: Iterable[AccessRule], *, schema: Schema, dialect: Dialect) -> Iterator[str]:
    """Yield what is wrong with rules, for the operator: a rule about nothing would protect nothing."""
    for rule in rules:
        tables = [table for table in schema.tables if same_name(table.name, rule.table)]
        if not tables:
            yield f"the rule for {shown(rule.table)}: there is no such table"
        for table in tables:
            known = [column.name for column in table.columns]
            for column in (*rule.hidden, *rule.masked):
                if not any(same_name(column, name) for name in known):
                    yield f"the rule for {shown(rule.table)}: there is no column {shown(column)}"
            if rule.rows is not None:
                yield from _condition_problems(rule.rows, table, dialect)


def _condition_problems(rows: str, table: TableSchema, dialect: Dialect) -> Iterator[str]:
    try:
        condition_of(rows, table, dialect=dialect)
    except Refused as refusal:
        yield f"the row rule of {shown(table.name)}: {refusal}"
