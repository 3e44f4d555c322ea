"""The contract of the port Database, on SQLite and PostgreSQL read through worker processes.

The tests are those of the engine itself, which the processes run.
"""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.contracts.test_database import (
    NAMES,
    READABLE,
    TABLES,
    postgres_url,
    reader_url,
    sqlite_file,
    sqlite_url,
    test_a_damaged_file_is_the_operators_to_restore,
    test_a_database_or_role_that_does_not_exist_is_the_operators_to_correct,
    test_a_hostile_value_is_only_a_value,
    test_a_locked_file_is_a_passing_fault,
    test_a_locked_table_is_a_passing_fault,
    test_a_missing_table_in_the_configuration_is_named,
    test_a_result_tells_how_the_database_went_about_it,
    test_a_statement_that_takes_too_long_is_stopped,
    test_a_view_can_be_read_without_its_tables,
    test_an_optional_parameter_may_be_null,
    test_an_unknown_column_has_no_values,
    test_an_unreachable_server_never_shows_the_password,
    test_colons_and_percent_signs_in_texts_are_not_parameters,
    test_columns_types_and_keys_are_reflected,
    test_distinct_values_come_in_order_up_to_the_limit,
    test_large_and_odd_values_are_made_small,
    test_many_threads_may_ask_at_once,
    test_more_rows_than_the_limit_are_cut_and_said,
    test_no_named_tables_means_all_of_them,
    test_only_the_configured_tables_are_in_the_schema,
    test_parameters_are_bound_by_name,
    test_refused_and_wrong_statements_are_rejected,
    test_rows_come_back_in_order_with_their_column_names,
    test_values_are_kept_for_a_while,
    test_values_become_plain_cells,
)
from tools.database.costs import MOST_COST
from tools.database.guarding.policy import AccessRule
from tools.database.worker.isolated import IsolatedDatabase, open_isolated
from tools.errors import ConfigurationError, RejectedQuery
from tools.types import Principal

__all__ = [
    "postgres_url",
    "reader_url",
    "sqlite_file",
    "test_a_damaged_file_is_the_operators_to_restore",
    "test_a_database_or_role_that_does_not_exist_is_the_operators_to_correct",
    "test_a_hostile_value_is_only_a_value",
    "test_a_locked_file_is_a_passing_fault",
    "test_a_locked_table_is_a_passing_fault",
    "test_a_missing_table_in_the_configuration_is_named",
    "test_a_result_tells_how_the_database_went_about_it",
    "test_a_statement_that_takes_too_long_is_stopped",
    "test_a_view_can_be_read_without_its_tables",
    "test_an_optional_parameter_may_be_null",
    "test_an_unknown_column_has_no_values",
    "test_an_unreachable_server_never_shows_the_password",
    "test_colons_and_percent_signs_in_texts_are_not_parameters",
    "test_columns_types_and_keys_are_reflected",
    "test_distinct_values_come_in_order_up_to_the_limit",
    "test_large_and_odd_values_are_made_small",
    "test_many_threads_may_ask_at_once",
    "test_more_rows_than_the_limit_are_cut_and_said",
    "test_no_named_tables_means_all_of_them",
    "test_only_the_configured_tables_are_in_the_schema",
    "test_parameters_are_bound_by_name",
    "test_refused_and_wrong_statements_are_rejected",
    "test_rows_come_back_in_order_with_their_column_names",
    "test_values_are_kept_for_a_while",
    "test_values_become_plain_cells",
]

Opener = Callable[..., IsolatedDatabase]


