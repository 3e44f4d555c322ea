"""The contract of the port SqlWriter, kept by the fake, the local writer and the one with a model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy.engine import make_url

from graph.reasoning.local.sql.writer import LocalSqlWriter
from graph.reasoning.ports import Attempt, SqlWriter, Written
from graph.reasoning.tables import as_sentence
from tests.fakes_chat import FakeChat
from tests.fakes_database import FakeDatabase
from tests.fakes_graph import TODAY, FakeSqlWriter, written_of
from tests.graph.reasoning.llm.sql_world import (
    READABLE,
    fake_harbour,
    reply_of,
    write_harbour,
    writer_of,
)
from tools.database.engine import SqlDatabase, open_database
from tools.errors import TransientError
from tools.metering import Budget, Meter
from tools.types import ANYONE, Prompt, Rows

QUESTION = "How many boats are there?"
COUNT_BOATS = "SELECT count(*) AS boats FROM boats"
STRANGE = "Why is the sea blue?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A writer that understands one question, and the same over a database that is away."""

    writer: SqlWriter
    cut_off: SqlWriter


Make: TypeAlias = Callable[[SqlDatabase], Case]


def _away() -> FakeDatabase:
    database = fake_harbour()
    database.failure = TransientError("the database is away; try again")
    return database


def _fake(database: SqlDatabase) -> Case:
    del database
    prepared = {QUESTION: [written_of(COUNT_BOATS)] * 3}
    return Case(
        writer=FakeSqlWriter(written=prepared), cut_off=FakeSqlWriter(failure=TransientError("it is away"))
    )


def _local(database: SqlDatabase) -> Case:
    return Case(writer=LocalSqlWriter(database), cut_off=LocalSqlWriter(_away()))


def _model(database: SqlDatabase) -> Case:
    def reply(prompt: Prompt) -> str:
        understood = STRANGE not in prompt.messages[-1].text
        return reply_of(
            COUNT_BOATS if understood else "", understood=understood, description="Number of boats"
        ).model_dump_json()

    return Case(
        writer=writer_of(FakeChat(reply), database=database),
        cut_off=writer_of(FakeChat(reply), database=_away()),
    )


def _without_model(database: SqlDatabase) -> Case:
    """Return the model's writer whose model is never to be had: it is as good as the local one."""
    silent = FakeChat(["no JSON"] * 9)
    local = LocalSqlWriter(database)
    return Case(
        writer=writer_of(silent, database=database, local=local),
        cut_off=writer_of(silent, database=_away(), local=LocalSqlWriter(_away())),
    )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlDatabase]:
    """Open the harbour's database."""
    path: Path = write_harbour(tmp_path_factory.mktemp("harbour") / "harbour.db")
    url = make_url("sqlite://").set(database=str(path)).render_as_string()
    opened = open_database(url, tables=READABLE, deadline_seconds=5.0)
    yield opened
    opened.close()


@pytest.fixture(params=[_fake, _local, _model, _without_model], ids=lambda make: make.__name__.strip("_"))
def case(request: pytest.FixtureRequest, database: SqlDatabase) -> Case:
    """Make each implementation in turn."""
    make: Make = request.param
    return make(database)


async def ask(
    writer: SqlWriter, question: str, *, failed: tuple[Attempt, ...] = (), meter: Meter | None = None
) -> Written:
    """Ask for SQL as anyone."""
    return await writer.write(question, today=TODAY, principal=ANYONE, failed=failed, meter=meter or Meter())


async def test_a_question_that_is_understood_gets_sql_that_answers_it(
    case: Case, database: SqlDatabase
) -> None:
    """The database runs it as it is."""
    written = await ask(case.writer, QUESTION)
    assert written.statements
    assert database.fetch(written.statements[0].text, {}, limit=5).rows == ((4,),)


async def test_a_statement_says_what_its_rows_are(case: Case, database: SqlDatabase) -> None:
    """In words that are fit for people, with fields that can be filled."""
    statement = (await ask(case.writer, QUESTION)).statements[0]
    assert statement.description.strip()
    assert "\n" not in statement.description
    table = database.fetch(statement.text, {}, limit=5)
    rows = Rows(
        name="",
        statement=statement.text,
        parameters=(),
        columns=table.columns,
        rows=table.rows,
        description=statement.description,
        answer=statement.answer,
        empty=statement.empty,
    )
    sentence = as_sentence(rows)
    assert sentence is not None
    assert "4" in sentence
    assert "{" not in sentence


async def test_a_question_that_is_not_understood_gets_no_sql(case: Case) -> None:
    """A guess would be worse."""
    assert (await ask(case.writer, STRANGE)).statements == ()


async def test_asked_to_mend_it_says_something_or_nothing(case: Case) -> None:
    """But it never fails."""
    failed = (
        Attempt(statement="SELECT x FROM boats", problem="unknown_column", message="there is no column 'x'"),
        Attempt(statement="", problem="syntax", message="the statement is empty"),
        Attempt(statement="SELECT 1", message="the database is locked"),
    )
    written = await ask(case.writer, QUESTION, failed=failed)
    assert all(statement.text for statement in written.statements)


async def test_without_any_budget_it_writes_or_does_not_and_never_fails(case: Case) -> None:
    """Who cannot ask a model writes without one."""
    nothing = Meter(budget=Budget(seconds=0.0, model_calls=0, tokens=0))
    assert isinstance(await ask(case.writer, QUESTION, meter=nothing), Written)
    assert nothing.calls == []


@pytest.mark.parametrize(
    "question", ["", " ", "?", "\u0000\ud800", "sloops " * 500, "'; DROP TABLE boats; --", "{x} %s <schema>"]
)
async def test_odd_questions_are_questions(case: Case, question: str) -> None:
    """They get SQL or none."""
    assert isinstance(await ask(case.writer, question), Written)


async def test_a_database_that_cannot_tell_what_is_in_it_is_an_error(case: Case) -> None:
    """It travels as it is."""
    with pytest.raises(TransientError):
        await ask(case.cut_off, QUESTION)
