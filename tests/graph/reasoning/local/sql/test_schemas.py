"""Schemas of other kinds: odd names, no keys, several references, numbers as text, a thousand tables."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.reasoning.local.sql.writer import LocalSqlWriter
from tests.fakes_database import FakeDatabase
from tests.graph.reasoning.local.sql.asking import Desk
from tools.database.engine import open_database
from tools.database.guard import check
from tools.database.schema import Column, Dialect, Schema, TableSchema
from tools.types import ANYONE

Maker = Callable[..., Desk]
TODAY = date(2024, 6, 1)


@pytest.fixture
def desk_for(tmp_path: Path) -> Iterator[Maker]:
    """Make a database of a script and sit down before it."""
    opened = []

    def make(script: str, **others: object) -> Desk:
        file = tmp_path / "made.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(script)
        database = open_database(f"sqlite:///{file}", tables=(), deadline_seconds=5.0, **others)  # type: ignore[arg-type]  # descriptions
        opened.append(database)
        return Desk(database=database, writer=LocalSqlWriter(database), today=TODAY)

    yield make
    for database in opened:
        database.close()


ODD = (
    'CREATE TABLE "order" ("id" integer PRIMARY KEY, "unit price" real, "group" text, "größe" integer, '
    '"odd ""note""" text);'
    """INSERT INTO "order" VALUES (1, 2.5, 'north', 4, 'a'), (2, 4.5, 'south', 6, 'b');"""
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many orders are there?", [(2,)]),
        ("What is the average unit price of the orders?", [(3.5,)]),
        ("Show the unit price of the orders in the group north.", [(2.5,)]),
        ("How many orders are there for each group?", [("north", 1), ("south", 1)]),
        ("What is the maximum größe of the orders?", [(6,)]),
        ("Show the odd note of the orders in the group north.", [("a",)]),
    ],
)
def test_odd_names_are_quoted(desk_for: Maker, question: str, expected: list[tuple[object, ...]]) -> None:
    """Reserved words, spaces, quotes and letters beyond ASCII."""
    assert desk_for(ODD).rows(question) == expected


def test_names_in_capitals_are_quoted_for_postgresql() -> None:
    """Which folds what is not quoted to lower case."""
    columns = (Column(name="Id", type="INTEGER"), Column(name="City", type="TEXT"))
    tables = Schema(tables=(TableSchema(name="Clients", columns=columns, primary_key=("Id",)),))
    fake = FakeDatabase(tables=tables, column_values={("Clients", "City"): ("Rome",)}, spoken="postgres")
    found = LocalSqlWriter(fake).compose("How many clients live in Rome?", today=TODAY, principal=ANYONE)
    assert found is not None
    assert found.text == """SELECT COUNT(*) AS count FROM "Clients" WHERE "City" = 'Rome'"""


FLIGHTS = """
CREATE TABLE airport (code text PRIMARY KEY, town text);
CREATE TABLE flight (number integer PRIMARY KEY, source text REFERENCES airport (code),
  destination text REFERENCES airport (code));
INSERT INTO airport VALUES ('AAA', 'Arles'), ('BBB', 'Basel');
INSERT INTO flight VALUES (1, 'AAA', 'BBB'), (2, 'AAA', 'BBB'), (3, 'BBB', 'AAA');
"""


def test_words_choose_among_several_references(desk_for: Maker) -> None:
    """Departing and arriving are not the same."""
    desk = desk_for(FLIGHTS)
    assert desk.rows("How many flights depart from Arles?") == [(2,)]
    assert desk.rows("How many flights arrive in Arles?") == [(1,)]


def test_without_such_a_word_nothing_is_chosen(desk_for: Maker) -> None:
    """The flights of an airport are ambiguous."""
    assert desk_for(FLIGHTS).compose("Which airport has the most flights?") is None


def test_a_reference_that_is_not_declared_is_read_from_the_names(desk_for: Maker) -> None:
    """A column that is called like another table's key."""
    desk = desk_for(
        "CREATE TABLE customers (customer_id integer PRIMARY KEY, name text);"
        "CREATE TABLE invoices (invoice_id integer PRIMARY KEY, customer_id integer, total real);"
        "INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob');"
        "INSERT INTO invoices VALUES (1, 1, 5), (2, 1, 7), (3, 2, 1);"
    )
    assert desk.rows("How many invoices does each customer have?") == [("Ann", 2), ("Bob", 1)]


