"""What the handle on a SQLite file does not let happen, whatever the guard says."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tools.database.sqlite.source import LIMITS, SqliteSource, deadline
from tools.errors import DeadlineExceeded


@pytest.fixture
def source(tmp_path: Path) -> SqliteSource:
    """Point to a file with one table."""
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE notes (word TEXT); INSERT INTO notes VALUES ('a'), ('b');")
    return SqliteSource(path=path, deadline_seconds=1)


@pytest.fixture
def handle(source: SqliteSource) -> Iterator[sqlite3.Connection]:
    """Open it as the engine does, without the authorizer."""
    with closing(source.connect()) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO notes VALUES ('c')",
        "DELETE FROM notes",
        "DROP TABLE notes",
        "CREATE TABLE more (a)",
        "CREATE TEMP TABLE more (a)",
        "PRAGMA user_version = 7",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "ATTACH ':memory:' AS other",
        "PRAGMA journal_mode = DELETE; DELETE FROM notes",
    ],
)
def test_nothing_can_be_written(handle: sqlite3.Connection, source: SqliteSource, statement: str) -> None:
    """The file stays what it was, byte for byte."""
    before = source.path.read_bytes()
    with pytest.raises((sqlite3.Error, sqlite3.Warning)):
        handle.execute(statement)
    assert source.path.read_bytes() == before
    assert sorted(path.name for path in source.path.parent.iterdir()) == ["notes.db"]


def test_the_file_stays_closed_to_writes_when_query_only_is_switched_off(handle: sqlite3.Connection) -> None:
    """It is opened read-only by the operating system, too."""
    handle.execute("PRAGMA query_only = OFF")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        handle.execute("DELETE FROM notes")


@pytest.mark.parametrize(
    ("pragma", "value"), [("query_only", 1), ("trusted_schema", 0), ("cell_size_check", 1)]
)
def test_the_switches_are_set(handle: sqlite3.Connection, pragma: str, value: int) -> None:
    """As SQLite advises for files and statements from others: https://sqlite.org/security.html."""
    assert handle.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_the_limits_are_lowered(handle: sqlite3.Connection) -> None:
    """Each one, as SQLite itself reports it."""
    assert {limit: handle.getlimit(limit) for limit in LIMITS} == LIMITS


def test_no_extension_can_be_loaded(handle: sqlite3.Connection) -> None:
    """Neither by SQL nor by the program."""
    with pytest.raises(sqlite3.OperationalError, match="not authorized"):
        handle.execute("SELECT load_extension('libm')")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python cannot reach the switch before 3.12")
def test_defensive_mode_is_on(handle: sqlite3.Connection) -> None:
    """Shadow tables and the schema itself are out of reach."""
    getconfig, switch = "getconfig", "SQLITE_DBCONFIG_DEFENSIVE"
    assert getattr(handle, getconfig)(getattr(sqlite3, switch)) is True


def test_a_value_beyond_the_limit_is_not_made(handle: sqlite3.Connection) -> None:
    """A gigabyte of nothing is refused at once."""
    with pytest.raises(sqlite3.DataError, match="too big"):
        handle.execute("SELECT zeroblob(900000000)")


def test_the_deadline_ends_an_endless_statement(handle: sqlite3.Connection, source: SqliteSource) -> None:
    """The virtual machine is interrupted, and its error becomes ours."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with deadline(handle, 0.05), pytest.raises(sqlite3.OperationalError) as error:
        handle.execute(endless)
    assert isinstance(source.problem(error.value), DeadlineExceeded)
    assert handle.execute("SELECT count(*) FROM notes").fetchone() == (2,)
