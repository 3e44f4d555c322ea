"""What parent and child tell each other: lines of JSON, of which the first says what the others are.

The child handles hostile data, so the parent takes its replies apart as plain data and believes no type that
it has not checked. Rows come a line each, so that reading a long reply never keeps other threads waiting.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Generic, TypeAlias, TypeVar, get_args

from tools.database.plans import MOST_CHARACTERS, MOST_LINES
from tools.database.schema import Column, ForeignKey, Schema, TableSchema
from tools.errors import (
    ConfigurationError,
    DeadlineExceeded,
    InvalidInput,
    PlumblineError,
    Problem,
    RejectedQuery,
    TransientError,
)
from tools.types import Cell, Principal, Table

MOST_REPLY_BYTES = 8_000_000
"""Of one reply; what is longer is refused by the child and not taken from it."""
ACCEPTED = b""
"""What the child says before it begins with a request: if it dies without, the request is not the reason."""
_MOST_MESSAGE_CHARACTERS = 2_000

_ERRORS: dict[str, type[PlumblineError]] = {
    kind.__name__: kind for kind in (ConfigurationError, DeadlineExceeded, InvalidInput, TransientError)
}
_PROBLEMS: dict[str, Problem] = {problem: problem for problem in get_args(Problem)}


class BadReply(Exception):
    """A reply is not of the form that was agreed."""


Content: TypeAlias = Table | Schema | tuple[str, ...] | None
"""What a request that succeeds gives: rows, tables, values, or nothing but that."""
Kind = TypeVar("Kind", Table, Schema, tuple[str, ...], None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Generic[Kind]):
    """A reply taken apart."""

    content: Kind | PlumblineError
    version: str
    """Identifies the schema that the child knows; empty when it knows none."""


def encoded(value: object) -> bytes:
    """Write a value as one line of JSON; half a surrogate pair is kept as it is."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")


def decoded(line: bytes) -> object:
    """Read one line of JSON.

    Raises:
        BadReply: It is something else.
    """
    try:
        value: object = json.loads(line.decode("utf-8", "surrogatepass"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadReply from error
    return value


def reply_lines(content: Content | PlumblineError, *, version: str = "") -> Iterator[bytes]:
    """Yield a reply line by line."""
    told: dict[str, object] = {"version": version}
    lines: Iterable[object] = ()
    if isinstance(content, Table):
        told |= {"is": "table", "columns": content.columns, "truncated": content.truncated}
        told |= {"plan": content.plan}
        lines = content.rows
    elif isinstance(content, Schema):
        told |= {"is": "schema"}
        lines = map(_table_schema_as_json, content.tables)
    elif isinstance(content, tuple):
        told |= {"is": "values"}
        lines = content
    elif isinstance(content, PlumblineError):
        problem = content.problem if isinstance(content, RejectedQuery) else None
        told |= {"is": "error", "kind": type(content).__name__, "text": str(content), "problem": problem}
    else:
        told |= {"is": "done"}
    yield encoded(told)
    yield from map(encoded, lines)


def taken_apart(payload: bytes, kind: type[Kind]) -> Reply[Kind]:
    """Read and check a whole reply.

    Args:
        payload: What the child sent.
        kind: What was asked for.

    Raises:
        BadReply: It is not of the form that was agreed.
    """
    first, *lines = payload.split(b"\n")
    told = _mapping(decoded(first))
    match told.get("is"):
        case "table":
            content: Content | PlumblineError = _table(told, lines)
        case "schema":
            content = Schema(tables=tuple(_table_schema(decoded(line)) for line in lines))
        case "values":
            content = tuple(_text(decoded(line)) for line in lines)
        case "error":
            content = _error(told)
        case "done":
            content = None
        case _:
            raise BadReply
    if not isinstance(content, kind | PlumblineError):
        raise BadReply
    return Reply(content=content, version=_text(told.get("version")))


def principal_as_json(principal: Principal) -> dict[str, object]:
    """Return a principal as plain data."""
    return {"groups": sorted(principal.groups), "attributes": [list(pair) for pair in principal.attributes]}


def principal_from_json(value: object) -> Principal:
    """Return the principal that `principal_as_json` described."""
    told = _mapping(value)
    return Principal(
        groups=frozenset(_texts(told.get("groups"))),
        attributes=tuple((_text(name), _cell(cell)) for name, cell in map(_list, _list(told["attributes"]))),
    )


def _table(told: Mapping[str, object], lines: list[bytes]) -> Table:
    columns, truncated = _texts(told.get("columns")), told.get("truncated")
    if not isinstance(truncated, bool):
        raise BadReply
    rows = tuple(tuple(map(_cell, _list(decoded(line)))) for line in lines)
    if any(len(row) != len(columns) for row in rows):
        raise BadReply
    return Table(columns=columns, rows=rows, truncated=truncated, plan=_plan(told.get("plan")))


def _plan(value: object) -> tuple[str, ...]:
    lines = _texts(value)
    if len(lines) > MOST_LINES or any(len(line) > MOST_CHARACTERS for line in lines):
        raise BadReply
    return lines


def _table_schema_as_json(table: TableSchema) -> list[object]:
    columns = [(column.name, column.type, column.description) for column in table.columns]
    keys = [(key.columns, key.table, key.references) for key in table.foreign_keys]
    return [table.name, table.description, columns, table.primary_key, keys]


def _table_schema(value: object) -> TableSchema:
    name, description, columns, primary_key, foreign_keys = _exactly(5, value)
    return TableSchema(
        name=_text(name),
        columns=tuple(map(_column, _list(columns))),
        primary_key=_texts(primary_key),
        foreign_keys=tuple(map(_foreign_key, _list(foreign_keys))),
        description=_text(description),
    )


def _column(value: object) -> Column:
    name, kind, description = _exactly(3, value)
    return Column(name=_text(name), type=_text(kind), description=_text(description))


def _foreign_key(value: object) -> ForeignKey:
    columns, table, references = _exactly(3, value)
    return ForeignKey(columns=_texts(columns), table=_text(table), references=_texts(references))


def _error(told: Mapping[str, object]) -> PlumblineError:
    kind, problem = _text(told.get("kind")), told.get("problem")
    text = " ".join(_text(told.get("text"))[:_MOST_MESSAGE_CHARACTERS].split())
    if kind == RejectedQuery.__name__ and isinstance(problem, str) and problem in _PROBLEMS:
        return RejectedQuery(text, _PROBLEMS[problem])
    if kind not in _ERRORS:
        raise BadReply
    return _ERRORS[kind](text)


def _cell(value: object) -> Cell:
    if isinstance(value, float) and not isfinite(value):
        raise BadReply
    if value is None or isinstance(value, str | int | float):
        return value
    raise BadReply


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise BadReply
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise BadReply
    return value


def _exactly(count: int, value: object) -> list[object]:
    items = _list(value)
    if len(items) != count:
        raise BadReply
    return items


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadReply
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(_text, _list(value)))


def _no_number(name: str) -> float:
    raise ValueError(name)
