"""Runs checked, read-only SQL on SQLite or PostgreSQL."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import NullPool, QueuePool
from sqlglot.dialects.dialect import Dialect as Tokens
from sqlglot.tokenizer_core import TokenType

from tools.database import sqlite
from tools.database.cells import to_cell
from tools.database.guard import check
from tools.database.reflection import reflect
from tools.database.schema import Dialect, Schema
from tools.errors import ConfigurationError, PlumblineError, RejectedQuery, TransientError
from tools.types import Cell, Table

_CONNECTIONS = 4
_LONGEST_LOCK_WAIT_SECONDS = 1.0
_VALUES_KEPT_SECONDS = 300.0


def open_database(url: str, *, tables: tuple[str, ...], deadline_seconds: float) -> "SqlDatabase":
    """Open a database for reading; connects when first used.

    Args:
        url: SQLAlchemy's form, such as `sqlite:////data/shop.db` or `postgresql://user:word@host/shop`.
        tables: Names of the tables and views that may be read; empty means all of them.
        deadline_seconds: Longest time one statement may take.

    Raises:
        ConfigurationError: The url is wrong, or names no SQLite database.
    """
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "database: [database] url is not a database url; write sqlite:///FILE or postgresql://…"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, tables, deadline_seconds)
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return _open_postgres(parsed, tables, deadline_seconds)
    raise ConfigurationError(
        f"database: {parsed.get_backend_name()!r} is not supported; use sqlite:///FILE or postgresql://…"
    )


def _open_sqlite(url: URL, tables: tuple[str, ...], deadline_seconds: float) -> "SqlDatabase":
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("database: a SQLite url needs a file, as in sqlite:///shop.db")
    path = Path(url.database)
    sqlite.check_file(path)
    wait = min(_LONGEST_LOCK_WAIT_SECONDS, deadline_seconds / 2)

    def connect() -> sqlite3.Connection:
        return sqlite.connect(path, wait_seconds=wait)

    return SqlDatabase(
        dialect="sqlite",
        tables=tables,
        deadline_seconds=deadline_seconds,
        engine=_engine("sqlite://", connect, deadline_seconds),
        inspector=sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=NullPool),
        place=str(path),
        driver_error=sqlite3.Error,
        mapped=partial(sqlite.mapped, path=path, seconds=deadline_seconds),
    )


def _open_postgres(url: URL, tables: tuple[str, ...], deadline_seconds: float) -> "SqlDatabase":
    from tools.database import postgres  # loads its driver, which other databases do without

    address = url.set(drivername="postgresql")
    text = address.render_as_string(hide_password=False)
    place = address.set(query={}).render_as_string(hide_password=True)  # a query may hold a password too
    wait = max(1, min(10, round(deadline_seconds)))

    connect = partial(postgres.connect, text, wait_seconds=wait)
    driver = "postgresql+psycopg://"
    return SqlDatabase(
        dialect="postgres",
        tables=tables,
        deadline_seconds=deadline_seconds,
        engine=_engine(driver, connect, deadline_seconds),
        inspector=sqlalchemy.create_engine(driver, creator=connect, poolclass=NullPool),
        place=place,
        driver_error=postgres.DriverError,
        mapped=partial(postgres.mapped, where=place, seconds=deadline_seconds),
        opening=tuple(postgres.session_statements(deadline_seconds)),
    )


def _engine(driver: str, connect: Callable[[], object], deadline_seconds: float) -> Engine:
    return sqlalchemy.create_engine(
        driver,
        creator=connect,
        poolclass=QueuePool,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=deadline_seconds,
        pool_pre_ping=driver != "sqlite://",
        hide_parameters=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    values: tuple[str, ...]
    until: float


@dataclass(slots=True, kw_only=True)
class SqlDatabase:
    """One database, read by any number of threads; the port `Database` and `ReflectedDatabase`."""

    dialect: Dialect
    tables: tuple[str, ...]
    deadline_seconds: float
    engine: Engine
    inspector: Engine
    """Looks at the tables themselves, on connections of their own without the authorizer."""
    place: str
    """File or address, without a password, for messages."""
    driver_error: type[Exception]
    """The root of the driver's errors."""
    mapped: Callable[[Any], PlumblineError]
    """Returns our error for one of the driver's."""
    opening: tuple[str, ...] = ()
    """What to run at the start of each transaction."""
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _schema: Schema | None = None
    _values: dict[tuple[str, str, int], _Kept] = field(default_factory=dict, repr=False)

    def fetch(self, statement: str, parameters: Mapping[str, Cell], *, limit: int) -> Table:
        """Run one SELECT with `:name` parameters and return at most `limit` rows.

        Raises:
            RejectedQuery: The statement is refused or wrong.
            DeadlineExceeded: It ran longer than allowed.
            TransientError: The database is away or locked.
        """
        verdict = check(statement, dialect=self.dialect, schema=self.schema(), max_rows=limit + 1)
        if verdict.normalized is None:
            raise RejectedQuery(verdict.reason or "the statement is refused")
        missing = sorted(verdict.parameters - set(parameters))
        if missing:
            raise RejectedQuery(f"the statement needs values for {', '.join(f':{name}' for name in missing)}")
        bound = {name: parameters[name] for name in verdict.parameters}
        with self._connection() as connection:
            clause = sqlalchemy.text(_escaped(verdict.normalized, self.dialect))
            result = connection.execute(clause, bound)
            columns = tuple(result.keys())
            rows = result.fetchmany(limit + 1)
        cells = tuple(tuple(to_cell(value) for value in row) for row in rows[:limit])
        return Table(columns=columns, rows=cells, truncated=len(rows) > limit)

    def schema(self) -> Schema:
        """Return the tables that may be read; looked at once.

        Raises:
            ConfigurationError: A configured table does not exist.
            TransientError: The database is away or locked.
        """
        with self._lock:
            if self._schema is None:
                with self._errors():
                    self._schema = reflect(
                        self.inspector, self.tables, dialect=self.dialect, place=self.place
                    )
            return self._schema

    def values(self, table: str, column: str, *, limit: int) -> tuple[str, ...]:
        """Return up to `limit` distinct texts of a column in order; kept for five minutes.

        Raises:
            ConfigurationError: There is no such table or column.
            TransientError: The database is away or locked.
        """
        key = (table, column, limit)
        with self._lock:
            kept = self._values.get(key)
            if kept is None or kept.until < time.monotonic():
                values = self._read_values(table, column, limit)
                kept = _Kept(values=values, until=time.monotonic() + _VALUES_KEPT_SECONDS)
                self._values[key] = kept
        return kept.values

    def ping(self) -> None:
        """Raise a PlumblineError when the database cannot serve."""
        self.schema()
        with self._connection() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()
        self.inspector.dispose()

    def _read_values(self, table: str, column: str, limit: int) -> tuple[str, ...]:
        known = self.schema().table(table, dialect=self.dialect)
        names = [item.name for item in known.columns if item.name.lower() == column.lower()] if known else []
        if known is None or not names:
            raise ConfigurationError(
                f"database: there is no column {column!r} in table {table!r}; correct the query's parameter"
            )
        wanted: sqlalchemy.ColumnClause[object] = sqlalchemy.column(names[0])
        source = sqlalchemy.table(known.name)
        query = sqlalchemy.select(wanted).select_from(source).where(wanted.is_not(None)).distinct()
        with self._connection() as connection:
            rows = connection.execute(query.order_by(wanted).limit(limit)).fetchall()
        return tuple(str(to_cell(row[0])) for row in rows if str(row[0]).strip())

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Lend a connection that reads only, until the deadline, and is rolled back."""
        schema = self.schema()
        with self._errors(), self.engine.connect() as connection:
            if self.dialect == "postgres":
                for statement in self.opening:
                    connection.exec_driver_sql(statement)
                yield connection
                connection.rollback()
                return
            raw = connection.connection.driver_connection
            if not isinstance(raw, sqlite3.Connection):
                raise TransientError(f"database: {self.place!r} was closed; try again")
            raw.set_authorizer(sqlite.authorizer(frozenset(table.name.lower() for table in schema.tables)))
            with sqlite.deadline(raw, self.deadline_seconds):
                yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except exc.TimeoutError as error:
            raise TransientError("database: all connections are busy; try again") from error
        except exc.DBAPIError as error:
            if not isinstance(error.orig, self.driver_error):
                raise RejectedQuery("the database refuses the statement") from error
            raise self.mapped(error.orig) from error
        except self.driver_error as error:
            raise self.mapped(error) from error
        except exc.SQLAlchemyError as error:
            raise RejectedQuery(f"the statement cannot be run: {str(error).splitlines()[0][:300]}") from error


def _escaped(statement: str, dialect: Dialect) -> str:
    r"""Write every colon that starts no parameter as `\:`, which SQLAlchemy takes literally."""
    tokens = Tokens.get_or_raise(dialect).tokenize(statement)
    starts = {
        first.start
        for first, second in pairwise(tokens)
        if first.token_type is TokenType.COLON and second.start == first.end + 1
    }
    return "".join(
        "\\:" if character == ":" and place not in starts else character
        for place, character in enumerate(statement)
    )
