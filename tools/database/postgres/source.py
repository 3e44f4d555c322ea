"""Reads a PostgreSQL database in transactions that can only read, are short and are always rolled back.

The role should be able to read the configured tables and nothing else, which `posture` makes
sure of; what is set here is the second line. The room for temporary files (`temp_file_limit`) is the one
limit that a plain role cannot set for itself: the statements of `posture` set it for the role.
"""

import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tools.database.binding import percent_style
from tools.database.costs import postgres_work
from tools.database.lineage import Found
from tools.database.plans import Plan, postgres_lines
from tools.database.postgres import errors as postgres_errors
from tools.database.postgres.gathering import check_room
from tools.database.postgres.posture import check_posture
from tools.database.postgres.values import adapt
from tools.database.reflection import postgres_tables
from tools.database.schema import Dialect, Schema
from tools.database.sources import LOOKING_SECONDS, Answer
from tools.errors import ConfigurationError, DeadlineExceeded, PlumblineError
from tools.types import Cell

PostgresConnection: TypeAlias = psycopg.Connection[tuple[Any, ...]]  # Any: a row holds what the server sends

_WORK_MEMORY = "32MB"
_MOST_WAIT_MILLISECONDS = 2_000
_GRACE_SECONDS = 0.5
"""How long after the deadline a silent server is waited for."""
_CURSOR = "plumbline"
_FIRST_ROWS, _MOST_ROWS = 4, 500
_SMALL_BATCH_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSource:
    """A PostgreSQL database; implements `Source`."""

    address: str
    """Where it is and how to log in; secret."""
    place: str
    tables_wanted: tuple[str, ...]
    """Those that a fit role would read, for the advice to make one; empty means all."""
    deadline_seconds: float
    dialect: Dialect = "postgres"
    failures: tuple[type[Exception], ...] = (psycopg.Error, MemoryError)

    def __repr__(self) -> str:
        """Name the database without its address."""
        return f"PostgresSource(place={self.place!r})"

    def connect(self) -> PostgresConnection:
        """Open a connection whose transactions can only read.

        Raises:
            ConfigurationError: The address has options that do not exist.
        """
        try:
            connection = psycopg.connect(self.address, **self._options(), prepare_threshold=None)
        except psycopg.ProgrammingError as error:
            raise ConfigurationError(
                "database: [database] url has options that PostgreSQL does not know; correct them"
            ) from error
        connection.read_only = True
        adapt(connection)
        return connection

    def begin(self, connection: PostgresConnection) -> None:
        """Start the transaction; its settings go in one message and end with it."""
        with _watched(connection, self.deadline_seconds):
            connection.execute("; ".join(session_statements(self.deadline_seconds)).encode())

    def end(self, connection: PostgresConnection) -> None:
        """Roll back and drop whatever a session may keep."""
        with _watched(connection, self.deadline_seconds):
            connection.rollback()
            connection.autocommit = True
            connection.execute("DISCARD ALL")
            connection.autocommit = False

    def tables(self, *, examined: bool) -> Found:
        """Look at the tables and views of the schema `public`, and at the role if asked to.

        Raises:
            ConfigurationError: The role could write.
        """
        patient = replace(self, deadline_seconds=max(self.deadline_seconds, LOOKING_SECONDS))
        with closing(self.connect()) as connection:
            patient.begin(connection)
            with _watched(connection, patient.deadline_seconds):
                found = postgres_tables(connection)
                if examined:
                    check_posture(connection, place=self.place, tables=self.tables_wanted)
                return found

    @contextmanager
    def reading(self, connection: PostgresConnection, schema: Schema) -> Iterator["_PostgresReader"]:
        """Lend a reader; what it may read is for the role and the guard to say."""
        del schema
        with _watched(connection, self.deadline_seconds):
            yield _PostgresReader(connection)

    def problem(self, error: Exception) -> PlumblineError:
        """Return our error for one of psycopg's."""
        return postgres_errors.named(error, place=self.place, seconds=self.deadline_seconds)

    def _options(self) -> dict[str, Any]:  # Any: psycopg takes each option as its own type
        """Return how long to wait for a server that does not answer, unless the address says so."""
        wait = max(2, min(10, round(self.deadline_seconds)))
        options = {
            "connect_timeout": wait,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": round((self.deadline_seconds + _GRACE_SECONDS) * 1_000),
            "client_encoding": "UTF8",
            "application_name": "plumbline",
        }
        given = conninfo_to_dict(self.address)
        return {name: value for name, value in options.items() if name not in given}


