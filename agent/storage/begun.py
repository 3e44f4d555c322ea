"""Begins runs, many at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import bindparam, case, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.inserting import insert_new
from agent.storage.records import Run
from agent.storage.tables import messages, runs, threads
from tools.errors import Conflict, NotFound, PlumblineError

LONGEST_TITLE = 80


async def begin(connection: AsyncConnection, batch: Sequence[Run]) -> list[PlumblineError | None]:
    """Keep runs with their users' messages, and note the question on their threads."""
    theirs = await _threads_of(connection, batch)
    allowed = [run for run in batch if (run.thread_id, run.owner) in theirs]
    begun = await insert_new(connection, runs, [_row(run) for run in allowed])
    if kept := [run for run in allowed if run.id in begun]:
        await connection.execute(insert(messages), [_message(run) for run in kept])
        await connection.execute(_NOTE, [_note(run) for run in kept])
    return [_outcome(run, theirs, begun) for run in batch]


async def _threads_of(connection: AsyncConnection, batch: Sequence[Run]) -> set[tuple[str, str]]:
    """Return which threads are there for their owners, and see that they stay until the end."""
    wanted = tuple_(threads.c.id, threads.c.owner).in_({(run.thread_id, run.owner) for run in batch})
    # In one order, so that two processes never wait for each other.
    statement = select(threads.c.id, threads.c.owner).where(wanted).order_by(threads.c.id)
    found = await connection.execute(statement.with_for_update(key_share=True))
    return {(row.id, row.owner) for row in found}


def _outcome(run: Run, theirs: set[tuple[str, str]], begun: set[str]) -> PlumblineError | None:
    if run.id in begun:
        return None
    if (run.thread_id, run.owner) not in theirs:
        return NotFound(f"there is no thread {run.thread_id[:80]!r}; start a new one")
    return Conflict(f"thread {run.thread_id!r} has a question under way; wait for its answer, or cancel it")


def _row(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "thread_id": run.thread_id,
        "owner": run.owner,
        "question": run.question,
        "status": run.status,
        "attempts": run.attempts,
        "started": run.started,
        "site": run.site,
        "groups": run.groups,
        "attributes": run.attributes,
        "beat": datetime.now(UTC),
        "cancel": False,
    }


def _message(run: Run) -> dict[str, object]:
    return {
        "id": uuid4().hex,
        "thread_id": run.thread_id,
        "run_id": run.id,
        "role": "user",
        "content": run.question,
        "created": run.started,
    }


_NOTE = (
    update(threads)
    .where(threads.c.id == bindparam("of_thread"), threads.c.owner == bindparam("of_owner"))
    .values(
        updated=bindparam("asked"),
        title=case((threads.c.title == "", bindparam("beginning")), else_=threads.c.title),
    )
)


def _note(run: Run) -> dict[str, object]:
    return {
        "of_thread": run.thread_id,
        "of_owner": run.owner,
        "asked": run.started,
        "beginning": _title(run.question),
    }


def _title(question: str) -> str:
    """Return the beginning of a question, cut between words where it has them."""
    line = " ".join(question.split())
    if len(line) <= LONGEST_TITLE:
        return line
    words, _, _ = line[:LONGEST_TITLE].rpartition(" ")
    return f"{words if len(words) > LONGEST_TITLE // 2 else line[: LONGEST_TITLE - 1]}…"
