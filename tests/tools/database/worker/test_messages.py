"""Messages between parent and child: what is said arrives, what is not a message is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.schema import Column, ForeignKey, Schema, TableSchema
from tools.database.worker.messages import (
    BadReply,
    Reply,
    decoded,
    encoded,
    principal_as_json,
    principal_from_json,
    reply_lines,
    taken_apart,
)
from tools.errors import ConfigurationError, DeadlineExceeded, PlumblineError, RejectedQuery, TransientError
from tools.types import Principal, Table

TEXTS = st.text(st.characters(codec=None), max_size=20)
CELLS = st.none() | st.booleans() | st.integers() | TEXTS | st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a result of any shape."""
    columns = tuple(draw(st.lists(TEXTS, max_size=4)))
    row = st.tuples(*[CELLS] * len(columns))
    return Table(
        columns=columns,
        rows=tuple(draw(st.lists(row, max_size=5))),
        truncated=draw(st.booleans()),
        plan=tuple(draw(st.lists(TEXTS, max_size=3))),
    )


NAMES = st.lists(TEXTS, max_size=3).map(tuple)
SCHEMAS = st.builds(
    Schema,
    tables=st.lists(
        st.builds(
            TableSchema,
            name=TEXTS,
            columns=st.lists(st.builds(Column, name=TEXTS, type=TEXTS, description=TEXTS), max_size=3).map(
                tuple
            ),
            primary_key=NAMES,
            foreign_keys=st.lists(
                st.builds(ForeignKey, columns=NAMES, table=TEXTS, references=NAMES), max_size=2
            ).map(tuple),
            description=TEXTS,
        ),
        max_size=3,
    ).map(tuple),
)


def sent(*lines: object) -> bytes:
    """Write lines as a child would."""
    return b"\n".join(map(encoded, lines))


@given(tables())
def test_a_table_arrives_as_it_was(table: Table) -> None:
    """Every cell with its own type, any sign in any text."""
    reply = taken_apart(b"\n".join(reply_lines(table, version="v")), Table)
    assert reply == Reply(content=table, version="v")
    assert isinstance(reply.content, Table)
    assert reply.content.plan == table.plan
    assert [list(map(type, row)) for row in reply.content.rows] == [
        list(map(type, row)) for row in table.rows
    ]


@given(SCHEMAS)
def test_a_schema_arrives_as_it_was(schema: Schema) -> None:
    """With its keys and descriptions."""
    assert taken_apart(b"\n".join(reply_lines(schema)), Schema).content == schema


@given(NAMES)
def test_values_arrive_as_they_were(values: tuple[str, ...]) -> None:
    """In order."""
    assert taken_apart(b"\n".join(reply_lines(values)), tuple).content == values


@pytest.mark.parametrize(
    "error",
    [
        RejectedQuery("no such column", "unknown_column"),
        RejectedQuery("refused"),
        DeadlineExceeded("too long"),
        TransientError("away"),
        ConfigurationError("wrong"),
    ],
    ids=str,
)
def test_an_error_arrives_with_its_type_and_problem(error: PlumblineError) -> None:
    """Whatever was asked for."""
    content = taken_apart(b"\n".join(reply_lines(error)), Table).content
    assert type(content) is type(error)
    assert str(content) == str(error)
    assert getattr(content, "problem", None) == getattr(error, "problem", None)


def test_an_error_is_one_line_of_bounded_length() -> None:
    """Whatever the child makes of it."""
    told = {"is": "error", "kind": "TransientError", "text": "two\nlines" + "x" * 100_000, "version": ""}
    content = taken_apart(sent(told), Table).content
    assert isinstance(content, TransientError)
    assert str(content).startswith("two lines")
    assert len(str(content)) <= 2_000


TABLE = {"is": "table", "columns": ["a"], "truncated": False, "plan": [], "version": ""}
ERROR = {"is": "error", "kind": "RejectedQuery", "text": "no", "problem": "syntax", "version": ""}
TABLE_SCHEMA: tuple[object, ...] = ("t", "", [["c", "TEXT", ""]], ["c"], [[["c"], "u", ["d"]]])
BAD: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"hello",
    "a pickle": b"\x80\x04\x95",
    "no object": sent([1]),
    "no kind": sent({"version": ""}),
    "an unknown kind": sent({"is": "code", "version": ""}),
    "no version": sent({"is": "done"}),
    "columns that are no texts": sent(TABLE | {"columns": [1]}),
    "columns that are no list": sent(TABLE | {"columns": "a"}),
    "truncated that is no truth": sent(TABLE | {"truncated": "no"}),
    "a plan that is no list": sent(TABLE | {"plan": "SCAN a"}),
    "a plan of too many lines": sent(TABLE | {"plan": ["SCAN a"] * 201}),
    "a plan with a line that is too long": sent(TABLE | {"plan": ["a" * 301]}),
    "a row that is no list": sent(TABLE, "a"),
    "a row that is too short": sent(TABLE, []),
    "a row that is too long": sent(TABLE, [1, 2]),
    "a cell that is a list": sent(TABLE, [[1]]),
    "a cell that is an object": sent(TABLE, [{}]),
    "a cell that is no number": sent(TABLE) + b"\n[NaN]",
    "an infinite cell": sent(TABLE) + b"\n[1e999]",
    "a cell of too many digits": sent(TABLE) + b"\n[" + b"9" * 5_000 + b"]",
    "a nested cell": sent(TABLE) + b"\n" + b"[" * 100_000,
    "half a row": sent(TABLE) + b"\n[1",
    "text that is no UTF-8": sent(TABLE) + b'\n["\xff"]',
    "another kind than was asked for": sent({"is": "values", "version": ""}, "a"),
    "an error of a strange kind": sent(ERROR | {"kind": "SystemExit"}),
    "an error without a text": sent(ERROR | {"text": None}),
    "an error with a strange problem": sent(ERROR | {"problem": "fun"}),
    "an error with a list as a problem": sent(ERROR | {"problem": []}),
}


@pytest.mark.parametrize("payload", BAD.values(), ids=BAD.keys())
def test_what_is_no_proper_reply_is_refused(payload: bytes) -> None:
    """The child handles hostile data and is not believed."""
    with pytest.raises(BadReply):
        taken_apart(payload, Table)


@pytest.mark.parametrize("wrong", [1, None, [1], [[1]], [["c"]], [[["c"], 1, ["d"]]]], ids=str)
@pytest.mark.parametrize("place", range(len(TABLE_SCHEMA)))
def test_a_schema_of_another_form_is_refused(place: int, wrong: object) -> None:
    """Each part is checked."""
    parts = [*TABLE_SCHEMA]
    parts[place] = wrong
    broken: tuple[object, ...] = (parts, parts[:-1], {})
    for table in broken:
        with pytest.raises(BadReply):
            taken_apart(sent({"is": "schema", "version": ""}, table), Schema)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_reply_or_refused(payload: bytes) -> None:
    """No other error comes out."""
    try:
        taken_apart(payload, Table)
    except BadReply:
        return
    assert json.loads(payload.split(b"\n")[0])["is"]


@given(st.frozensets(TEXTS, max_size=3), st.lists(st.tuples(TEXTS, CELLS), max_size=3))
def test_a_principal_arrives_as_it_was(groups: frozenset[str], attributes: list[tuple[str, Any]]) -> None:
    """With its attributes in order."""
    principal = Principal(groups=groups, attributes=tuple(attributes))
    assert principal_from_json(decoded(encoded(principal_as_json(principal)))) == principal
