"""Opens SQLite files so that nothing but allowed reading is possible.

Behind the guard stand: a read-only file handle, `query_only`, an untrusted schema, no extensions, lowered
limits, an authorizer that knows the same functions as the guard, and a deadline inside the virtual machine.
SQLite's own defensive mode is switched on where Python can reach the switch (3.12 and later).
"""

import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tools.database.guarding.vocabulary import SQLITE_FUNCTIONS
from tools.database.lineage import Found
from tools.database.plans import Plan, sqlite_lines
from tools.database.reflection import sqlite_tables
from tools.database.schema import Dialect, Schema
from tools.database.sources import LOOKING_SECONDS, Answer
from tools.database.sqlite import errors as sqlite_errors
from tools.database.sqlite.facts import Facts
from tools.database.sqlite.loops import PlanLine, sqlite_work
from tools.database.sqlite.outline import outline
from tools.errors import ConfigurationError, PlumblineError
from tools.types import Cell

_HEADER = b"SQLite format 3\x00"
_LONGEST_LOCK_WAIT_SECONDS = 1.0
_OPERATIONS_BETWEEN_CHECKS = 1_000
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 8_000_000,
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
"""What one connection may do at most; the first is the bytes of one value or row."""
PRAGMAS = ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON")


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
        raise ConfigurationError(f"database: {str(path)!r} {sqlite_errors.UNUSABLE['SQLITE_NOTADB']}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteSource:
    """A SQLite file; implements `Source`."""

    path: Path
    deadline_seconds: float
    dialect: Dialect = "sqlite"
    failures: tuple[type[Exception], ...] = (sqlite3.Error, sqlite3.Warning, MemoryError)
    facts: Facts = field(init=False)

    def __post_init__(self) -> None:
        """Prepare to look at the file."""
        object.__setattr__(self, "facts", Facts(looking=self._looking))

    @property
    def place(self) -> str:
        """The file's name without its folders."""
        return self.path.name

    def connect(self) -> sqlite3.Connection:
        """Open a read-only connection that any one thread at a time may use."""
        connection = sqlite3.connect(
            f"file:{quote(str(self.path.absolute()))}?mode=ro",
            uri=True,
            timeout=min(_LONGEST_LOCK_WAIT_SECONDS, self.deadline_seconds / 2),
            check_same_thread=False,
            isolation_level=None,
        )
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        for limit, most in LIMITS.items():
            connection.setlimit(limit, most)
        _defend(connection)
        return connection

    def begin(self, connection: sqlite3.Connection) -> None:
        """Need nothing: a file cannot go stale."""

    def end(self, connection: sqlite3.Connection) -> None:
        """Need nothing: what is read in autocommit leaves nothing open."""

    def tables(self, *, examined: bool) -> Found:
        """Look at the tables and views; nothing needs examining, as the handle cannot write."""
        del examined
        self.facts.forget()
        with closing(self.connect()) as connection, deadline(connection, LOOKING_SECONDS):
            return sqlite_tables(connection)

    @contextmanager
    def reading(self, connection: sqlite3.Connection, schema: Schema) -> Iterator["_SqliteReader"]:
        """Lend a reader of the schema's tables."""
        tables = frozenset(table.name.lower() for table in schema.tables)
        connection.set_authorizer(authorizer(tables))
        with deadline(connection, self.deadline_seconds):
            yield _SqliteReader(connection, self.facts)

    @contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        with closing(self.connect()) as connection, deadline(connection, self.deadline_seconds):
            yield connection

    def problem(self, error: Exception) -> PlumblineError:
        """Return our error for one of SQLite's."""
        return sqlite_errors.named(error, place=self.place, seconds=self.deadline_seconds)


@dataclass(frozen=True, slots=True)
class _SqliteReader:
    connection: sqlite3.Connection
    facts: Facts

    def explain(self, statement: str, values: Mapping[str, Cell], *, is_told: bool) -> Plan:
        """Count the rows that the plan's loops would handle; its lines tell no figures anyway."""
        del is_told
        lines: list[PlanLine] = self.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        named = outline(statement, views=self.facts.views())
        work = sqlite_work(lines, outline=named, facts=self.facts.of(named.tables))
        return Plan(work=work, lines=sqlite_lines(lines))

    @contextmanager
    def select(self, statement: str, values: Mapping[str, Cell]) -> Iterator[Answer]:
        """Run a statement; the cursor takes one row at a time from the file."""
        with closing(self.connection.execute(statement, values)) as cursor:
            yield Answer(columns=tuple(column[0] for column in cursor.description or ()), rows=cursor)


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


def _defend(connection: sqlite3.Connection) -> None:
    """Set the switches for which there is no PRAGMA, where this Python has them.

    Double-quoted texts stay allowed: the guard writes none, but views of old files may hold them.
    """
    if hasattr(connection, "enable_load_extension"):
        connection.enable_load_extension(False)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
