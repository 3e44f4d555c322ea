"""Query bombs against a worker without a guard: a sample here, all of them in `python -m bench bombs`."""

import time
from collections.abc import Iterator
from contextlib import closing, suppress

import psycopg
import pytest

from tests.postgres_server import PostgresMissing, postgres_server
from tests.tools.database.worker.bombs import BOMBS
from tests.tools.database.worker.opened import fill_server, open_program, write_items
from tools.database.worker.isolated import IsolatedDatabase
from tools.errors import DeadlineExceeded, PlumblineError, TransientError

SECONDS = 0.2
SAMPLES = {
    "sqlite": (
        "two-way sort",
        "doubling text",
        "chain of replacements",
        "long list",
        "padding to a precision",
        "search in zeros",
        "one big text in many rows",
        "array of an endless text",
    ),
    "postgres": ("sleep", "repeated text", "growing document", "greedy expression", "sorted series"),
}
AT_WORK = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedDatabase]:
    """Open a file of items without a guard."""
    with closing(
        open_program(write_items(tmp_path_factory.mktemp("bombs")), deadline_seconds=SECONDS)
    ) as one:
        yield one


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run a PostgreSQL with the items."""
    try:
        with postgres_server() as url:
            fill_server(url)
            yield url
    except PostgresMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def on_postgres(server: str) -> Iterator[IsolatedDatabase]:
    """Open its database without a guard."""
    with closing(open_program(server, deadline_seconds=SECONDS)) as database:
        yield database


def count(database: IsolatedDatabase) -> object:
    """Ask what any sound process can answer, until one is there."""
    for _ in range(100):
        try:
            return database.fetch("SELECT COUNT(*) FROM items", {}, limit=1).rows[0][0]
        except TransientError:
            time.sleep(0.05)
    raise AssertionError("no process answers")


def survive(database: IsolatedDatabase, bomb: str) -> None:
    """Throw a bomb: it may be answered or fail, but the next question is answered."""
    with suppress(PlumblineError):
        assert len(database.fetch(bomb, {}, limit=20).rows) <= 20
    assert count(database) == 5_000


@pytest.mark.parametrize("bombs", BOMBS.values(), ids=BOMBS.keys())
def test_there_are_enough_bombs_for_each_database(bombs: dict[str, str]) -> None:
    """Forty, all different."""
    assert len(set(bombs.values())) >= 40


@pytest.mark.parametrize("name", SAMPLES["sqlite"])
def test_a_worker_for_sqlite_outlives_its_bombs(on_sqlite: IsolatedDatabase, name: str) -> None:
    """Or another takes its place."""
    survive(on_sqlite, BOMBS["sqlite"][name])


@pytest.mark.parametrize("name", SAMPLES["postgres"])
def test_a_worker_for_postgres_outlives_its_bombs(on_postgres: IsolatedDatabase, name: str) -> None:
    """Or another takes its place."""
    survive(on_postgres, BOMBS["postgres"][name])


def test_no_session_stays_at_work_on_the_server_after_the_deadline(server: str) -> None:
    """The server ends the statement itself, and the session goes with the process."""
    with closing(open_program(server, deadline_seconds=SECONDS)) as database:
        count(database)
        for bomb in ("SELECT pg_sleep(600)", "SELECT COUNT(*) FROM items a, items b, items c, items d"):
            with pytest.raises(DeadlineExceeded):
                database.fetch(bomb, {}, limit=1)
    with psycopg.connect(server, autocommit=True) as connection:
        for _ in range(100):
            if connection.execute(AT_WORK).fetchone() == (0,):
                return
            time.sleep(0.05)
    raise AssertionError("a session is still there")
