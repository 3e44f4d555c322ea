"""The contract of the port Database, on SQLite, on a real PostgreSQL and on the fake."""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.fakes_database import FakeDatabase
from tests.postgres_server import PostgresMissing, postgres_server, reader_of
from tools.database.costs import MOST_COST
from tools.database.engine import SqlDatabase, open_database
from tools.database.schema import Column, ReflectedDatabase, Schema, TableSchema
from tools.errors import ConfigurationError, DeadlineExceeded, RejectedQuery, TransientError
from tools.types import Table

TABLES = """
CREATE TABLE plants (plant_id INTEGER PRIMARY KEY, name VARCHAR(50), bed VARCHAR(20), height REAL,
  planted_on DATE);
CREATE TABLE waterings (watering_id INTEGER PRIMARY KEY,
  plant_id INTEGER REFERENCES plants(plant_id), litres NUMERIC(6,2));
CREATE TABLE secrets (word VARCHAR(20));
INSERT INTO plants VALUES (1,'Fern','north',40.5,'2025-04-01'),(2,'Ivy','south',120.0,'2025-05-01'),
  (3,'Moss','north',NULL,'2026-01-15'),(4,'it''s: a :name','east',1.0,NULL);
INSERT INTO waterings VALUES (1,1,1.50),(2,1,2.00),(3,2,0.25);
INSERT INTO secrets VALUES ('hidden');
"""
READABLE = ("plants", "waterings")
NAMES = "SELECT name FROM plants ORDER BY plant_id"
BY_BED = "SELECT name FROM plants WHERE bed = :bed ORDER BY name"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Run one PostgreSQL for all tests of this file."""
    try:
        with postgres_server() as url:
            with psycopg.connect(url) as connection:
                connection.execute(TABLES.encode())
            yield url
    except PostgresMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def reader_url(postgres_url: str) -> str:
    """Return the url of a role that can only read."""
    return reader_of(postgres_url)


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    """Write the tables into a SQLite file."""
    path = tmp_path / "garden plants?.db"
    connection = sqlite3.connect(path)
    connection.executescript(TABLES)
    connection.close()
    return path


Opener = Callable[..., SqlDatabase]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open databases that are closed after the test."""
    databases: list[SqlDatabase] = []

    def open_one(
        url: str,
        *,
        tables: tuple[str, ...] = READABLE,
        deadline_seconds: float = 5.0,
        most_cost: float = MOST_COST,
    ) -> SqlDatabase:
        databases.append(
            open_database(url, tables=tables, deadline_seconds=deadline_seconds, most_cost=most_cost)
        )
        return databases[-1]

    yield open_one
    for database in databases:
        database.close()


def sqlite_url(path: Path) -> str:
    """Return the url of a file whose name may hold any sign."""
    return make_url("sqlite://").set(database=str(path)).render_as_string()


def fake() -> FakeDatabase:
    """Prepare the fake with the same tables and answers."""
    rows = (("Fern", "north"), ("Ivy", "south"), ("Moss", "north"), ("it's: a :name", "east"))
    columns = (Column(name="plant_id"), Column(name="name"), Column(name="bed"))
    return FakeDatabase(
        tables=Schema(tables=(TableSchema(name="plants", columns=columns), TableSchema(name="waterings"))),
        answers={
            NAMES: lambda _: Table(columns=("name",), rows=tuple((name,) for name, _ in rows)),
            BY_BED: lambda given: Table(
                columns=("name",), rows=tuple((name,) for name, bed in sorted(rows) if bed == given["bed"])
            ),
        },
        column_values={("plants", "bed"): ("east", "north", "south")},
    )


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def database(request: pytest.FixtureRequest, opened: Opener) -> ReflectedDatabase:
    """Give each test every implementation."""
    if request.param == "fake":
        return fake()
    if request.param == "sqlite":
        return opened(sqlite_url(request.getfixturevalue("sqlite_file")))
    return opened(request.getfixturevalue("reader_url"))


