"""Checks the named queries of a configuration before any is used, all problems at once."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from string import Formatter

from tools.database.guard import check
from tools.database.named.filling import bound_names, default_values
from tools.database.schema import Dialect, ReflectedDatabase, Schema
from tools.errors import ConfigurationError
from tools.types import NamedQuery, Parameter

_ANY_DAY = date(2000, 1, 1)


def checked(queries: Sequence[NamedQuery], database: ReflectedDatabase) -> dict[str, str]:
    """Return the guard's own writing of each query's statement, by name.

    Raises:
        ConfigurationError: Some queries cannot be used; names each one with its problem.
    """
    schema = database.schema()
    dialect: Dialect = "sqlite" if database.dialect == "sqlite" else "postgres"
    problems = [
        f"the name {name!r} is used {count} times"
        for name, count in Counter(query.name for query in queries).items()
        if count > 1
    ]
    statements: dict[str, str] = {}
    for query in queries:
        verdict = check(query.statement, dialect=dialect, schema=schema, max_rows=None)
        found = [verdict.reason or "the statement is refused"] if verdict.normalized is None else []
        if verdict.normalized is not None:
            statements[query.name] = verdict.normalized
            found += _name_problems(query, verdict.parameters)
        found += _text_problems(query)
        for parameter in query.parameters:
            found += _parameter_problems(parameter, schema, dialect)
        problems += [f"query {query.name!r}: {problem}" for problem in found]
    if problems:
        raise ConfigurationError(f"[[database.queries]] has {len(problems)} problems: {'; '.join(problems)}")
    return statements


def _name_problems(query: NamedQuery, used: frozenset[str]) -> Iterator[str]:
    declared = Counter(name for parameter in query.parameters for name in bound_names(parameter))
    for name in sorted(used - set(declared)):
        yield f"the statement uses :{name}, which no parameter declares"
    for name in sorted(set(declared) - used):
        yield f"the statement does not use the parameter :{name}"
    for name, count in declared.items():
        if count > 1:
            yield f"the parameter :{name} is declared {count} times"


def _text_problems(query: NamedQuery) -> Iterator[str]:
    if not query.description.strip() and not query.examples:
        yield "it needs a description or examples to be found by"
    for what, text in (("answer", query.answer), ("empty", query.empty)):
        try:
            list(Formatter().parse(text or ""))
        except ValueError:
            yield f"the {what} text has an unbalanced brace; write {{{{ for a brace itself"


def _parameter_problems(parameter: Parameter, schema: Schema, dialect: Dialect) -> Iterator[str]:
    if parameter.kind == "text":
        problem = _pattern_problem(parameter.pattern)
    elif parameter.kind == "choice":
        problem = None if parameter.choices else "needs choices"
    elif parameter.kind == "value":
        problem = _column_problem(parameter.column, schema, dialect)
    else:
        problem = _default_problem(parameter)
    if problem:
        yield f"the parameter {parameter.name!r} {problem}"


def _pattern_problem(pattern: str | None) -> str | None:
    if not pattern:
        return "needs a pattern"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"has a pattern that cannot be read: {error}"
    return None


def _column_problem(name: str | None, schema: Schema, dialect: Dialect) -> str | None:
    table_name, dot, column_name = (name or "").partition(".")
    if not dot:
        return "needs a column, written table.column"
    table = schema.table(table_name, dialect=dialect)
    column = (
        next((c for c in table.columns if c.name.lower() == column_name.lower()), None) if table else None
    )
    if column is None:
        return f"names the column {name!r}, which does not exist"
    return None if column.is_text else f"names the column {name!r}, which holds no text"


def _default_problem(parameter: Parameter) -> str | None:
    if parameter.kind == "period" and not parameter.required and parameter.default is None:
        return 'is optional and needs a default, such as "all time"'
    if parameter.default is not None and default_values(parameter, _ANY_DAY) is None:
        return f"has a default that names no time: {parameter.default!r}"
    return None
