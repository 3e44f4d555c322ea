"""Find rows for a question that no named query answers: write SQL, run it, have it mended, vote.

Nothing is trusted here: guard, dry run and limits are inside `Database.fetch`, and what a statement may see
is the principal's policy.
"""

import asyncio
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date

from graph.reasoning.ports import Attempt, SqlWriter, Statement
from tools.database.results import fingerprint
from tools.errors import BudgetExceeded, DeadlineExceeded, RejectedQuery, TransientError
from tools.metering import Meter
from tools.ports import Database
from tools.types import Note, Principal, Rows, Table

SPENT: Note = "The question's budget is used up; the database was not asked to the end."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of asking the database."""

    rows: Rows | None = None
    """None when nothing was understood, or nothing that was tried gave rows."""
    attempts: tuple[Attempt, ...] = ()
    """Every statement that was tried, in order."""
    shortfall: Note | None = None
    """Why less was done than was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """One statement that was run."""

    statement: Statement
    votes: int
    """Candidates that were this very statement."""
    attempt: Attempt
    rows: Rows | None = None


async def find_rows(
    question: str,
    *,
    writer: SqlWriter,
    database: Database,
    today: date,
    principal: Principal,
    meter: Meter,
    repairs: int,
    limit: int,
) -> Found:
    """Return the rows that answer a question, with everything that was tried.

    Of several candidates the result that most of them give is taken. Failed statements are handed back to
    the writer with what was wrong; a refusal once, and what no rewriting mends, such as a database that is
    away, not at all. The same statement is never run twice.

    Args:
        question: What is asked, standing alone.
        writer: Writes and mends the statements.
        database: Checks and runs them.
        today: The day that relative dates count from.
        principal: Whose question it is.
        meter: Its budget; when that is used up, what was found until then is returned.
        repairs: How often the writer may mend.
        limit: Most rows to return.

    Raises:
        PlumblineError: The database cannot tell what is in it.
    """
    rounds: list[list[_Outcome]] = []
    shortfall: Note | None = None
    try:
        async with asyncio.timeout(max(0.0, meter.budget.seconds - meter.elapsed)):
            while len(rounds) <= repairs and _can_be_mended(rounds):
                written = await writer.write(
                    question, today=today, principal=principal, failed=_attempts(rounds), meter=meter
                )
                shortfall = written.shortfall
                candidates = _untried(written.statements, rounds)
                if not candidates:
                    break
                rounds.append(await _run_all(candidates, database, principal, limit))
                if chosen := _most_agreed(rounds[-1], database.dialect):
                    return Found(rows=chosen.rows, attempts=_attempts(rounds), shortfall=shortfall)
    except (BudgetExceeded, TimeoutError):
        shortfall = SPENT
    return Found(attempts=_attempts(rounds), shortfall=shortfall)


def _can_be_mended(rounds: Sequence[Sequence[_Outcome]]) -> bool:
    """Tell whether writing again makes sense after what was tried."""
    if not rounds:
        return True
    latest, *earlier = [{one.attempt.problem for one in outcomes} - {None} for outcomes in reversed(rounds)]
    return bool(latest - {"refused"}) or (latest == {"refused"} and {"refused"} not in earlier)


def _untried(statements: Sequence[Statement], rounds: Sequence[Sequence[_Outcome]]) -> Counter[Statement]:
    """Return the candidates that were not run yet, in order, and how many candidates each of them is."""
    tried = {_text(one.statement) for outcomes in rounds for one in outcomes}
    first: dict[str, Statement] = {}
    counted: Counter[Statement] = Counter()
    for statement in statements:
        if _text(statement) not in tried:
            counted[first.setdefault(_text(statement), statement)] += 1
    return counted


async def _run_all(
    candidates: Counter[Statement], database: Database, principal: Principal, limit: int
) -> list[_Outcome]:
    return await asyncio.gather(
        *(
            asyncio.to_thread(_run, statement, votes, database, principal, limit)
            for statement, votes in candidates.items()
        )
    )


def _run(statement: Statement, votes: int, database: Database, principal: Principal, limit: int) -> _Outcome:
    """Run one statement; blocks the thread for at most the database's own deadline."""
    text, rows = _text(statement), None
    try:
        rows = _rows(statement, database.fetch(text, {}, limit=limit, principal=principal))
        attempt = Attempt(statement=text)
    except RejectedQuery as error:
        attempt = Attempt(statement=text, problem=error.problem, message=str(error))
    except DeadlineExceeded as error:
        attempt = Attempt(statement=text, problem="timeout", message=str(error))
    except TransientError as error:
        attempt = Attempt(statement=text, message=str(error))
    return _Outcome(statement=statement, votes=votes, attempt=attempt, rows=rows)


def _most_agreed(outcomes: Sequence[_Outcome], dialect: str) -> _Outcome | None:
    """Return the first candidate with the result that most candidates gave; of equal ones the earlier."""
    votes: Counter[Hashable] = Counter()
    first: dict[Hashable, _Outcome] = {}
    for one in outcomes:
        if one.rows is not None:
            result = fingerprint(one.rows, statement=one.attempt.statement, dialect=dialect)
            votes[result] += one.votes
            first.setdefault(result, one)
    return max(first.items(), key=lambda entry: votes[entry[0]])[1] if first else None


def _rows(statement: Statement, table: Table) -> Rows:
    return Rows(
        name="",
        statement=_text(statement),
        parameters=(),
        columns=table.columns,
        rows=table.rows,
        truncated=table.truncated,
        description=statement.description,
        answer=statement.answer,
        empty=statement.empty,
    )


def _attempts(rounds: Sequence[Sequence[_Outcome]]) -> tuple[Attempt, ...]:
    return tuple(one.attempt for outcomes in rounds for one in outcomes)


def _text(statement: Statement) -> str:
    return statement.text.strip().rstrip(";").rstrip()
