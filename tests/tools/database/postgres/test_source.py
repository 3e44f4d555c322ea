"""What is PostgreSQL's own: its values, its sessions, its silence."""

import os
import signal

import psycopg
import pytest

from tests.database_places import Opener, Place
from tools.database.postgres import errors as postgres_errors
from tools.database.postgres.source import PostgresConnection, PostgresSource
from tools.errors import (
    ConfigurationError,
    DeadlineExceeded,
    PlumblineError,
    Problem,
    RejectedQuery,
    TransientError,
)
from tools.types import Cell

VALUES: list[tuple[str, str, Cell]] = [
    ("mood", "'ok'", "ok"),
    ("mood[]", "'{ok,sad}'", "{ok,sad}"),
    ("whole", "7", 7),
    ("integer[]", "'{1,2,NULL}'", "[1, 2, null]"),
    ("text[]", "ARRAY['a', 'b c']", '["a", "b c"]'),
    ("date[]", "'{infinity,2020-01-01}'", '["infinity", "2020-01-01"]'),
    ("json", """'{"a":null}'""", '{"a":null}'),
    ("jsonb", """'{"k": [1, 2.50]}'""", '{"k": [1, 2.50]}'),
    ("uuid", "'00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
    ("interval", "'1 mon 2 days'", "1 mon 2 days"),
    ("interval", "'infinity'", "infinity"),
    ("money", "'1234.50'", "$1,234.50"),
    ("bytea", "'\\xdeadbeef'", "<4 bytes>"),
    ("int4range", "'[1,10)'", "[1,10)"),
    ("daterange", "'[2020-01-01,infinity)'", "[2020-01-01,infinity)"),
    ("int4multirange", "'{[1,3),[5,7)}'", "{[1,3),[5,7)}"),
    ("inet", "'10.0.0.1'", "10.0.0.1"),
    ("numeric", "12345678901234567890123456789012345.5", "12345678901234567890123456789012345.5"),
    ("numeric(6,2)", "12.50", 12.5),
    ("bigint", "'-9223372036854775808'", -(2**63)),
    ("date", "'infinity'", "infinity"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    ("date", "'10000-01-01'", "10000-01-01"),
    ("date", "'2025-04-01'", "2025-04-01"),
    ("timestamp", "'10000-01-01 12:00'", "10000-01-01 12:00:00"),
    ("timestamp", "'2025-04-01 12:30:00.5'", "2025-04-01 12:30:00.5"),
    ("time", "'24:00'", "24:00:00"),
    ("point", "'(1,2)'", "(1,2)"),
    ("bit(3)", "'101'", "101"),
    ("boolean", "true", True),
    ("tsvector", "'a b'", "'a' 'b'"),
]


def test_no_value_of_any_type_is_lost(postgres: Place, opened: Opener) -> None:
    """Not even those that Python has no room for."""
    columns = ", ".join(f"c{number} {kind}" for number, (kind, _, _) in enumerate(VALUES))
    values = ", ".join(f"{value}::{kind}" for kind, value, _ in VALUES)
    postgres.run(
        "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN whole AS integer;"
        f"CREATE TABLE all_types ({columns}); INSERT INTO all_types VALUES ({values});"
    )
    database = opened(postgres)
    (row,) = database.fetch("SELECT * FROM all_types", {}, limit=5).rows
    assert dict(zip(VALUES, row, strict=True)) == {value: value[2] for value in VALUES}
    (table,) = database.schema().tables
    kinds = [column.type for column in table.columns]
    assert kinds[0] == "ENUM"
    assert kinds[2] == "INTEGER"


def test_columns_that_the_role_may_not_read_do_not_exist(postgres: Place, opened: Opener) -> None:
    """The server's own rights are a policy, too."""
    postgres.run(
        "CREATE TABLE staff (id integer PRIMARY KEY, name text, wage integer); CREATE TABLE hidden (a text);"
    )
    with psycopg.connect(postgres.owner) as owner:
        owner.execute("REVOKE SELECT ON staff, hidden FROM reader")
        owner.execute("GRANT SELECT (name) ON staff TO reader")
    database = opened(postgres)
    (staff,) = database.schema().tables
    assert (staff.name, [column.name for column in staff.columns], staff.primary_key) == (
        "staff",
        ["name"],
        (),
    )
    with pytest.raises(RejectedQuery, match="wage"):
        database.fetch("SELECT wage FROM staff", {}, limit=5)
    with pytest.raises(ConfigurationError, match="no table 'hidden' that may be read"):
        opened(postgres, tables=("hidden",)).ping()


LEAKS: list[tuple[str, Problem]] = [
    ("SELECT CAST(word AS INTEGER) FROM secrets", "type"),
    ("SELECT CAST(word AS DATE) FROM secrets", "type"),
    ("SELECT CAST(word AS BOOLEAN) FROM secrets", "type"),
    ("SELECT 1 / (number - number) FROM secrets", "type"),
    ("SELECT number * 2000000000 FROM secrets", "type"),
    ("SELECT word + number FROM secrets", "type"),
    ("SELECT sum(word) FROM secrets", "type"),
    ("SELECT word, count(*) FROM secrets", "syntax"),
    ("SELECT (SELECT word FROM secrets) FROM secrets", "syntax"),
    ("SELECT word FROM secrets WHERE number = :word", "type"),
    ("SELECT make_date(number, 77, 1) FROM secrets", "type"),
]


@pytest.mark.parametrize(("statement", "problem"), LEAKS)
def test_errors_about_values_do_not_repeat_them(
    postgres: Place, opened: Opener, statement: str, problem: Problem
) -> None:
    """PostgreSQL quotes what it cannot convert; we do not."""
    postgres.run(
        "CREATE TABLE secrets (word text, number integer);"
        "INSERT INTO secrets VALUES ('swordfish', 1977), ('opensesame', 1978);"
    )
    with pytest.raises(RejectedQuery) as error:
        opened(postgres).fetch(statement, {"word": "swordfish"}, limit=5)
    assert error.value.problem == problem
    for secret in ("swordfish", "opensesame", "1977", "1978"):
        assert secret not in str(error.value)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (psycopg.errors.QueryCanceled, DeadlineExceeded, "2 seconds"),
        (psycopg.errors.UndefinedTable, RejectedQuery, "cannot run"),
        (psycopg.errors.InsufficientPrivilege, RejectedQuery, "role may not read"),
        (psycopg.errors.ReadOnlySqlTransaction, RejectedQuery, "more than read"),
        (psycopg.errors.OutOfMemory, RejectedQuery, "ask for less"),
        (psycopg.errors.StatementTooComplex, RejectedQuery, "cannot run"),
        (psycopg.errors.ConfigurationLimitExceeded, RejectedQuery, "more room"),
        (psycopg.errors.TooManyConnections, TransientError, "short of resources"),
        (psycopg.errors.DiskFull, TransientError, "short of resources"),
        (psycopg.errors.AdminShutdown, TransientError, "restarting"),
        (psycopg.errors.LockNotAvailable, TransientError, "locked"),
        (psycopg.errors.DeadlockDetected, TransientError, "other transactions"),
        (psycopg.errors.SerializationFailure, TransientError, "other transactions"),
        (psycopg.errors.InternalError_, TransientError, "fault of its own"),
        (psycopg.errors.IoError, TransientError, "fault of its own"),
        (psycopg.errors.InvalidPassword, ConfigurationError, "refuses the login"),
        (psycopg.errors.ConnectionFailure, TransientError, "cannot be reached"),
        (psycopg.errors.RaiseException, RejectedQuery, "refuses"),
        (psycopg.DataError, RejectedQuery, "refuses"),
        (psycopg.InterfaceError, TransientError, "cannot be reached"),
        (MemoryError, RejectedQuery, "memory"),
    ],
)
def test_each_class_of_error_has_its_own_name(
    error: type[Exception], kind: type[PlumblineError], said: str
) -> None:
    """For whoever can do something about it; the server's words are not repeated."""
    found = postgres_errors.named(error("swordfish\nat 10.0.0.1"), place="shop", seconds=2)
    assert type(found) is kind
    assert said in str(found)
    assert "swordfish" not in str(found)
    assert "10.0.0.1" not in str(found)


