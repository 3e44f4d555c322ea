"""Questions that no named query answers, through the whole graph, by rules alone and for real."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.answer import RowsQuote
from agent.assistant import open_session
from agent.bootstrap import open_library
from agent.session import Session
from agent.settings import load
from tools.types import Principal

TABLES = """
CREATE TABLE harbours (harbour_id INTEGER PRIMARY KEY, name TEXT, country TEXT);
CREATE TABLE boats (boat_id INTEGER PRIMARY KEY, name TEXT, length REAL, built INTEGER,
  harbour_id INTEGER REFERENCES harbours(harbour_id));
INSERT INTO harbours VALUES (1,'Ostend','Belgium'),(2,'Vlissingen','Netherlands'),(3,'Dover','England');
INSERT INTO boats VALUES (1,'Petrel',9.5,2001,1),(2,'Skua',12.0,1988,1),(3,'Tern',7.2,2015,2),
  (4,'Gannet',15.1,1979,1),(5,'Auk',6.0,2020,3);
"""
CONFIGURATION = """
[database]
url = "sqlite:///boats.db"
description = "Boats and the harbours they lie in"

[[database.queries]]
name = "boats_of_harbour"
description = "Boats that lie in a harbour"
examples = ["Which boats lie in Ostend?", "Boats in Dover", "What lies in the harbour of Vlissingen?"]
statement = "SELECT b.name FROM boats b JOIN harbours h USING (harbour_id) WHERE h.name = :harbour ORDER BY 1"
parameters.harbour = { kind = "value", column = "harbours.name", ask = "Which harbour?" }

[[database.access]]
table = "boats"
rows = "built > 1980"
"""


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an installation that is a database and nothing else."""
    folder = tmp_path_factory.mktemp("harbour")
    with closing(sqlite3.connect(folder / "boats.db")) as connection:
        connection.executescript(TABLES)
    (folder / "plumbline.toml").write_text(CONFIGURATION, encoding="utf-8")
    return folder / "plumbline.toml"


@pytest.fixture(scope="module")
async def harbour(configuration: Path) -> AsyncIterator[Session]:
    """Open it."""
    with open_library(load(configuration)) as library:
        async with open_session(library) as session:
            yield session


async def test_a_database_alone_is_enough(harbour: Session) -> None:
    """The answer is a sentence, and the cell it comes from is cited with its statement."""
    answer = await harbour.ask("How many harbours are there?")
    assert answer.status == "answered"
    assert "3" in answer.answer
    (rows,) = answer.citations
    assert isinstance(rows, RowsQuote)
    assert "COUNT" in rows.statement.upper()
    assert rows.rows == [[3]]
    assert rows.cells == [(0, rows.columns[0])]


async def test_what_the_asker_may_not_see_does_not_count(harbour: Session) -> None:
    """One boat is older than anybody in particular may see: it is counted for nobody."""
    answer = await harbour.ask("How many boats are there?", principal=Principal())
    assert "4" in answer.answer


async def test_a_named_query_that_fits_is_run_instead(harbour: Session) -> None:
    """Whoever foresaw the question knows best."""
    answer = await harbour.ask("Which boats lie in Dover?")
    (rows,) = answer.citations
    assert isinstance(rows, RowsQuote)
    assert rows.rows == [["Auk"]]
    assert "USING" in rows.statement


async def test_a_ranking_can_be_drawn(harbour: Session) -> None:
    """A table, and a hint how to draw it."""
    answer = await harbour.ask("Show the name and length of all boats sorted by length in descending order.")
    (rows,) = answer.citations
    assert isinstance(rows, RowsQuote)
    assert [row[0] for row in rows.rows] == ["Skua", "Petrel", "Tern", "Auk"]
    assert rows.chart is not None
    assert (rows.chart.kind, rows.chart.label, rows.chart.value) == ("bar", "name", "length")
    assert "highest: Skua" in answer.answer


async def test_what_is_not_understood_is_not_guessed(harbour: Session) -> None:
    """No rows, no claim."""
    answer = await harbour.ask("Which boats would suit a family that is afraid of storms?")
    assert answer.status in ("unanswerable", "declined")
    assert answer.citations == []
