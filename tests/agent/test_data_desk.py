"""Asking the database alone: which way a question takes."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from agent.adapters import PinnedClock
from agent.data_desk import NO_VECTORS, Answered, DataDesk, Lookups, Unanswered
from graph.reasoning.local.sql.writer import LocalSqlWriter
from graph.reasoning.ports import Attempt
from tests.fakes import FakeEmbedder
from tests.fakes_database import FakeCatalog
from tests.fakes_graph import FakeSqlWriter, rows_of, written_of
from tools.database.engine import SqlDatabase, open_database
from tools.metering import Meter
from tools.types import Match, Principal

TODAY = date(2026, 5, 4)
COUNT = "How many boats are there?"
STATEMENT = "SELECT count(*) FROM boats"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    """Open a harbour with two boats."""
    file = tmp_path / "harbour.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE boats (name TEXT, berth INTEGER)")
        connection.executemany("INSERT INTO boats VALUES (?, ?)", [("Skiff", 3), ("Yawl", 7)])
    with closing(open_database(f"sqlite:///{file}", tables=(), deadline_seconds=5)) as opened:
        yield opened


def desk_of(
    database: SqlDatabase,
    *,
    catalog: FakeCatalog | None = None,
    writer: FakeSqlWriter | None = None,
    embedder: FakeEmbedder | None = None,
) -> DataDesk:
    return DataDesk(
        database=database,
        clock=PinnedClock(TODAY),
        meter=Meter,
        lookups=Lookups(catalog=catalog, embedder=embedder or FakeEmbedder()) if catalog else None,
        composer=LocalSqlWriter(database) if writer else None,
        writer=writer,
        repairs=1,
        most_rows=10,
    )


def writing(*statements: str) -> FakeSqlWriter:
    """Return a writer that says one statement after the other to the question."""
    return FakeSqlWriter(written={COUNT: [written_of(statement) for statement in statements]})


def catalog_of(question: str, *matches: Match) -> FakeCatalog:
    return FakeCatalog(matches={question: matches}, results={"boats": rows_of(("Skiff", 1))})


async def test_a_named_query_that_fits_is_run_and_nothing_is_written(database: SqlDatabase) -> None:
    """The writer is not even asked."""
    catalog = catalog_of(COUNT, Match(query="boats", score=0.9, parameters=(("name", "Skiff"),)))
    writer = writing(STATEMENT)
    answer = await desk_of(database, catalog=catalog, writer=writer).ask(COUNT)
    assert isinstance(answer, Answered)
    assert (answer.rows.name, len(answer.attempts)) == ("boats", 1)
    assert writer.asked == []


async def test_what_a_named_query_takes_no_account_of_is_told(database: SqlDatabase) -> None:
    """It is run, for rules cannot say the question either, but not as if it answered all of it."""
    question = "Which boats never sank?"
    catalog = catalog_of(question, Match(query="boats", score=0.9, unknown=("never", "sank")))
    answer = await desk_of(database, catalog=catalog, writer=writing()).ask(question)
    assert isinstance(answer, Answered)
    assert answer.notes == ("boats takes no account of: never, sank",)


async def test_sql_that_says_more_is_preferred_to_a_named_query(database: SqlDatabase) -> None:
    """The query knows nothing of the berth that is asked for."""
    question = "What is the average berth of the boats?"
    catalog = catalog_of(question, Match(query="boats", score=0.9, unknown=("averag", "berth")))
    writer = FakeSqlWriter(written={question: [written_of("SELECT avg(berth) FROM boats")]})
    answer = await desk_of(database, catalog=catalog, writer=writer).ask(question)
    assert isinstance(answer, Answered)
    assert (answer.rows.name, answer.rows.rows) == ("", ((5.0,),))


async def test_a_named_query_that_is_unlikely_is_not_run(database: SqlDatabase) -> None:
    """SQL is written for the question, within the row cap, and says so by its name."""
    catalog = catalog_of(COUNT, Match(query="boats", score=0.2))
    answer = await desk_of(database, catalog=catalog, writer=writing(STATEMENT)).ask(COUNT)
    assert isinstance(answer, Answered)
    assert (answer.rows.name, answer.rows.rows) == ("", ((2,),))
    assert answer.attempts == (Attempt(statement=STATEMENT),)


async def test_a_variable_is_asked_for_unless_rules_can_say_all_of_the_question(
    database: SqlDatabase,
) -> None:
    """A query that lacks a variable does not fit what can be said without it."""
    missing = Match(query="boats", score=0.9, missing=("Which boat?",))
    vague = "Where does she lie at the moment?"
    catalog = FakeCatalog(matches={COUNT: (missing,), vague: (missing,)})
    desk = desk_of(database, catalog=catalog, writer=writing(STATEMENT))
    assert await desk.ask(vague) == Unanswered(message="Which boat?")
    assert isinstance(await desk.ask(COUNT), Answered)


async def test_without_vectors_sql_is_written_and_the_answer_says_what_is_missing(
    database: SqlDatabase,
) -> None:
    """Which named query fits cannot be told."""
    embedder = FakeEmbedder()
    embedder.away = True
    catalog = catalog_of(COUNT, Match(query="boats", score=0.9))
    desk = desk_of(database, catalog=catalog, writer=writing(STATEMENT), embedder=embedder)
    answer = await desk.ask(COUNT)
    assert isinstance(answer, Answered)
    assert answer.notes == (NO_VECTORS,)
    assert catalog.questions == []


async def test_the_asker_and_the_day_are_passed_on(database: SqlDatabase) -> None:
    """To whoever looks up or writes."""
    asker = Principal(groups=frozenset({"crew"}))
    catalog = catalog_of(COUNT, Match(query="boats", score=0.1))
    writer = writing(STATEMENT)
    await desk_of(database, catalog=catalog, writer=writer).ask(COUNT, asker)
    assert catalog.questions == [(COUNT, TODAY)]
    assert writer.asked == [(COUNT, TODAY, asker, ())]


async def test_what_was_tried_in_vain_is_told(database: SqlDatabase) -> None:
    """The last reason, and what there is to ask about."""
    writer = writing("SELECT mast FROM boats", "SELECT keel FROM boats")
    answer = await desk_of(database, writer=writer).ask(COUNT)
    assert isinstance(answer, Unanswered)
    assert "keel" in answer.message
    assert "the tables boats" in answer.message
    assert [attempt.problem for attempt in answer.attempts] == ["unknown_column"] * 2


async def test_of_many_tables_a_few_are_named(database: SqlDatabase, tmp_path: Path) -> None:
    """A schema may have a thousand."""
    with closing(sqlite3.connect(tmp_path / "fleet.db")) as connection:
        tables = (f"CREATE TABLE ship{number:02} (name TEXT);" for number in range(30))
        connection.executescript("".join(tables))
    with closing(
        open_database(f"sqlite:///{tmp_path / 'fleet.db'}", tables=(), deadline_seconds=5)
    ) as opened:
        answer = await desk_of(opened, writer=writing()).ask("Who goes there?")
    assert isinstance(answer, Unanswered)
    assert "ship07 and 22 more" in answer.message
    assert "ship08" not in answer.message


async def test_questions_can_be_asked_at_the_same_time(database: SqlDatabase) -> None:
    """Each with a meter of its own."""
    desk = desk_of(database, writer=writing(*[STATEMENT] * 6))
    answers = await asyncio.gather(*(desk.ask(COUNT) for _ in range(6)))
    assert all(isinstance(answer, Answered) and answer.rows.rows == ((2,),) for answer in answers)
