"""A small library on SQLite and PostgreSQL, and whoever writes SQL for questions about it."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from graph.reasoning.local.sql.writer import LocalSqlWriter
from tests.database_places import Place
from tests.graph.reasoning.local.sql.asking import Desk
from tests.postgres_server import PostgresMissing, postgres_server, reader_of
from tools.database.engine import SqlDatabase, open_database

LIBRARY = """
CREATE TABLE authors (author_id integer PRIMARY KEY, name text, birth_year integer, country text);
CREATE TABLE books (
  book_id integer PRIMARY KEY, title text, author_id integer REFERENCES authors (author_id),
  genre text, pages integer, price real, published date);
CREATE TABLE members (
  member_id integer PRIMARY KEY, first_name text, last_name text, gender char(1), city text, joined date);
CREATE TABLE loans (
  loan_id integer PRIMARY KEY, book_id integer REFERENCES books (book_id),
  member_id integer REFERENCES members (member_id), borrowed_on date, days integer);
INSERT INTO authors VALUES (1, 'Ada Brook', 1950, 'Ireland'), (2, 'Bela Csonka', 1972, 'Hungary'),
  (3, 'Cleo Dart', 1981, 'Ireland'), (4, 'Dov Elm', 1940, 'Israel');
INSERT INTO books VALUES (1, 'Quiet Rivers', 1, 'poetry', 90, 12.5, '1990-05-01'),
  (2, 'The Long Field', 1, 'novel', 420, 18.0, '2004-03-10'),
  (3, 'Glass Hours', 2, 'novel', 310, 16.0, '2015-09-01'),
  (4, 'Salt', 3, 'poetry', 60, 9.0, '2020-01-15'),
  (5, 'Northern Bread', 3, 'cooking', 200, 30.0, '2021-11-30'),
  (6, 'Tides', 3, 'novel', 95, 14.0, '2022-04-02');
INSERT INTO members VALUES (1, 'Ines', 'Falk', 'F', 'Bergen', '2019-01-05'),
  (2, 'Jon', 'Gray', 'M', 'Bergen', '2020-06-30'), (3, 'Kai', 'Hult', 'M', 'Oslo', '2021-02-11'),
  (4, 'Lea', 'Iversen', 'F', 'Molde', '2022-08-19');
INSERT INTO loans VALUES (1, 1, 1, '2023-01-10', 14), (2, 2, 1, '2023-02-01', 30), (3, 3, 2, '2023-02-20', 7),
  (4, 2, 3, '2024-03-05', 21), (5, 4, 3, '2024-03-06', 10), (6, 2, 2, '2024-05-01', 12);
"""
_numbers = count()
TODAY = date(2024, 6, 1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Run an empty PostgreSQL; the url is its superuser's."""
    try:
        with postgres_server() as url:
            yield url
    except PostgresMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlDatabase]:
    """Give each test the library on both databases."""
    place = _sqlite(tmp_path_factory.mktemp("library"))
    if request.param == "postgres":
        place = _postgres(request.getfixturevalue("postgres_url"))
    place.run(LIBRARY)
    database = open_database(place.url, tables=(), deadline_seconds=5.0)
    yield database
    database.close()


@pytest.fixture(scope="session")
def desk(library: SqlDatabase) -> Desk:
    """Answer questions about the library."""
    return Desk(database=library, writer=LocalSqlWriter(library), today=TODAY)


def _sqlite(folder: Path) -> Place:
    file = folder / "library.db"
    file.touch()
    return Place(kind="sqlite", url=f"sqlite:///{file}", owner=str(file))


def _postgres(url: str) -> Place:
    name = f"library_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    owner = make_url(url).set(database=name).render_as_string()
    return Place(kind="postgres", url=reader_of(owner), owner=owner)
