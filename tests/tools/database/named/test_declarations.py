"""Named queries that cannot be used are reported together."""

import pytest

from tests.fakes_database import FakeDatabase
from tools.database.named.declarations import checked
from tools.database.schema import Column, Schema, TableSchema
from tools.errors import ConfigurationError
from tools.types import NamedQuery, Parameter

DATABASE = FakeDatabase(
    tables=Schema(
        tables=(
            TableSchema(
                name="trees",
                columns=(Column(name="name", type="TEXT"), Column(name="age", type="INTEGER")),
            ),
        )
    )
)


def query(
    name: str = "q", statement: str = "SELECT name FROM trees", *parameters: Parameter, **fields: str
) -> NamedQuery:
    """Make a query that is right but for what is given."""
    return NamedQuery(
        name=name,
        description=fields.get("description", "Trees"),
        statement=statement,
        parameters=parameters,
        answer=fields.get("answer"),
        empty=fields.get("empty"),
    )


BY_NAME = "SELECT age FROM trees WHERE name = :name"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (query("q", "DELETE FROM trees"), "only SELECT"),
        (query("q", "SELECT height FROM trees"), "no column 'height'"),
        (query("q", BY_NAME), "uses :name, which no parameter declares"),
        (query("q", "SELECT 1", Parameter(name="n", kind="integer")), "does not use the parameter :n"),
        (query("q", BY_NAME, Parameter(name="name", kind="text")), "needs a pattern"),
        (query("q", BY_NAME, Parameter(name="name", kind="text", pattern="(")), "cannot be read"),
        (query("q", BY_NAME, Parameter(name="name", kind="choice")), "needs choices"),
        (query("q", BY_NAME, Parameter(name="name", kind="value")), "table.column"),
        (query("q", BY_NAME, Parameter(name="name", kind="value", column="trees.word")), "does not exist"),
        (query("q", BY_NAME, Parameter(name="name", kind="value", column="bushes.name")), "does not exist"),
        (query("q", BY_NAME, Parameter(name="name", kind="value", column="trees.age")), "holds no text"),
        (
            query(
                "q",
                "SELECT 1 WHERE 1 BETWEEN :p_start AND :p_end",
                Parameter(name="p", kind="period", required=False),
            ),
            "needs a default",
        ),
        (
            query(
                "q",
                "SELECT 1 WHERE 1 BETWEEN :p_start AND :p_end",
                Parameter(name="p", kind="period", required=False, default="whenever"),
            ),
            "names no time: 'whenever'",
        ),
        (
            query(
                "q", BY_NAME, Parameter(name="name", kind="integer"), Parameter(name="name", kind="integer")
            ),
            "declared 2 times",
        ),
        (query(description=" "), "description or examples"),
        (query(answer="There are {n trees"), "answer text"),
        (query(empty="No } here"), "empty text"),
    ],
)
def test_a_wrong_query_is_named_with_its_problem(wrong: NamedQuery, message: str) -> None:
    """The operator reads which query and what is wrong."""
    with pytest.raises(ConfigurationError) as error:
        checked([wrong], DATABASE)
    assert "query 'q': " in str(error.value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_all_problems_are_reported_at_once() -> None:
    """Of several queries and of one."""
    with pytest.raises(ConfigurationError) as error:
        checked([query("a", "DROP TABLE trees"), query("b", BY_NAME, description=""), query("b")], DATABASE)
    for part in (
        "4 problems",
        "query 'a'",
        "query 'b': the statement uses",
        "description",
        "'b' is used 2 times",
    ):
        assert part in str(error.value)


def test_right_queries_give_their_statements() -> None:
    """As the guard writes them, without a row cap."""
    found = checked([query("a", "select  name from trees -- all")], DATABASE)
    assert found == {"a": "SELECT name FROM trees"}