def source(place: Place, seconds: float = 5.0) -> PostgresSource:
    """Return the source that the engine would use."""
    return PostgresSource(address=place.url, place="shop", tables_wanted=(), deadline_seconds=seconds)


def settings(connection: PostgresConnection, *names: str) -> list[str]:
    return [str(connection.execute(f"SHOW {name}".encode()).fetchall()[0][0]) for name in names]


def test_a_session_can_only_read_is_bounded_and_leaves_nothing(postgres: Place) -> None:
    """While it lasts; then the connection is as new."""
    postgres.run("CREATE TABLE notes (word text);")
    reading = source(postgres)
    names = ("transaction_read_only", "default_transaction_read_only", "statement_timeout", "work_mem")
    with reading.connect() as connection:
        reading.begin(connection)
        assert settings(connection, *names) == ["on", "on", "5s", "32MB"]
        connection.execute("PREPARE kept AS SELECT 1")
        connection.execute("SELECT pg_advisory_lock(7)")
        reading.end(connection)
        assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchall() == [
            (0,)
        ]
        assert settings(connection, "statement_timeout") == ["0"]


def test_only_one_statement_fits_into_a_message(postgres: Place, opened: Opener) -> None:
    """Were the guard to let two through, neither would run: not explained and not executed."""
    postgres.run("CREATE TABLE notes (word text);")
    reading, schema = source(postgres), opened(postgres).schema()
    with reading.connect() as connection:
        reading.begin(connection)
        with reading.reading(connection, schema) as reader:
            with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
                reader.explain("SELECT 1; COMMIT", {}, is_told=True)
            connection.rollback()
            with (
                pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"),
                reader.select("SELECT 1; COMMIT", {}),
            ):
                raise AssertionError("it ran")
            connection.rollback()


