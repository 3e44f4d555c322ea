"""Hostile and benign statements on a real SQLite file: through the engine, and past the guard."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from tests.tools.database.corpora import (
    CANARY,
    PARAMETERS,
    READABLE,
    SHOP,
    TELLTALES,
    definitions,
    files_to_be_written,
    statements,
    typed_in,
    unescaped,
)
from tools.database.engine import SqlDatabase, open_database
from tools.database.guard import check
from tools.errors import PlumblineError

HOSTILE = statements("hostile", "sqlite")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write the shop into a file."""
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(definitions())
    return path


@pytest.fixture
def database(file: Path) -> Iterator[SqlDatabase]:
    """Open the shop as the tool does."""
    opened = open_database(f"sqlite:///{file}", tables=READABLE, deadline_seconds=2.0)
    yield opened
    opened.close()


def state(file: Path) -> tuple[str, list[str], dict[str, bool]]:
    """Return what any write would change: the file, its folder, and the files statements speak of."""
    digest = sha256(file.read_bytes()).hexdigest()
    return digest, sorted(path.name for path in file.parent.iterdir()), files_to_be_written()


def results(database: SqlDatabase, lines: list[str]) -> dict[str, str]:
    """Run statements through the engine; return what came back, by statement."""
    found = {}
    for line in lines:
        with suppress(PlumblineError):
            found[line] = repr(database.fetch(line, PARAMETERS, limit=50))
    return found


def test_the_canary_would_be_seen_if_it_were_read(file: Path) -> None:
    """The search for it is able to find it."""
    everything = open_database(f"sqlite:///{file}", tables=(), deadline_seconds=2.0)
    assert CANARY in repr(everything.fetch("SELECT word FROM secrets", {}, limit=5))
    everything.close()


def test_no_hostile_statement_gets_through_the_engine(database: SqlDatabase, file: Path) -> None:
    """None writes, none reads the canary, and only those marked as harmless give rows at all."""
    before = state(file)
    found = results(database, [unescaped(line) for line in HOSTILE])
    assert state(file) == before
    assert not [line for line, text in found.items() if any(telltale in text for telltale in TELLTALES)]
    assert set(found) == {unescaped(line) for line in HOSTILE if line.startswith("harmless|")}


def test_past_the_guard_the_handle_still_writes_nothing_and_hides_the_canary(
    database: SqlDatabase, file: Path
) -> None:
    """The second layer alone lets some statements read what may be read, and nothing else."""
    before = state(file)
    source = database.source
    ran: list[str] = []
    for line in HOSTILE:
        with closing(source.connect()) as connection, source.reading(connection, SHOP):
            try:
                rows = connection.execute(unescaped(line)).fetchmany(1_000)
            except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError):
                continue
        ran.append(line)
        assert not any(telltale in repr(rows) for telltale in TELLTALES), line
    assert state(file) == before
    assert 0 < len(ran) < 0.25 * len(HOSTILE), ran


def test_every_benign_statement_runs_and_some_give_rows(database: SqlDatabase) -> None:
    """What analysts and language models write is neither refused nor broken by being written anew."""
    lines = statements("benign", "sqlite")
    assert set(results(database, lines)) == set(lines)


def test_what_people_type_into_forms_reads_nothing_it_may_not(database: SqlDatabase, file: Path) -> None:
    """As a statement, as a text and as a number inside one; the public collection is not copied here."""
    lines = typed_in()
    if not lines:
        pytest.skip("the collection is not beside the repository (../shared/data/injection/sqli)")
    before = state(file)
    for frame in (
        "{}",
        "SELECT name FROM customers WHERE name = '{}'",
        "SELECT name FROM customers LIMIT {}",
    ):
        found = results(database, [frame.format(line) for line in lines])
        assert not [line for line, text in found.items() if any(telltale in text for telltale in TELLTALES)]
    assert state(file) == before


def test_what_people_type_into_forms_is_no_postgres_statement_over_other_tables() -> None:
    """The guard alone, in the other dialect: whatever it allows names known tables."""
    lines = typed_in()
    if not lines:
        pytest.skip("the collection is not beside the repository (../shared/data/injection/sqli)")
    for frame in ("{}", "SELECT name FROM customers WHERE name = '{}'"):
        for line in lines:
            verdict = check(frame.format(line), dialect="postgres", schema=SHOP, max_rows=5)
            again = check(verdict.normalized or "", dialect="postgres", schema=SHOP, max_rows=5)
            assert verdict.allowed is again.allowed
