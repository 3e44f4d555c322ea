"""The loop that finds rows: run, mend, vote, and stop in time."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import pytest

from graph.querying import SPENT, Found, find_rows
from graph.reasoning.ports import Attempt, SqlWriter, Statement, Written
from tests.fakes_graph import TODAY, FakeSqlWriter, written_of
from tools.errors import (
    BudgetExceeded,
    ConfigurationError,
    DeadlineExceeded,
    PlumblineError,
    Problem,
    RejectedQuery,
    TransientError,
)
from tools.metering import Budget, Meter
from tools.types import ANYONE, Cell, Principal, Table

Results: TypeAlias = Mapping[str, Table | PlumblineError]
"""What each statement gives or raises."""
QUESTION = "How many kettles are there?"
CLERK = Principal(groups=frozenset({"clerks"}))
ONE = Table(columns=("n",), rows=((1,),))
TWO = Table(columns=("n",), rows=((2,),))


@dataclass(slots=True, kw_only=True)
class ScriptedDatabase:
    """Gives what is prepared for each statement; the port `Database`."""

    results: Results
    dialect: str = "sqlite"
    ran: list[tuple[str, int, Principal]] = field(default_factory=list)
    together: threading.Barrier | None = None
    """Statements wait here for one another when set."""
    begun: threading.Event = field(default_factory=threading.Event)

    def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Cell],
        *,
        limit: int,
        principal: Principal = ANYONE,
    ) -> Table:
        """Return or raise what is prepared."""
        assert not parameters
        self.ran.append((statement, limit, principal))
        self.begun.set()
        if self.together is not None:
            self.together.wait(timeout=5)
        result = self.results[statement]
        if isinstance(result, PlumblineError):
            raise result
        return result

    def ping(self) -> None:
        """Always be there."""

    def close(self) -> None:
        """Hold nothing."""

    @property
    def statements(self) -> list[str]:
        """Return what was run, in order."""
        return [statement for statement, _, _ in self.ran]


def rejected(problem: Problem) -> RejectedQuery:
    """Return a typed error."""
    return RejectedQuery(f"this is {problem}", problem)


async def found(
    writer: SqlWriter, database: ScriptedDatabase, *, repairs: int = 2, meter: Meter | None = None
) -> Found:
    """Ask the question."""
    return await find_rows(
        QUESTION,
        writer=writer,
        database=database,
        today=TODAY,
        principal=CLERK,
        meter=meter or Meter(),
        repairs=repairs,
        limit=50,
    )


def writes(*rounds: Written) -> FakeSqlWriter:
    """Return a writer that says this, one after the other."""
    return FakeSqlWriter(written={QUESTION: list(rounds)})


async def test_rows_carry_the_statement_and_the_words_of_who_wrote_it() -> None:
    """Nothing else is made up; the limit and the asker reach the database."""
    statement = Statement(text=" SELECT 1; ", description="Kettles", answer="There are {n}.", empty="None.")
    database = ScriptedDatabase(results={"SELECT 1": Table(columns=("n",), rows=((1,),), truncated=True)})
    result = await found(writes(Written(statements=(statement,), shortfall="Locally.")), database)
    assert result.rows is not None
    assert (result.rows.name, result.rows.statement, result.rows.parameters) == ("", "SELECT 1", ())
    assert (result.rows.columns, result.rows.rows, result.rows.truncated) == (("n",), ((1,),), True)
    assert (result.rows.description, result.rows.answer, result.rows.empty) == (
        "Kettles",
        "There are {n}.",
        "None.",
    )
    assert result.attempts == (Attempt(statement="SELECT 1"),)
    assert result.shortfall == "Locally."
    assert database.ran == [("SELECT 1", 50, CLERK)]


async def test_no_statement_is_no_rows() -> None:
    """A question that is not understood is not tried."""
    result = await found(writes(Written(shortfall="Away.")), ScriptedDatabase(results={}))
    assert result == Found(shortfall="Away.")


@pytest.mark.parametrize(
    "problem",
    ["syntax", "unknown_table", "unknown_column", "ambiguous", "type", "parameters", "too_expensive"],
)
async def test_a_statement_that_is_wrong_is_handed_back_with_what_is_wrong(problem: Problem) -> None:
    """And the next one may answer."""
    writer = writes(written_of("a"), written_of("b"))
    result = await found(writer, ScriptedDatabase(results={"a": rejected(problem), "b": ONE}))
    failure = Attempt(statement="a", problem=problem, message=f"this is {problem}")
    assert writer.asked == [(QUESTION, TODAY, CLERK, ()), (QUESTION, TODAY, CLERK, (failure,))]
    assert result.attempts == (failure, Attempt(statement="b"))
    assert result.rows is not None
    assert result.rows.rows == ((1,),)


async def test_what_runs_too_long_is_mended_too() -> None:
    """A smaller query may be quick enough."""
    slow = DeadlineExceeded("it took longer than 5 s")
    result = await found(
        writes(written_of("a"), written_of("b")), ScriptedDatabase(results={"a": slow, "b": ONE})
    )
    assert [attempt.problem for attempt in result.attempts] == ["timeout", None]
    assert result.rows is not None


@pytest.mark.parametrize("repairs", [0, 1, 2])
async def test_no_more_repairs_are_asked_for_than_allowed(repairs: int) -> None:
    """All that was tried is told."""
    writer = writes(*(written_of(text) for text in "abcd"))
    result = await found(
        writer,
        ScriptedDatabase(results=dict.fromkeys("abcd", rejected("unknown_column"))),
        repairs=repairs,
    )
    assert result.rows is None
    assert [attempt.statement for attempt in result.attempts] == list("abcd")[: repairs + 1]
    assert len(writer.asked) == repairs + 1


async def test_a_refusal_is_repaired_once() -> None:
    """Who is refused twice does not want what may be had."""
    writer = writes(*(written_of(text) for text in "abc"))
    result = await found(writer, ScriptedDatabase(results=dict.fromkeys("abc", rejected("refused"))))
    assert [attempt.statement for attempt in result.attempts] == ["a", "b"]


async def test_a_refusal_between_other_problems_is_repaired() -> None:
    """It is the first one."""
    results: Results = {"a": rejected("type"), "b": rejected("refused"), "c": ONE}
    result = await found(writes(*(written_of(text) for text in "abc")), ScriptedDatabase(results=results))
    assert [attempt.problem for attempt in result.attempts] == ["type", "refused", None]


async def test_a_database_that_is_away_ends_it_at_once() -> None:
    """No other words would help; the reason is told, and it is not the statement."""
    writer = writes(written_of("a"), written_of("b"))
    result = await found(writer, ScriptedDatabase(results={"a": TransientError("it is locked; try again")}))
    assert result.rows is None
    assert result.attempts == (Attempt(statement="a", message="it is locked; try again"),)
    assert len(writer.asked) == 1


async def test_the_same_statement_is_never_run_twice() -> None:
    """Who insists is not asked a third time."""
    writer = writes(written_of("a"), written_of(" a ;"), written_of("b"))
    database = ScriptedDatabase(results={"a": rejected("unknown_table"), "b": ONE})
    result = await found(writer, database)
    assert database.statements == ["a"]
    assert len(writer.asked) == 2
    assert result.rows is None


async def test_candidates_run_side_by_side() -> None:
    """Each waits for the others in the database."""
    database = ScriptedDatabase(
        results={"SELECT 1": ONE, "SELECT 2": TWO, "SELECT 3": ONE}, together=threading.Barrier(3)
    )
    result = await found(writes(written_of("SELECT 1", "SELECT 2", "SELECT 3")), database)
    assert result.rows is not None
    assert len(result.attempts) == 3


ROWS = (("Moor", 1), ("Fen", 2))
VOTES: dict[str, tuple[Sequence[str], Results, str]] = {
    "the result that most give wins": (
        ["SELECT a", "SELECT b", "SELECT c"],
        {"SELECT a": ONE, "SELECT b": TWO, "SELECT c": TWO},
        "SELECT b",
    ),
    "of equal ones the earlier wins": (
        ["SELECT a", "SELECT b"],
        {"SELECT a": ONE, "SELECT b": TWO},
        "SELECT a",
    ),
    "a candidate written twice counts twice": (
        ["SELECT a", "SELECT b", "SELECT b;"],
        {"SELECT a": ONE, "SELECT b": TWO},
        "SELECT b",
    ),
    "a failed candidate has no vote": (
        ["SELECT a", "SELECT b", "SELECT c"],
        {"SELECT a": rejected("type"), "SELECT b": rejected("type"), "SELECT c": ONE},
        "SELECT c",
    ),
    "names and order of columns do not matter": (
        ["SELECT x", "SELECT a", "SELECT b"],
        {
            "SELECT x": ONE,
            "SELECT a": Table(columns=("name", "n"), rows=ROWS),
            "SELECT b": Table(columns=("c", "who"), rows=tuple((n, name) for name, n in ROWS)),
        },
        "SELECT a",
    ),
    "without ORDER BY the order of rows does not matter": (
        ["SELECT x", "SELECT a", "SELECT b"],
        {
            "SELECT x": ONE,
            "SELECT a": Table(columns=("name", "n"), rows=ROWS),
            "SELECT b": Table(columns=("name", "n"), rows=ROWS[::-1]),
        },
        "SELECT a",
    ),
    "with ORDER BY it does": (
        ["SELECT a FROM t ORDER BY 1", "SELECT a FROM t ORDER BY 2", "SELECT b FROM t ORDER BY 2"],
        {
            "SELECT a FROM t ORDER BY 1": Table(columns=("name", "n"), rows=ROWS),
            "SELECT a FROM t ORDER BY 2": Table(columns=("name", "n"), rows=ROWS[::-1]),
            "SELECT b FROM t ORDER BY 2": Table(columns=("name", "n"), rows=ROWS[::-1]),
        },
        "SELECT a FROM t ORDER BY 2",
    ),
}


@pytest.mark.parametrize("case", VOTES)
async def test_candidates_vote_by_their_results(case: str) -> None:
    """The first statement of the largest group is the answer's."""
    statements, results, expected = VOTES[case]
    result = await found(writes(written_of(*statements)), ScriptedDatabase(results=results))
    assert result.rows is not None
    assert result.rows.statement == expected
    assert len(result.attempts) == len(results)


