"""How much text a statement would gather on PostgreSQL, and that too much is refused."""

from pathlib import Path

import pytest

from tests.database_places import Opener, Place
from tools.database.postgres.gathering import gathered_bytes
from tools.database.postgres.source import PostgresSource
from tools.errors import RejectedQuery

NUMBERS = """
CREATE TABLE big (id integer, t text);
INSERT INTO big SELECT i, 't' || i FROM generate_series(1, 6000) AS i;
CREATE TABLE beds (id integer, name text);
INSERT INTO beds SELECT i, 'bed ' || i % 20 FROM generate_series(1, 20000) AS i;
CREATE TABLE few AS SELECT generate_series(1, 6) AS id;
ANALYZE;
"""
LONG = "'" + "x" * 300 + "'"


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT string_agg({LONG}, ',') FROM big a, big b WHERE a.id < 1000",
        f"SELECT length(string_agg({LONG}, ',')) FROM big a, big b WHERE a.id < 1000",
        f"SELECT string_agg(s, ',') FROM (SELECT {LONG} || a.t AS s FROM big a, big b WHERE a.id < 900) q",
        f"WITH q (s) AS (SELECT {LONG} FROM big a, big b WHERE a.id < 900) SELECT string_agg(s, '') FROM q",
        "SELECT string_agg(a.t || b.t, ',') FROM big a, big b WHERE a.t || b.t LIKE '%t%' AND a.id < 4000",
        "SELECT string_agg(a.t, ',') FROM big a, big b WHERE a.t || '' LIKE '%t%' AND b.t || '' LIKE '%t%'",
        f"SELECT string_agg(x, ',') FROM (SELECT string_agg({LONG}, ',') AS x FROM big) q, big",
        f"SELECT length(string_agg({LONG}, ',') OVER (ORDER BY a.id)) FROM big a, big b WHERE a.id < 1000",
    ],
)
def test_too_much_text_is_refused_before_it_is_put_together(
    gathering: tuple[Place, Opener], statement: str
) -> None:
    """However it is hidden."""
    place, opened = gathering
    with pytest.raises(RejectedQuery) as error:
        opened(place).fetch(statement, {}, limit=5)
    assert error.value.problem == "too_expensive"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT string_agg(t, ', ' ORDER BY id) FROM big",
        "SELECT name, length(string_agg(cast(id AS text), ',')) FROM beds GROUP BY name",
        "SELECT beds.name, length(string_agg(big.t, ',')) FROM beds JOIN big ON big.id = beds.id "
        "WHERE big.t LIKE 't1%' GROUP BY beds.name",
        "SELECT count(*) FROM big a, big b WHERE a.id < 1000",
    ],
)
def test_what_people_ask_for_is_gathered(gathering: tuple[Place, Opener], statement: str) -> None:
    """Thousands of names make a list."""
    place, opened = gathering
    assert opened(place).fetch(statement, {}, limit=50).rows


@pytest.fixture
def gathering(postgres: Place, opened: Opener) -> tuple[Place, Opener]:
    """Fill an empty database."""
    postgres.run(NUMBERS)
    return postgres, opened


def test_what_is_let_through_does_not_take_much_memory_of_the_server(postgres: Place) -> None:
    """The most that passes, measured in the process that runs it."""
    postgres.run(NUMBERS)
    source = PostgresSource(address=postgres.url, place="test", tables_wanted=(), deadline_seconds=30)
    statement = f"SELECT length(string_agg({LONG}, ',')) FROM big, few"
    with source.connect() as connection:
        status = Path(f"/proc/{connection.info.backend_pid}/status")
        if not status.exists():
            pytest.skip("the server's memory cannot be seen here")
        source.begin(connection)
        before = _peak(status)
        plan = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode(), binary=True).fetchone()
        assert plan is not None
        estimated = gathered_bytes(plan[0][0]["Plan"], statement, {})
        assert 8_000_000 < estimated < 12_000_000
        connection.execute(statement.encode())
        assert _peak(status) - before < 64_000


def _peak(status: Path) -> int:
    """Return the most kilobytes that a process ever held."""
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])