def open_one(
    url: str,
    *,
    tables: tuple[str, ...] = READABLE,
    deadline_seconds: float = 5.0,
    most_cost: float = MOST_COST,
    rules: tuple[AccessRule, ...] = (),
    workers: int = 2,
) -> IsolatedDatabase:
    """Open as the product does."""
    return open_isolated(
        url,
        workers=workers,
        memory_mb=48,
        tables=tables,
        deadline_seconds=deadline_seconds,
        most_cost=most_cost,
        rules=rules,
    )


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open databases that are closed after the test."""
    with ExitStack() as stack:
        yield lambda url, **options: stack.enter_context(closing(open_one(url, **options)))


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedDatabase]:
    """Open one for all tests that leave it as it is."""
    path = tmp_path_factory.mktemp("garden") / "plants.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    with closing(open_one(sqlite_url(path))) as database:
        yield database


@pytest.fixture(scope="module")
def on_postgres(reader_url: str) -> Iterator[IsolatedDatabase]:  # pytest passes it by name
    """Open one for all tests that leave it as it is."""
    with closing(open_one(reader_url)) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
def real(request: pytest.FixtureRequest) -> IsolatedDatabase:
    """Give each test both databases."""
    database = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(database, IsolatedDatabase)
    return database


@pytest.fixture
def database(real: IsolatedDatabase) -> IsolatedDatabase:
    """Give the tests of the port the same."""
    return real


@pytest.mark.parametrize("kind", ["missing", "text", "memory", "address", "other"])
def test_a_wrong_url_is_told_when_the_database_is_first_used(
    opened: Opener, kind: str, tmp_path: Path
) -> None:
    """Opening starts processes and waits for none; each question tells it again."""
    (tmp_path / "note.db").write_text("this is no database, but long enough", encoding="utf-8")
    url = {
        "missing": sqlite_url(tmp_path / "gone.db"),
        "text": sqlite_url(tmp_path / "note.db"),
        "memory": "sqlite:///:memory:",
        "address": "nonsense",
        "other": "mysql://reader:hunter2@localhost/shop",
    }[kind]
    database = opened(url)
    for use in (database.ping, database.schema, lambda: database.fetch(NAMES, {}, limit=1)):
        with pytest.raises(ConfigurationError, match=r"url|sqlite:///") as error:
            use()
        assert "\n" not in str(error.value)
        assert "hunter2" not in str(error.value)


def test_a_database_that_is_mended_serves_without_being_opened_again(opened: Opener, tmp_path: Path) -> None:
    """What failed once is tried again."""
    path = tmp_path / "late.db"
    database = opened(sqlite_url(path))
    with pytest.raises(ConfigurationError):
        database.ping()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    database.ping()
    assert len(database.fetch(NAMES, {}, limit=10).rows) == 4


def test_rules_and_principals_reach_the_processes(opened: Opener, sqlite_file: Path) -> None:
    """A row filter, a mask and a hidden column, for one group and not for another."""
    rules = (
        AccessRule(
            table="plants", groups=("guests",), hidden=("height",), masked=("name",), rows="bed = :bed"
        ),
    )
    database = opened(sqlite_url(sqlite_file), rules=rules)
    guest = Principal(groups=frozenset({"guests"}), attributes=(("bed", "north"),))
    statement = "SELECT plant_id, name FROM plants ORDER BY plant_id"
    assert database.fetch(statement, {}, limit=9, principal=guest).rows == ((1, None), (3, None))
    assert database.fetch(statement, {}, limit=1).rows == ((1, "Fern"),)
    columns = {
        who: [column.name for column in database.schema(principal).tables[0].columns]
        for who, principal in (("guest", guest), ("gardener", Principal()))
    }
    assert "height" not in columns["guest"]
    assert "height" in columns["gardener"]
    assert database.values("plants", "bed", limit=9, principal=guest) == ("north",)
    assert database.values("plants", "bed", limit=9) == ("east", "north", "south")


def test_a_changed_schema_is_seen_when_a_process_sees_it(opened: Opener, sqlite_file: Path) -> None:
    """The parent remembers the schema only until a reply says that there is another."""
    database = opened(sqlite_url(sqlite_file))
    before = database.schema()
    assert database.schema() is before
    with closing(sqlite3.connect(sqlite_file)) as connection:
        connection.execute("ALTER TABLE plants ADD COLUMN colour VARCHAR(9) DEFAULT 'green'")
    assert database.fetch("SELECT colour FROM plants", {}, limit=1).rows == (("green",),)
    assert [column.name for column in database.schema().tables[0].columns][-1] == "colour"


def test_a_table_that_is_gone_is_survived_also_by_the_next_process(opened: Opener, tmp_path: Path) -> None:
    """Once the database was opened, what is missing has gone and was not misspelled."""
    path = tmp_path / "shrinking.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO a VALUES (1);")
        database = opened(sqlite_url(path), tables=("a", "b"), workers=1)
        assert database.fetch("SELECT x FROM a", {}, limit=5).rows == ((1,),)
        connection.execute("DROP TABLE b")
    for process in database.pool.processes():
        os.kill(process, signal.SIGKILL)
    assert database.fetch("SELECT x FROM a", {}, limit=5).rows == ((1,),)
    with pytest.raises(RejectedQuery, match="'b'"):
        database.fetch("SELECT x FROM b", {}, limit=5)


def test_values_take_no_memory_of_the_statements(opened: Opener, tmp_path: Path) -> None:
    """However many were asked for: the parent keeps them."""
    path = tmp_path / "wordy.db"
    rows = [(number, f"{number:04}" + "x" * 900) for number in range(2_000)]
    with closing(sqlite3.connect(path)) as connection:
        for table in range(24):
            connection.execute(f"CREATE TABLE t{table} (id INTEGER PRIMARY KEY, word TEXT)")
            connection.executemany(f"INSERT INTO t{table} VALUES (?, ?)", rows)
        connection.commit()
    database = opened(sqlite_url(path), tables=(), workers=1)
    database.ping()
    before = database.pool.processes()
    for table in range(24):
        assert len(database.values(f"t{table}", "word", limit=2_000)) == 2_000
    longest = "SELECT length(group_concat(word)) FROM t0"
    assert database.fetch(longest, {}, limit=1).rows == ((2_000 * 905 - 1,),)
    assert database.pool.processes() == before


def test_values_are_found_once_for_all_whom_no_rule_tells_apart(opened: Opener, sqlite_file: Path) -> None:
    """A new one in the table shows who looked again."""
    rules = (AccessRule(table="plants", groups=("guests",), rows="bed = :bed"),)
    database = opened(sqlite_url(sqlite_file), rules=rules)
    askers = [Principal(attributes=(("name", str(number)),)) for number in range(5)]
    first = database.values("plants", "bed", limit=9)
    assert all(database.values("plants", "bed", limit=9, principal=asker) is first for asker in askers)
    north, east = (
        Principal(groups=frozenset({"guests"}), attributes=(("bed", bed),)) for bed in ("north", "east")
    )
    assert database.values("plants", "bed", limit=9, principal=north) == ("north",)
    assert database.values("plants", "bed", limit=9, principal=east) == ("east",)