async def test_when_all_candidates_fail_all_are_handed_back() -> None:
    """The repair knows everything that was tried."""
    writer = writes(written_of("a", "b"), written_of("c"))
    results: Results = {"a": rejected("type"), "b": TransientError("busy"), "c": ONE}
    result = await found(writer, ScriptedDatabase(results=results))
    assert [attempt.statement for attempt in writer.asked[1][3]] == ["a", "b"]
    assert result.rows is not None


class SlowWriter(FakeSqlWriter):
    """Thinks for ever when it is to mend."""

    async def write(
        self, question: str, *, today: date, principal: Principal, failed: Sequence[Attempt], meter: Meter
    ) -> Written:
        """Answer at once the first time."""
        if failed:
            await asyncio.Event().wait()
        return written_of("a")


async def test_when_the_time_is_up_what_was_tried_is_returned() -> None:
    """With a note that says so."""
    database = ScriptedDatabase(results={"a": rejected("type")})
    result = await found(SlowWriter(), database, meter=Meter(budget=Budget(seconds=0.05)))
    assert result == Found(
        attempts=(Attempt(statement="a", problem="type", message="this is type"),), shortfall=SPENT
    )


async def test_a_budget_that_is_used_up_ends_it_with_a_note() -> None:
    """A writer that has nothing to fall back on says so by its error."""
    writer = FakeSqlWriter(failure=BudgetExceeded("model_calls", "used up"))
    assert await found(writer, ScriptedDatabase(results={})) == Found(shortfall=SPENT)


async def test_a_database_that_cannot_tell_what_is_in_it_is_an_error() -> None:
    """The graph has a branch for it."""
    writer = FakeSqlWriter(failure=ConfigurationError("there is no table"))
    with pytest.raises(ConfigurationError):
        await found(writer, ScriptedDatabase(results={}))


async def test_a_cancelled_search_ends_at_once_and_asks_no_more() -> None:
    """Although the statement under way ends in its own time, in its thread."""
    gate = threading.Barrier(2)
    writer = writes(written_of("a"), written_of("b"))
    database = ScriptedDatabase(results={"a": rejected("type"), "b": ONE}, together=gate)
    task = asyncio.create_task(found(writer, database))
    await asyncio.to_thread(database.begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(gate.wait, 5)
    assert database.statements == ["a"]
    assert len(writer.asked) == 1
