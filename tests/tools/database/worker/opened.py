"""Databases in worker processes, for tests: a file of items, and programs other than production's."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from tests.tools.database.worker.bombs import ROWS, TABLE
from tools.database.worker.isolated import IsolatedDatabase, isolated
from tools.database.worker.opening import Opening
from tools.database.worker.processes import Launch

UNGUARDED = "tests.tools.database.worker.unguarded"
MISBEHAVING = "tests.tools.database.worker.misbehaving"


def item_rows() -> list[tuple[int, str, int]]:
    """Return what the table of items holds, in no order."""
    return [(number, f"name {number * 7919 % ROWS}", number * 104_729 % 10_007) for number in range(ROWS)]


def write_items(folder: Path) -> str:
    """Write the table of items into a SQLite file and return its url."""
    path = folder / "items.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(TABLE)
        connection.executemany("INSERT INTO items VALUES (?, ?, ?)", item_rows())
        connection.commit()
    return f"sqlite:///{path}"


def fill_server(url: str) -> None:
    """Write the table of items into an empty PostgreSQL database."""
    with psycopg.connect(url) as connection:
        connection.execute(TABLE.encode())
        connection.cursor().executemany("INSERT INTO items VALUES (%s, %s, %s)", item_rows())


def open_program(
    url: str,
    *,
    program: str = UNGUARDED,
    deadline_seconds: float = 5.0,
    memory_mb: int = 48,
    workers: int = 2,
) -> IsolatedDatabase:
    """Open a database in processes that run a program of the tests."""
    opening = Opening(
        url=url, tables=(), deadline_seconds=deadline_seconds, most_cost=1e12, memory_mb=memory_mb
    )
    return isolated(Launch(opening=opening, program=program), workers=workers)