@pytest.fixture(params=["sqlite", "postgres"])
def real(request: pytest.FixtureRequest, opened: Opener) -> SqlDatabase:
    """Give each test every real database."""
    if request.param == "sqlite":
        return opened(sqlite_url(request.getfixturevalue("sqlite_file")))
    return opened(request.getfixturevalue("reader_url"))


def test_rows_come_back_in_order_with_their_column_names(database: ReflectedDatabase) -> None:
    """A plain SELECT gives all rows."""
    table = database.fetch(NAMES, {}, limit=10)
    assert table == Table(columns=("name",), rows=(("Fern",), ("Ivy",), ("Moss",), ("it's: a :name",)))


def test_a_result_tells_how_the_database_went_about_it(real: ReflectedDatabase) -> None:
    """Step by step, with what a step needs indented below it."""
    both = "SELECT name FROM plants UNION ALL SELECT bed FROM plants"
    first, *others = real.fetch(both, {}, limit=10).plan
    assert not first.startswith(" ")
    assert [line.startswith("  ") for line in others if "plants" in line] == [True, True]


def test_parameters_are_bound_by_name(database: ReflectedDatabase) -> None:
    """A value reaches the statement, others are ignored."""
    table = database.fetch(BY_BED, {"bed": "north", "other": 1}, limit=10)
    assert table.rows == (("Fern",), ("Moss",))


def test_a_hostile_value_is_only_a_value(database: ReflectedDatabase) -> None:
    """SQL inside a parameter finds nothing and does nothing."""
    assert database.fetch(BY_BED, {"bed": "x' OR 1=1; DROP TABLE plants --"}, limit=10).rows == ()
    assert len(database.fetch(NAMES, {}, limit=10).rows) == 4


@pytest.mark.parametrize(("limit", "rows", "truncated"), [(2, 2, True), (4, 4, False), (100, 4, False)])
def test_more_rows_than_the_limit_are_cut_and_said(
    database: ReflectedDatabase, limit: int, rows: int, truncated: bool
) -> None:
    """Truncated is true only when a row is missing."""
    table = database.fetch(NAMES, {}, limit=limit)
    assert (len(table.rows), table.truncated) == (rows, truncated)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM plants",
        "SELECT 1; SELECT 2",
        "SELECT word FROM secrets",
        "SELECT colour FROM plants",
        "SELECT nothing",
        "SELEC 1",
        "",
        BY_BED,
    ],
)
def test_refused_and_wrong_statements_are_rejected(database: ReflectedDatabase, statement: str) -> None:
    """Also a statement whose parameter has no value."""
    with pytest.raises(RejectedQuery) as error:
        database.fetch(statement, {}, limit=5)
    assert "\n" not in str(error.value)


def test_distinct_values_come_in_order_up_to_the_limit(database: ReflectedDatabase) -> None:
    """Values serve to link a question's words."""
    assert database.values("plants", "bed", limit=10) == ("east", "north", "south")
    assert database.values("plants", "bed", limit=2) == ("east", "north")


def test_an_unknown_column_has_no_values(database: ReflectedDatabase) -> None:
    """The message names column and table."""
    with pytest.raises(ConfigurationError, match=r"colour.*plants"):
        database.values("plants", "colour", limit=5)


def test_only_the_configured_tables_are_in_the_schema(database: ReflectedDatabase) -> None:
    """The third table stays hidden."""
    assert [table.name for table in database.schema().tables] == list(READABLE)


def test_ping_passes_and_close_may_come_twice(database: ReflectedDatabase) -> None:
    """A healthy database says nothing."""
    database.ping()
    database.close()
    database.close()


