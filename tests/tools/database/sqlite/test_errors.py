"""SQLite's errors by name, made by the real SQLite where it can be made to fail."""

import sqlite3
from contextlib import closing

import pytest

from tools.database.sqlite.errors import named
from tools.errors import (
    ConfigurationError,
    DeadlineExceeded,
    PlumblineError,
    Problem,
    RejectedQuery,
    TransientError,
)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("SELECT a FROM nowhere", "unknown_table"),
        ("SELECT gone FROM t", "unknown_column"),
        ("SELECT * FROM t JOIN u USING (b)", "unknown_column"),
        ("SELECT a FROM t, u", "ambiguous"),
        ("SELECT sum(n) FROM (SELECT 9223372036854775807 AS n UNION ALL SELECT 1)", "type"),
        ("SELECT (1, 2)", "type"),
        ("SELECT abs()", "type"),
        ("SELECT FROM", "syntax"),
        ("SELECT (", "syntax"),
        ("SELECT nofunction(a) FROM t", "syntax"),
        ("SELECT a FROM t WHERE count(*) > 1", "syntax"),
        ("SELECT a FROM t WHERE row_number() OVER () > 1", "syntax"),
        ("SELECT a FROM t UNION SELECT a, b FROM t", "syntax"),
        ("SELECT (SELECT a, b FROM t)", "syntax"),
        ("SELECT a FROM t ORDER BY 7", "syntax"),
        ("SELECT a FROM t UNION SELECT a FROM t ORDER BY gone", "syntax"),
        ("SELECT zeroblob(3000000000)", "too_large"),
        (f"SELECT 1 WHERE 'a' LIKE '{'%a' * 30_000}'", "too_large"),
        (f"SELECT {' + '.join(['1'] * 1_100)}", "too_large"),
        (f"SELECT * FROM {', '.join(f't AS t{number}' for number in range(70))}", "too_large"),
        ("DROP TABLE t", "refused"),
    ],
)
def test_what_is_wrong_with_a_statement_is_known_by_sqlites_words(statement: str, problem: Problem) -> None:
    """As this SQLite says them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("CREATE TABLE t (a, b); CREATE TABLE u (a)")
        if problem == "refused":
            connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
        with pytest.raises(sqlite3.Error) as error:
            connection.execute(statement).fetchall()
    found = named(error.value, place="shop.db", seconds=2)
    assert isinstance(found, RejectedQuery)
    assert found.problem == problem
    assert len(str(found)) < 400
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_INTERRUPT", DeadlineExceeded),
        ("SQLITE_BUSY_SNAPSHOT", TransientError),
        ("SQLITE_LOCKED", TransientError),
        ("SQLITE_IOERR_READ", TransientError),
        ("SQLITE_CORRUPT_VTAB", ConfigurationError),
        ("SQLITE_NOTADB", ConfigurationError),
        ("SQLITE_CANTOPEN_ISDIR", ConfigurationError),
        ("SQLITE_MISMATCH", RejectedQuery),
        ("SQLITE_ERROR", RejectedQuery),
    ],
)
def test_each_code_goes_to_whoever_can_act(name: str, kind: type[PlumblineError]) -> None:
    """Words that are not known are not repeated."""
    error = sqlite3.OperationalError("cannot do this with /data/private/shop.db: swordfish")
    error.sqlite_errorname = name
    found = named(error, place="shop.db", seconds=2)
    assert type(found) is kind
    assert "swordfish" not in str(found)
    assert "/data" not in str(found)


def test_a_broken_view_does_not_tell_which_table_it_wants() -> None:
    """It may be one that nobody may read."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIEW v AS SELECT a FROM hush")
        with pytest.raises(sqlite3.Error) as error:
            connection.execute("SELECT a FROM v")
    found = named(error.value, place="shop.db", seconds=2)
    assert isinstance(found, RejectedQuery)
    assert "hush" not in str(found)


def test_running_out_of_memory_is_a_problem_of_the_statement() -> None:
    """Python has an error of its own for it."""
    found = named(MemoryError(), place="shop.db", seconds=2)
    assert isinstance(found, RejectedQuery)
    assert found.problem == "too_large"
