"""Threads and their messages."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.answer import Answer
from agent.storage.cursors import check_limit, moment_cursor, place_cursor, read_moment, read_place
from agent.storage.database import Database
from agent.storage.forgetting import forget_threads
from agent.storage.inserting import insert_new
from agent.storage.records import Earlier, Feedback, Message, Page, Thread
from agent.storage.scrubbing import Scrubber, note_deletion
from agent.storage.tables import feedback, messages, runs, threads
from tools.errors import Conflict, NotFound, PlumblineError

_Row = Row[Any]  # Any: a row of several columns


class Threads:
    """Keeps conversations, each for its owner alone."""

    def __init__(self, database: Database, scrubber: Scrubber) -> None:
        """Use `open_storage`."""
        self._database = database
        self._scrubber = scrubber

    async def create(self, thread: Thread, *, listed: bool = True) -> None:
        """Keep a new thread.

        Args:
            thread: Without messages yet.
            listed: Whether `page` shows it.

        Raises:
            Conflict: There is one with this id.
        """
        await self._database.write(_create, (thread, listed))

    async def get(self, thread_id: str, *, owner: str) -> Thread:
        """Return one thread.

        Raises:
            NotFound: There is none of this owner's.
        """
        statement = select(threads).where(threads.c.id == thread_id, threads.c.owner == owner)
        found = await self._database.read(statement, _thread)
        if not found:
            raise _unknown(thread_id)
        return found[0]

    async def page(self, owner: str, *, cursor: str | None, limit: int) -> Page[Thread]:
        """Return an owner's threads, the latest used first.

        Raises:
            InvalidInput: The cursor is none, or the limit is out of range.
        """
        check_limit(limit)
        statement = (
            select(threads)
            .where(threads.c.owner == owner, threads.c.listed)
            .order_by(threads.c.updated.desc(), threads.c.id.desc())
            .limit(limit + 1)
        )
        if cursor is not None:
            statement = statement.where(tuple_(threads.c.updated, threads.c.id) < read_moment(cursor))
        found = await self._database.read(statement, _thread)
        items, more = found[:limit], len(found) > limit
        return Page(items=items, next=moment_cursor(items[-1].updated, items[-1].id) if more else None)

    async def messages(self, thread_id: str, *, owner: str, cursor: str | None, limit: int) -> Page[Message]:
        """Return a thread's messages, the oldest first.

        Raises:
            NotFound: There is no such thread of this owner's.
            InvalidInput: The cursor is none, or the limit is out of range.
        """
        check_limit(limit)
        after = -1 if cursor is None else read_place(cursor)
        answered = and_(runs.c.id == messages.c.run_id, messages.c.role == "assistant")
        statement = (
            select(messages, runs.c.answer, feedback.c.thumb, feedback.c.reason, feedback.c.correction)
            .add_columns(feedback.c.created.label("rated"))
            .join(threads, threads.c.id == messages.c.thread_id)
            .outerjoin(runs, answered)
            .outerjoin(feedback, feedback.c.run_id == runs.c.id)
            .where(threads.c.id == thread_id, threads.c.owner == owner, messages.c.place > after)
            .order_by(messages.c.place)
            .limit(limit + 1)
        )
        found = await self._database.read(statement, lambda row: (row.place, _message(row)))
        if not found:
            await self.get(thread_id, owner=owner)
        items = [message for _, message in found[:limit]]
        return Page(items=items, next=place_cursor(found[limit - 1][0]) if len(found) > limit else None)

    async def delete(self, thread_id: str, *, owner: str) -> None:
        """Delete a thread with everything that belongs to it; in SQLite's files nothing of it is left.

        The recordings of its runs go as well, those included that are handed over later.

        Raises:
            NotFound: There is none of this owner's.
        """
        await self._database.write(_delete, (thread_id, owner))
        await self._scrubber.scrub()

    async def continued(self, owner: str, fingerprint: str) -> Thread | None:
        """Return the owner's thread that was marked so, the latest of them; None when there is none."""
        statement = (
            select(threads)
            .where(threads.c.owner == owner, threads.c.fingerprint == fingerprint)
            .order_by(threads.c.updated.desc(), threads.c.id.desc())
            .limit(1)
        )
        found = await self._database.read(statement, _thread)
        return found[0] if found else None

    async def mark(self, thread_id: str, fingerprint: str) -> None:
        """Mark a thread, so that what continues it can be recognised; a new mark replaces the old."""
        await self._database.write(_mark, (thread_id, fingerprint))


async def _create(
    connection: AsyncConnection, changes: Sequence[tuple[Thread, bool]]
) -> list[PlumblineError | None]:
    rows = [
        {
            "id": thread.id,
            "owner": thread.owner,
            "title": thread.title,
            "created": thread.created,
            "updated": thread.updated,
            "history": tuple((earlier.question, earlier.answer) for earlier in thread.history),
            "listed": listed,
        }
        for thread, listed in changes
    ]
    created = await insert_new(connection, threads, rows)
    return [
        None if thread.id in created else Conflict(f"thread {thread.id!r} exists already; take another id")
        for thread, _ in changes
    ]


async def _delete(
    connection: AsyncConnection, changes: Sequence[tuple[str, str]]
) -> list[PlumblineError | None]:
    mine = tuple_(threads.c.id, threads.c.owner).in_(changes)
    gone = (
        await connection.execute(delete(threads).where(mine).returning(threads.c.id, threads.c.owner))
    ).all()
    deleted = {row.id for row in gone}
    if gone:
        await forget_threads(connection, [(row.id, row.owner) for row in gone])
        await note_deletion(connection)
    return [None if thread_id in deleted else _unknown(thread_id) for thread_id, _ in changes]


async def _mark(
    connection: AsyncConnection, changes: Sequence[tuple[str, str]]
) -> list[PlumblineError | None]:
    for thread_id, fingerprint in changes:
        await connection.execute(
            update(threads).where(threads.c.id == thread_id).values(fingerprint=fingerprint)
        )
    return [None] * len(changes)


def _unknown(thread_id: str) -> NotFound:
    return NotFound(f"there is no thread {thread_id[:80]!r}; start a new one")


def _thread(row: _Row) -> Thread:
    return Thread(
        id=row.id,
        owner=row.owner,
        title=row.title,
        created=row.created,
        updated=row.updated,
        history=tuple(Earlier(question=question, answer=answer) for question, answer in row.history),
    )


def _message(row: _Row) -> Message:
    rated = row.thumb is not None
    return Message(
        id=row.id,
        thread_id=row.thread_id,
        run_id=row.run_id,
        role=row.role,
        content=row.content,
        created=row.created,
        answer=None if row.answer is None else Answer.model_validate_json(row.answer),
        feedback=Feedback(
            run_id=row.run_id,
            thumb=row.thumb,
            reason=row.reason,
            correction=row.correction,
            created=row.rated,
        )
        if rated
        else None,
    )
