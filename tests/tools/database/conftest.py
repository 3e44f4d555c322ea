"""Databases for the tests of this folder: one PostgreSQL, and empty places on it and in files."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.database_places import Opener, Place
from tests.postgres_server import PostgresMissing, postgres_server, reader_of
from tools.database.engine import SqlDatabase, open_database

_numbers = count()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Run an empty PostgreSQL; the url is its superuser's."""
    try:
        with postgres_server() as url:
            yield url
    except PostgresMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Place]:
    """Make an empty database on PostgreSQL."""
    name = f"place_{next(_numbers)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        owner = make_url(postgres_url).set(database=name).render_as_string()
        yield Place(kind="postgres", url=reader_of(owner), owner=owner)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    """Make an empty file for SQLite."""
    file = tmp_path / "place.db"
    file.touch()
    return Place(kind="sqlite", url=f"sqlite:///{file}", owner=str(file))


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """Give each test both."""
    made: Place = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open databases that are closed after the test."""
    databases: list[SqlDatabase] = []

    def open_one(place: Place, **others: Any) -> SqlDatabase:  # noqa: ANN401  # the arguments of open_database
        given: dict[str, Any] = {"tables": (), "deadline_seconds": 5.0} | others
        databases.append(open_database(place.url, **given))
        return databases[-1]

    yield open_one
    for database in databases:
        database.close()