def test_columns_types_and_keys_are_reflected(real: SqlDatabase) -> None:
    """The schema knows how tables hang together."""
    plants, waterings = real.schema().tables
    assert [column.name for column in plants.columns] == ["plant_id", "name", "bed", "height", "planted_on"]
    assert [column.name for column in plants.columns if column.is_text] == ["name", "bed"]
    assert plants.primary_key == ("plant_id",)
    (key,) = waterings.foreign_keys
    assert (key.columns, key.table, key.references) == (("plant_id",), "plants", ("plant_id",))


def test_no_named_tables_means_all_of_them(opened: Opener, sqlite_file: Path, reader_url: str) -> None:
    """The third table is readable when none is named."""
    for url in (sqlite_url(sqlite_file), reader_url):
        assert opened(url, tables=()).fetch("SELECT word FROM secrets", {}, limit=5).rows == (("hidden",),)


def test_values_become_plain_cells(real: SqlDatabase) -> None:
    """Dates are ISO text, sums are numbers, NULL is None."""
    statement = (
        "SELECT planted_on, height, (SELECT SUM(litres) FROM waterings), (SELECT COUNT(*) FROM waterings) "
        "FROM plants WHERE plant_id IN (1, 3) ORDER BY plant_id"
    )
    assert real.fetch(statement, {}, limit=5).rows == (
        ("2025-04-01", 40.5, 3.75, 3),
        ("2026-01-15", None, 3.75, 3),
    )


def test_colons_and_percent_signs_in_texts_are_not_parameters(real: SqlDatabase) -> None:
    """Text that looks like a parameter stays text."""
    statement = "SELECT name, ' :bed 100% \\:x %(a)s' AS note FROM plants WHERE name LIKE '%: a :name'"
    assert real.fetch(statement, {}, limit=5).rows == (("it's: a :name", " :bed 100% \\:x %(a)s"),)


def test_an_optional_parameter_may_be_null(real: SqlDatabase) -> None:
    """`:bed IS NULL OR …` works on both databases."""
    statement = "SELECT COUNT(*) FROM plants WHERE bed = :bed OR :bed IS NULL"
    assert real.fetch(statement, {"bed": None}, limit=5).rows == ((4,),)
    assert real.fetch(statement, {"bed": "east"}, limit=5).rows == ((1,),)


def test_a_view_can_be_read_without_its_tables(opened: Opener, sqlite_file: Path) -> None:
    """What a view reads is the operator's choice."""
    connection = sqlite3.connect(sqlite_file)
    connection.execute("CREATE VIEW words AS SELECT upper(word) AS word FROM secrets")
    connection.close()
    database = opened(sqlite_url(sqlite_file), tables=("words",))
    assert database.fetch("SELECT word FROM words", {}, limit=5).rows == (("HIDDEN",),)
    with pytest.raises(RejectedQuery):
        database.fetch("SELECT word FROM secrets", {}, limit=5)


def test_a_missing_table_in_the_configuration_is_named(
    opened: Opener, sqlite_file: Path, reader_url: str
) -> None:
    """The message names what was probably meant, and no table besides."""
    for url in (sqlite_url(sqlite_file), reader_url):
        with pytest.raises(ConfigurationError, match=r"'wattering'.*'waterings'") as error:
            opened(url, tables=("plants", "wattering")).schema()
        assert "secrets" not in str(error.value)


def test_a_statement_that_takes_too_long_is_stopped(
    opened: Opener, sqlite_file: Path, reader_url: str
) -> None:
    """The deadline holds inside the database, not only between rows."""
    joins = " ".join(f"JOIN plants p{number} ON p{number}.plant_id > 0" for number in range(12))
    slow = f"SELECT COUNT(*) FROM plants p {joins}"
    for url in (sqlite_url(sqlite_file), reader_url):
        database = opened(url, deadline_seconds=0.3, most_cost=math.inf)
        start = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=r"0\.3 seconds"):
            database.fetch(slow, {}, limit=5)
        assert time.monotonic() - start < 3
        assert len(database.fetch(NAMES, {}, limit=10).rows) == 4


