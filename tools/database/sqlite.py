"""Opens SQLite files so that nothing but allowed reading is possible.

Behind the guard stand: a read-only file handle, `query_only`, an untrusted schema, lowered limits, an
authorizer that knows the same functions as the guard, and a deadline inside the virtual machine.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tools.database.vocabulary import SQLITE_FUNCTIONS
from tools.errors import ConfigurationError, DeadlineExceeded, PlumblineError, RejectedQuery, TransientError

_HEADER = b"SQLite format 3\x00"
_OPERATIONS_BETWEEN_CHECKS = 1_000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 2_000_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 300,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 30,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 100_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 500,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 200,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"}
_UNUSABLE = {
    "SQLITE_NOTADB": "is not a SQLite database; correct [database] url",
    "SQLITE_CORRUPT": "is damaged; restore it from a backup",
    "SQLITE_CANTOPEN": "cannot be opened; check the path in [database] url and its permissions",
    "SQLITE_PERM": "cannot be opened; check its permissions",
    "SQLITE_READONLY": "has an unfinished transaction; open it once with the program that writes it",
}


def check_file(path: Path) -> None:
    """Refuse a path that is no SQLite database, without opening it as one.

    Raises:
        ConfigurationError: There is no such file, or it is something else.
    """
    try:
        with path.open("rb") as file:
            header = file.read(len(_HEADER))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"database: there is no file {str(path)!r}; correct [database] url or create it"
        ) from error
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise ConfigurationError(
            f"database: {str(path)!r} cannot be opened ({reason.lower()}); correct [database] url"
        ) from error
    if header not in {b"", _HEADER}:
        raise ConfigurationError(f"database: {str(path)!r} {_UNUSABLE['SQLITE_NOTADB']}")


def connect(path: Path, *, wait_seconds: float) -> sqlite3.Connection:
    """Open a read-only connection that any one thread at a time may use.

    Args:
        path: The file.
        wait_seconds: How long to wait for another process's lock.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro",
        uri=True,
        timeout=wait_seconds,
        check_same_thread=False,
        isolation_level=None,
    )
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    for limit, most in _LIMITS.items():
        connection.setlimit(limit, most)
    return connection


def authorizer(tables: frozenset[str]) -> Callable[..., int]:
    """Return SQLite's own check of a statement while it is compiled.

    Args:
        tables: Lower-cased names of the tables and views that may be read; what a view reads may be too.
    """

    def authorize(action: int, first: str | None, second: str | None, _: str | None, view: str | None) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            allowed = (second or "").lower() in SQLITE_FUNCTIONS
        elif action == sqlite3.SQLITE_READ:  # no column: rows are counted, also of a subquery by its alias
            allowed = not second or bool({(first or "").lower(), (view or "").lower()} & tables)
        else:
            allowed = False
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize


@contextmanager
def deadline(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Interrupt what runs on the connection when the time is up."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _OPERATIONS_BETWEEN_CHECKS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def mapped(error: sqlite3.Error, *, path: Path, seconds: float) -> PlumblineError:
    """Return our error for one of SQLite's."""
    name = getattr(error, "sqlite_errorname", "")
    primary = "_".join(name.split("_")[:2])
    if primary == "SQLITE_INTERRUPT":
        return DeadlineExceeded(f"the query ran longer than {seconds:g} seconds; ask for less")
    if primary in _BUSY:
        return TransientError(f"database: {str(path)!r} is locked by another program; try again")
    if primary in _UNUSABLE:
        return ConfigurationError(f"database: {str(path)!r} {_UNUSABLE[primary]}")
    if primary in {"SQLITE_IOERR", "SQLITE_NOMEM", "SQLITE_FULL"}:
        return TransientError(f"database: {str(path)!r} cannot be read now ({error}); try again")
    return RejectedQuery(f"the database refuses the statement: {str(error)[:300]}")