def test_a_large_result_stays_on_the_server(postgres: Place, opened: Opener) -> None:
    """A hundred million rows are asked for and five taken; the deadline is not needed."""
    postgres.run("CREATE TABLE hundred AS SELECT generate_series(1, 100) AS n;")
    reading, schema = source(postgres), opened(postgres).schema()
    with reading.connect() as connection:
        reading.begin(connection)
        product = "SELECT 1 FROM hundred a, hundred b, hundred c, hundred d"
        with reading.reading(connection, schema) as reader, reader.select(product, {}) as answer:
            rows = iter(answer.rows)
            assert [next(rows) for _ in range(5)] == [(1,)] * 5


def test_a_silent_server_is_hung_up_on(postgres: Place, opened: Opener) -> None:
    """Its process is stopped, so that it can neither answer nor end the statement by itself."""
    postgres.run("CREATE TABLE notes (word text);")
    database = opened(postgres, deadline_seconds=0.2)
    database.ping()
    with psycopg.connect(postgres.owner) as owner:
        find = (
            "SELECT pid FROM pg_stat_activity "
            "WHERE application_name = 'plumbline' AND datname = current_database()"
        )
        ((process,),) = owner.execute(find.encode()).fetchall()
    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(DeadlineExceeded, match="did not end it"):
            database.fetch("SELECT word FROM notes", {}, limit=5)
    finally:
        os.kill(process, signal.SIGCONT)
    assert database.fetch("SELECT word FROM notes", {}, limit=5).rows == ()


def test_connections_that_the_server_closed_are_replaced(postgres: Place, opened: Opener) -> None:
    """A restart is not noticed by who asks next."""
    postgres.run("CREATE TABLE notes (word text);")
    database = opened(postgres)
    database.ping()
    with psycopg.connect(postgres.owner) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'plumbline'"
        )
    database.ping()


def test_an_address_with_unknown_options_is_the_operators_to_correct(opened: Opener) -> None:
    """Before anything is connected; the address is not repeated."""
    wrong = Place(kind="postgres", url="postgresql://u:hunter2@localhost/shop?nonsense=1", owner="")
    with pytest.raises(ConfigurationError, match="options") as error:
        opened(wrong).ping()
    assert "hunter2" not in str(error.value)
    assert "hunter2" not in repr(opened(wrong))