def test_many_threads_may_ask_at_once(real: SqlDatabase) -> None:
    """More threads than connections all get their answer."""
    with ThreadPoolExecutor(max_workers=12) as pool:
        futures = [pool.submit(real.fetch, BY_BED, {"bed": "north"}, limit=5) for _ in range(60)]
        assert all(future.result().rows == (("Fern",), ("Moss",)) for future in futures)


def test_values_are_kept_for_a_while(opened: Opener, sqlite_file: Path) -> None:
    """A second look costs no query, so a new value shows later."""
    database = opened(sqlite_url(sqlite_file))
    before = database.values("plants", "bed", limit=10)
    connection = sqlite3.connect(sqlite_file)
    connection.execute("UPDATE plants SET bed = 'west'")
    connection.commit()
    connection.close()
    assert database.values("plants", "bed", limit=10) is before
    assert database.values("plants", "bed", limit=9) == ("west",)


def test_a_locked_file_is_a_passing_fault(opened: Opener, sqlite_file: Path) -> None:
    """Another program's exclusive lock is waited for shortly, then reported."""
    database = opened(sqlite_url(sqlite_file), deadline_seconds=0.2)
    database.ping()
    writer = sqlite3.connect(sqlite_file, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(TransientError, match=r"locked.*try again"):
            database.fetch(NAMES, {}, limit=5)
        with pytest.raises(TransientError, match="locked"):
            opened(sqlite_url(sqlite_file), deadline_seconds=0.2).ping()
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    assert len(database.fetch(NAMES, {}, limit=10).rows) == 4


def test_a_locked_table_is_a_passing_fault(opened: Opener, postgres_url: str, reader_url: str) -> None:
    """PostgreSQL's lock wait is bounded too."""
    database = opened(reader_url, deadline_seconds=3)
    database.ping()
    with psycopg.connect(postgres_url) as writer:
        writer.execute("LOCK TABLE plants IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TransientError, match="locked"):
            database.fetch(NAMES, {}, limit=5)


@pytest.mark.parametrize("kind", ["missing", "folder", "text", "unsaid", "memory", "address", "other"])
def test_a_url_without_a_database_is_the_operators_to_correct(kind: str, tmp_path: Path) -> None:
    """Each message is one line that says what to do."""
    (tmp_path / "note.db").write_text(
        "this is no database, but long enough to look like one", encoding="utf-8"
    )
    url = {
        "missing": sqlite_url(tmp_path / "gone.db"),
        "folder": sqlite_url(tmp_path),
        "text": sqlite_url(tmp_path / "note.db"),
        "unsaid": "sqlite://",
        "memory": "sqlite:///:memory:",
        "address": "nonsense",
        "other": "mysql://localhost/shop",
    }[kind]
    with pytest.raises(ConfigurationError, match=r"url|sqlite:///") as error:
        open_database(url, tables=(), deadline_seconds=1)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "gone.db").exists()


def test_a_damaged_file_is_the_operators_to_restore(opened: Opener, sqlite_file: Path) -> None:
    """A file that begins well and goes on badly is found when it is read."""
    content = bytearray(sqlite_file.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    sqlite_file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        opened(sqlite_url(sqlite_file), tables=()).ping()


def test_an_unreachable_server_never_shows_the_password(opened: Opener, tmp_path: Path) -> None:
    """Nobody listens there; the message says so without the secret."""
    url = f"postgresql://reader:hunter2@/shop?host={tmp_path}"
    with pytest.raises(TransientError, match="cannot be reached") as error:
        opened(url).ping()
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)
    assert "hunter2" not in repr(opened(url))


def test_a_database_or_role_that_does_not_exist_is_the_operators_to_correct(
    opened: Opener, postgres_url: str
) -> None:
    """The server answers, but not for this."""
    for wrong in (
        make_url(postgres_url).set(database="gone"),
        make_url(postgres_url).set(username="nobody_here"),
    ):
        with pytest.raises(ConfigurationError, match="no such database or role"):
            opened(wrong.render_as_string()).ping()


def test_the_engine_itself_refuses_what_a_broken_guard_would_let_through(
    real: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read-only holds below the guard: nothing is ever written."""
    from tools.database import engine
    from tools.database.guard import Verdict

    def blind(statement: str, **_: object) -> Verdict:
        return Verdict(allowed=True, normalized=statement)

    monkeypatch.setattr(engine, "check", blind)
    for statement in ("DELETE FROM plants", "DROP TABLE plants", "CREATE TABLE extra (a INTEGER)"):
        with pytest.raises(RejectedQuery):
            real.fetch(statement, {}, limit=5)
    monkeypatch.undo()
    assert len(real.fetch(NAMES, {}, limit=10).rows) == 4


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT word FROM secrets",
        "SELECT randomblob(1000)",
        "SELECT printf('%.*c', 1000, 'x')",
        "SELECT name FROM sqlite_master",
        "PRAGMA query_only = OFF",
        "ATTACH ':memory:' AS other",
        "SELECT * FROM pragma_table_info('plants')",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 5",
        "VACUUM INTO 'copy.db'",
        "SELECT load_extension('x')",
    ],
)
def test_sqlite_authorizes_each_statement_itself(
    opened: Opener, sqlite_file: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    """Behind a guard that allows everything, the authorizer still refuses."""
    from tools.database import engine
    from tools.database.guard import Verdict

    def blind(statement: str, **_: object) -> Verdict:
        return Verdict(allowed=True, normalized=statement)

    database = opened(sqlite_url(sqlite_file))
    database.schema()
    monkeypatch.setattr(engine, "check", blind)
    with pytest.raises(RejectedQuery):
        database.fetch(statement, {}, limit=5)


def test_every_function_of_the_guard_runs_on_sqlite(opened: Opener, sqlite_file: Path) -> None:
    """Guard and authorizer share one list: what one writes, the other lets through."""
    database = opened(sqlite_url(sqlite_file))
    statement = (
        "SELECT IFNULL(name, ''), SUBSTRING(name, 1, 2), STRFTIME('%Y', planted_on), "
        "DATE(planted_on, '+1 day'), ROUND(height, 1), INSTR(name, 'e'), TRIM(name), "
        "IIF(height > 50, 'tall', 'low'), LENGTH(name), "
        "REPLACE(name, 'Fern', 'F'), NULLIF(bed, ''), ABS(height), MAX(height, 1), "
        "LOWER(name), JULIANDAY(planted_on) "
        "FROM plants WHERE name LIKE 'F%'"
    )
    (row,) = database.fetch(statement, {}, limit=5).rows
    assert row[:8] == ("Fern", "Fe", "2025", "2025-04-02", 40.5, 2, "Fern", "low")


def test_large_and_odd_values_are_made_small(opened: Opener, tmp_path: Path) -> None:
    """Long text is cut, bytes are counted, infinities and broken text cannot hurt."""
    path = tmp_path / "odd.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE odd (long TEXT, raw BLOB, much REAL, broken TEXT)")
    connection.execute(
        "INSERT INTO odd VALUES (?, ?, ?, CAST(x'41ff42' AS TEXT))", ("x" * 5_000, b"12345", math.inf)
    )
    connection.commit()
    connection.close()
    (row,) = opened(sqlite_url(path), tables=()).fetch("SELECT * FROM odd", {}, limit=5).rows
    assert row == ("x" * 1_999 + "…", "<5 bytes>", "Infinity", "A\ufffdB")


def test_reading_values_in_one_thread_does_not_close_another(real: SqlDatabase) -> None:
    """Schema and values are shared between threads."""
    barrier = threading.Barrier(6)

    def look(number: int) -> int:
        barrier.wait()
        return len(real.values("plants", "bed", limit=3 + number % 2))

    with ThreadPoolExecutor(max_workers=6) as pool:
        assert list(pool.map(look, range(6))) == [3] * 6
