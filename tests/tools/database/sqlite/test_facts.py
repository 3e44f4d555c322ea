"""What is known of a SQLite file's tables without reading them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tools.database.sqlite.facts import COUNTED_ROWS, Facts

ROWS = 10 * COUNTED_ROWS
OPERATIONS_TO_COUNT = 8 * COUNTED_ROWS
"""Of the virtual machine, to count as many rows as are counted; to read all takes several times more."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two tables that are too large to count."""
    path = tmp_path_factory.mktemp("facts") / "large.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"CREATE TABLE a (id INTEGER PRIMARY KEY, pad TEXT);"
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})"
            f" INSERT INTO a SELECT i, 'some words to fill pages' FROM n;"
            f"CREATE TABLE b (id INTEGER PRIMARY KEY, pad TEXT); INSERT INTO b SELECT * FROM a;"
        )
    return path


class Watched:
    """Lends connections, counts what they do, and interrupts them after so much of it."""

    def __init__(self, file: Path, *, operations: int) -> None:
        """Say how much each connection may do."""
        self.file = file
        self.operations = operations
        self.statements: list[str] = []

    @contextmanager
    def looking(self) -> Iterator[sqlite3.Connection]:
        """Lend one."""
        steps = iter(range(self.operations // 1_000))
        with closing(sqlite3.connect(self.file)) as connection:
            connection.set_progress_handler(lambda: next(steps, None) is None, 1_000)
            connection.set_trace_callback(self.statements.append)
            yield connection


def test_the_size_of_a_table_is_learned_without_reading_it(file: Path) -> None:
    """Both ends of its rowids are found at once."""
    watched = Watched(file, operations=OPERATIONS_TO_COUNT)
    assert Facts(looking=watched.looking).of(frozenset({"a"}))["a"].rows == ROWS


def test_what_was_learned_stays_when_the_next_table_takes_too_long(file: Path) -> None:
    """So that a statement that failed once need not fail for good."""
    watched = Watched(file, operations=OPERATIONS_TO_COUNT)
    facts = Facts(looking=watched.looking)
    facts.of(frozenset({"a"}))
    watched.operations = 1_000
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        facts.of(frozenset({"a", "b"}))
    watched.operations, watched.statements = OPERATIONS_TO_COUNT, []
    assert facts.of(frozenset({"a", "b"}))["b"].rows == ROWS
    assert not any(' FROM "a"' in statement for statement in watched.statements)
