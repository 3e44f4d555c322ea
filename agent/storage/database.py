"""The one way to the tables: reading at any time, and writing in turns that share a transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from agent.storage.engine import READERS, WRITING
from agent.storage.errors import mapped
from tools.errors import PlumblineError, TransientError

Change = TypeVar("Change")
Outcome = TypeVar("Outcome")
Result = TypeVar("Result")
Apply: TypeAlias = Callable[
    [AsyncConnection, Sequence[Change]], Awaitable[Sequence[Outcome | PlumblineError]]
]
"""Makes changes of one kind together and returns, for each in its place, what came of it."""
_AnyApply: TypeAlias = Apply[Any, Any]  # Any: a transaction holds changes of every kind
_FAULTS = (PlumblineError, ValueError, TypeError, AttributeError, LookupError, OverflowError)
"""What a change raises that cannot be made: it is refused, or its values are none that can be kept."""

_READ_WITHIN_SECONDS = 30.0
"""How long a reader waits for its turn when many read."""


@dataclass(slots=True)
class _Batch:
    """Changes that wait for the same transaction."""

    changes: list[tuple[_AnyApply, Any]] = field(default_factory=list)
    committed: "asyncio.Task[list[Any]]" = field(init=False)


class Database:
    """Reads, and writes one transaction after the other.

    A transaction costs a wait for the disk. Changes that arrive while one is under way wait together and
    share the next, so that many at once cost little more than one.
    """

    def __init__(self, engine: AsyncEngine, place: str) -> None:
        """Take an engine and what messages call its database."""
        self._engine = engine
        self._place = place
        self._turn = asyncio.Lock()
        self._readers = asyncio.Semaphore(READERS[engine.dialect.name])
        self._waiting: _Batch | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.closing = asyncio.Event()
        """Set once nothing may tarry."""

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""
        return self._engine.dialect.name

    async def read(self, statement: Executable, make: Callable[[Row[Any]], Result]) -> list[Result]:
        """Return what is made of each row that a statement finds.

        Once begun, it is read to the end even if the caller is cancelled meanwhile: SQLite would otherwise
        go on reading for nobody until the interpreter cleans up, and nothing could be scrubbed before that.
        """
        try:
            async with asyncio.timeout(_READ_WITHIN_SECONDS):
                await self._readers.acquire()
        except TimeoutError as error:
            raise TransientError(f"{self._place} serves too many at once; try again") from error
        reading = self.spawn(self._read(statement, make))
        reading.add_done_callback(lambda _: self._readers.release())
        return await asyncio.shield(reading)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection whose changes are committed together at the end."""
        with mapped(self._place):
            async with self._engine.connect() as connection:
                await connection.execution_options(**WRITING)
                async with connection.begin():
                    yield connection

    async def write(self, apply: Apply[Change, Outcome], change: Change) -> Outcome:
        """Make a change, and return when it is on disk.

        One that was handed over is made even if its caller is cancelled meanwhile.
        """
        if (batch := self._waiting) is None:
            batch = self._waiting = _Batch()
            batch.committed = self.spawn(self._commit_in_turn(batch))
        place = len(batch.changes)
        batch.changes.append((apply, change))
        outcome: Outcome | Exception = (await asyncio.shield(batch.committed))[place]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in no transaction, while nothing else is written by this process."""
        with mapped(self._place):
            async with self._turn, self._engine.connect() as connection:
                yield connection

    def spawn(self, work: Coroutine[Any, Any, Result]) -> "asyncio.Task[Result]":
        """Start work that is finished before the database is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop alone would not keep it alive
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Finish what was handed over, and disconnect."""
        self.closing.set()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._engine.dispose()

    async def _read(self, statement: Executable, make: Callable[[Row[Any]], Result]) -> list[Result]:
        with mapped(self._place):
            async with self._engine.connect() as connection:
                return [make(row) for row in await connection.execute(statement)]

    async def _commit_in_turn(self, batch: _Batch) -> list[Any]:
        async with self._turn:
            self._waiting = None
            try:
                return await self._commit(batch.changes)
            except TransientError:
                raise
            except _FAULTS:  # one of them is at fault
                return [await self._commit_alone(change) for change in batch.changes]

    async def _commit_alone(self, change: tuple[_AnyApply, Any]) -> object:
        """Commit what failed in company, or return why it cannot be."""
        try:
            return (await self._commit([change]))[0]
        except _FAULTS as error:
            return error

    async def _commit(self, changes: Sequence[tuple[_AnyApply, Any]]) -> list[Any]:
        """Make changes in one transaction, those of a kind together."""
        kinds: dict[_AnyApply, list[int]] = {}
        for place, (apply, _) in enumerate(changes):
            kinds.setdefault(apply, []).append(place)
        outcomes: list[Any] = [None] * len(changes)
        async with self.transaction() as connection:
            for apply, places in kinds.items():
                made = await apply(connection, [changes[place][1] for place in places])
                for place, outcome in zip(places, made, strict=True):
                    outcomes[place] = outcome
        return outcomes
