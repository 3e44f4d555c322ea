"""Statements without their names and values, and names as SQL writes them."""

import sqlite3

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.dialects import SQLite

from tests.postgres_server import PostgresMissing, postgres_server
from tools.database.schema import Dialect
from tools.database.shapes import is_ordered, normalized, skeleton, spelled


def test_names_aliases_values_and_comments_are_masked() -> None:
    """What is left is how the statement is built."""
    statement = """
        WITH old AS (SELECT "Moor Id" AS m FROM "Moors" WHERE age > 3) -- those
        SELECT o.m, count(DISTINCT k.x) AS n FROM old AS o JOIN main.k ON k.m = o.m
        WHERE k.name LIKE '%a%' AND k.z IN (1, 'b') GROUP BY o.m HAVING count(*) > 2 ORDER BY n DESC LIMIT 5
    """
    assert skeleton(statement) == (
        "WITH x AS (SELECT x FROM x WHERE x > x) SELECT x, COUNT(DISTINCT x) FROM x JOIN x ON x = x "
        "WHERE x LIKE x AND x IN (x, x) GROUP BY x HAVING COUNT(*) > x ORDER BY x DESC LIMIT x"
    )


def test_the_same_question_of_another_database_has_the_same_skeleton() -> None:
    """So that examples are found by what they do."""
    assert skeleton("SELECT name FROM hives AS h WHERE h.age = 3") == skeleton(
        "SELECT x.title FROM x WHERE y = 'b'"
    )
    assert skeleton("SELECT t.* FROM t") == skeleton("SELECT * FROM hives")


@pytest.mark.parametrize("statement", ["", "SELECT (", "DROP TABLE t", "(" * 5000])
def test_what_is_no_query_has_no_skeleton(statement: str) -> None:
    """And no order."""
    assert skeleton(statement) is None
    assert not is_ordered(statement, dialect="sqlite")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("SELECT a FROM t UNION SELECT b FROM u ORDER BY 1", True),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a) AS s", False),
        ("SELECT row_number() OVER (ORDER BY a) FROM t", False),
    ],
)
def test_only_the_outermost_order_counts(statement: str, expected: bool) -> None:
    """Rows of a nested query come in any order."""
    assert is_ordered(statement, dialect="sqlite") is expected
    assert is_ordered(statement, dialect="postgres") is expected


@pytest.mark.parametrize(
    ("name", "dialect", "expected"),
    [
        ("orders", "sqlite", "orders"),
        ("Orders", "sqlite", "Orders"),
        ("Orders", "postgres", '"Orders"'),
        ("straße", "postgres", "straße"),
        ("Ship Date", "sqlite", '"Ship Date"'),
        ('a"b', "postgres", '"a""b"'),
        ("order", "sqlite", '"order"'),
        ("User", "sqlite", '"User"'),
        ("1st", "sqlite", '"1st"'),
        ("a;DROP TABLE b", "sqlite", '"a;DROP TABLE b"'),
        ("a--b", "postgres", '"a--b"'),
    ],
)
def test_a_name_is_quoted_when_it_has_to_be(name: str, dialect: Dialect, expected: str) -> None:
    """Plain ones read better as they are."""
    assert spelled(name, dialect=dialect) == expected


def test_no_word_of_sql_is_taken_for_a_name_that_sqlite_would_not_find() -> None:
    """Of all keywords that any of the parsers knows."""
    words = {word.lower() for word in SQLite.Tokenizer.KEYWORDS if word.isidentifier()}
    connection = sqlite3.connect(":memory:")
    try:
        for word in sorted(words):
            connection.execute(f'CREATE TABLE t ("{word}" INTEGER)')
            connection.execute("INSERT INTO t VALUES (7)")
            name = spelled(word, dialect="sqlite")
            assert connection.execute(f"SELECT {name} FROM t WHERE {name} = 7").fetchall() == [(7,)]
            connection.execute("DROP TABLE t")
    finally:
        connection.close()


def test_no_word_that_postgres_reserves_is_taken_for_a_name() -> None:
    """As the server itself tells them."""
    try:
        with postgres_server() as url, psycopg.connect(url) as connection:
            reserved = connection.execute(
                "SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')"
            ).fetchall()
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    assert len(reserved) > 50
    assert {spelled(word, dialect="postgres") for (word,) in reserved} == {
        f'"{word}"' for (word,) in reserved
    }


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_a_spelt_name_means_the_column_of_that_name(name: str) -> None:
    """Whatever somebody called it: SQLite finds the column again."""
    connection = sqlite3.connect(":memory:")
    try:
        quoted = '"' + name.replace('"', '""') + '"'
        connection.execute(f"CREATE TABLE t ({quoted} INTEGER)")
        connection.execute("INSERT INTO t VALUES (7)")
        row = connection.execute(f"SELECT {spelled(name, dialect='sqlite')} FROM t").fetchone()
    finally:
        connection.close()
    assert row == (7,)


def test_a_statement_has_one_spelling() -> None:
    """White space, comments, needless quotes and the case of names do not count; values and order do."""
    one = normalized('select A."Name", count( * ) from Hives a -- all\n where A.age = :age')
    assert one == normalized("SELECT a.name, COUNT(*) FROM hives AS a WHERE a.age = :age")
    assert one != normalized("SELECT a.name, COUNT(*) FROM hives AS a WHERE a.age = 3")
    assert normalized("SELECT b, a FROM hives") != normalized("SELECT a, b FROM hives")
    assert normalized('SELECT "Name" FROM hives', dialect="postgres") != normalized(
        "SELECT name FROM hives", dialect="postgres"
    )


@pytest.mark.parametrize("statement", ["", "DROP TABLE hives", "SELECT ((", "nothing"])
def test_what_is_no_query_has_no_spelling(statement: str) -> None:
    """It is equal to nothing."""
    assert normalized(statement) is None