def test_tables_that_are_not_tied_are_not_joined(desk_for: Maker) -> None:
    """There is no answer, and no cartesian product."""
    desk = desk_for(
        "CREATE TABLE hats (hat_id integer PRIMARY KEY, colour text);"
        "CREATE TABLE rivers (river_id integer PRIMARY KEY, name text);"
        "INSERT INTO hats VALUES (1, 'red'); INSERT INTO rivers VALUES (1, 'Rhine');"
    )
    assert desk.compose("How many hats does each river have?") is None


def test_numbers_kept_as_text_are_compared_as_numbers(desk_for: Maker) -> None:
    """So 9 is less than 10."""
    desk = desk_for(
        "CREATE TABLE engines (id integer PRIMARY KEY, name text, power text);"
        "INSERT INTO engines VALUES (1, 'small', '9'), (2, 'large', '10'), (3, 'odd', 'null');"
    )
    assert desk.rows("Show the names of engines with a power above 9.") == [("large",)]
    assert desk.rows("Which engine has the highest power?") == [("large",)]


def test_what_a_description_says_can_be_asked_for(desk_for: Maker) -> None:
    """Names of columns may be codes."""
    script = (
        "CREATE TABLE staff (id integer PRIMARY KEY, nm text, t1 integer);"
        "INSERT INTO staff VALUES (1, 'Ann', 8);"
    )
    question = "What is the average seniority of the staff?"
    assert desk_for(script).compose(question) is None
    assert desk_for("", descriptions={"staff.t1": "seniority in years"}).rows(question) == [(8.0,)]


def test_rows_left_out_are_left_out_by_key(desk_for: Maker) -> None:
    """A namesake with an order does not hide one without, and a missing reference hides nobody."""
    desk = desk_for(
        "CREATE TABLE people (person_id integer PRIMARY KEY, name text);"
        "CREATE TABLE parcels (id integer PRIMARY KEY, person_id integer REFERENCES people (person_id));"
        "INSERT INTO people VALUES (1, 'Ann'), (2, 'Ann'); INSERT INTO parcels VALUES (1, 1), (2, NULL);"
    )
    assert desk.rows("Which people have no parcels?") == [("Ann",)]


def test_a_thousand_tables_are_read_only_where_they_matter(desk_for: Maker) -> None:
    """Those that are named, and their neighbours."""
    script = "".join(
        f"CREATE TABLE thing{number} (id integer PRIMARY KEY, label{number} text);" for number in range(1_000)
    )
    made = desk_for(
        f"{script}CREATE TABLE planets (id integer PRIMARY KEY, name text, moons integer);"
        "INSERT INTO planets VALUES (1, 'Mars', 2), (2, 'Saturn', 274);"
    )
    asked: list[str] = []

    class Watched:
        """Notes whose values are read."""

        dialect = "sqlite"
        schema = staticmethod(made.database.schema)

        @staticmethod
        def values(table: str, column: str, **others: object) -> tuple[str, ...]:
            """Pass on."""
            asked.append(table)
            return made.database.values(table, column, **others)  # type: ignore[arg-type]  # as they came

    writer = LocalSqlWriter(Watched())  # type: ignore[arg-type]  # what the writer uses of the port
    found = writer.compose("What is the number of moons of Saturn?", today=TODAY, principal=ANYONE)
    assert found is not None
    assert set(asked) == {"planets"}


WORDS = Path(__file__).with_name("question_words.txt").read_text(encoding="utf-8").split()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=40))
def test_whatever_is_asked_the_guard_lets_it_pass_or_nothing_is_written(desk: Desk, question: str) -> None:
    """No text raises, and none makes a statement that the guard refuses."""
    statement = desk.compose(question)
    if statement is not None:
        spoken: Dialect = "postgres" if desk.database.dialect == "postgres" else "sqlite"
        schema = desk.database.schema()
        verdict = check(statement.text, dialect=spoken, schema=schema, max_rows=10)
        assert verdict.allowed, (question, statement.text, verdict.reason)
        desk.database.fetch(statement.text, {}, limit=10)