@dataclass(frozen=True, slots=True)
class _PostgresReader:
    connection: PostgresConnection

    def explain(self, statement: str, values: Mapping[str, Cell], *, is_told: bool) -> Plan:
        """Ask the server how it would go about it, and what that would cost.

        Raises:
            RejectedQuery: It would gather too much text.
        """
        explained = f"EXPLAIN (FORMAT JSON) {percent_style(statement)}".encode()
        # A binary result makes the protocol that takes one statement only, so nothing can follow.
        with self.connection.execute(explained, values, binary=True) as cursor:
            row = cursor.fetchone()
        if row is None:
            return Plan(work=0.0, lines=())
        plan = row[0][0]["Plan"]
        check_room(plan, statement, values)
        return Plan(work=postgres_work(plan), lines=postgres_lines(plan, is_told=is_told))

    @contextmanager
    def select(self, statement: str, values: Mapping[str, Cell]) -> Iterator[Answer]:
        """Run a statement behind a cursor of the server, so that a giant result stays there."""
        with self.connection.cursor(_CURSOR) as cursor:
            cursor.execute(percent_style(statement).encode(), values)
            columns = tuple(column.name for column in cursor.description or ())
            yield Answer(columns=columns, rows=_rows(cursor))


@contextmanager
def _watched(connection: PostgresConnection, seconds: float) -> Iterator[None]:
    """Hang up on a server that is silent beyond the deadline: it could not end the statement itself."""
    is_over = threading.Event()

    def hang_up() -> None:
        is_over.set()
        with (
            suppress(psycopg.OperationalError, OSError),  # it is closed already
            closing(socket.socket(fileno=os.dup(connection.pgconn.socket))) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds + _GRACE_SECONDS, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except psycopg.OperationalError as error:
        if not is_over.is_set():
            raise
        raise DeadlineExceeded(
            f"the query ran longer than {seconds:g} seconds and the database did not end it; try again"
        ) from error
    finally:
        timer.cancel()


def session_statements(deadline_seconds: float) -> Iterator[str]:
    """Yield what to run at the start of each transaction."""
    milliseconds = max(1, round(deadline_seconds * 1_000))
    yield "SET TRANSACTION READ ONLY"
    yield "SET default_transaction_read_only = on"  # for whatever would come after this transaction
    yield f"SET LOCAL statement_timeout = {milliseconds}"
    yield f"SET LOCAL lock_timeout = {min(milliseconds, _MOST_WAIT_MILLISECONDS)}"
    yield f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds + 1_000}"
    yield f"SET LOCAL work_mem = '{_WORK_MEMORY}'"
    yield "SET LOCAL max_parallel_workers_per_gather = 0"  # each of them would take that much memory again
    yield "SET LOCAL search_path = public"
    yield "SET LOCAL standard_conforming_strings = on"
    yield "SET LOCAL DateStyle = ISO"
    yield "SET LOCAL IntervalStyle = postgres"
    yield "SET LOCAL cursor_tuple_fraction = 1"  # else a cursor may run another plan than the one explained


def _rows(cursor: psycopg.ServerCursor[tuple[Any, ...]]) -> Iterator[Sequence[object]]:
    """Yield rows, fetched many at a time while they are small."""
    size = _FIRST_ROWS
    while rows := cursor.fetchmany(size):
        yield from rows
        characters = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
        size = min(_MOST_ROWS, size * 4) if characters < _SMALL_BATCH_CHARACTERS else max(1, size // 4)
