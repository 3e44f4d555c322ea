"""The library's front door."""

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Self

from agent.answer import Answer
from agent.bootstrap import Library, open_deps, open_library
from agent.checkpoints import open_checkpoints
from agent.events import Event, RunStarted, concluding
from agent.recording.around import Recorded
from agent.session import Session
from agent.settings import load
from agent.storage.opening import open_storage
from agent.tracing.keeper import Keeper, open_keeper
from graph.build import build
from graph.deps import Deps
from tools.errors import ConfigurationError, TransientError
from tools.private import make_file
from tools.types import ANYONE, Principal

THREADS = "threads.db"


class Assistant:
    """Answers questions from one installation.

    async with Assistant.open("plumbline.toml") as assistant:
        answer = await assistant.ask("How long is the warranty?")
        async for event in assistant.stream("And for batteries?", thread_id=answer.thread_id):
            print(event.type)
    """

    def __init__(self, session: Session) -> None:
        """Use `Assistant.open`."""
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls, configuration: str | Path) -> AsyncIterator[Self]:
        """Open an installation by its configuration file; its documents must have been ingested."""
        with open_library(load(Path(configuration))) as library:
            async with open_session(library) as session:
                yield cls(session)

    async def ask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        principal: Principal = ANYONE,
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> Answer:
        """Answer a question.

        Args:
            question: Up to 8,000 characters of text.
            thread_id: That of an earlier answer, to go on with its conversation.
            principal: Whose question it is; decides which documents, rows and columns it may see.
            on_event: Told what happens meanwhile; drafts among it are not verified yet.

        Raises:
            InvalidInput: The question or the thread id cannot be used.
        """
        return await self._session.ask(question, thread_id=thread_id, principal=principal, on_event=on_event)

    async def stream(
        self, question: str, *, thread_id: str | None = None, principal: Principal = ANYONE
    ) -> AsyncGenerator[Event]:
        """Answer a question and tell what happens, from `RunStarted` to `Answered` and `Done`.

        Closing the iterator ends the work on the question; leave a loop early through `contextlib.aclosing`.

        Args:
            question: Up to 8,000 characters of text.
            thread_id: That of an earlier answer, to go on with its conversation.
            principal: Whose question it is; decides which documents, rows and columns it may see.

        Raises:
            InvalidInput: The question or the thread id cannot be used; nothing was told then.
        """
        run, thread = uuid.uuid4().hex, thread_id or uuid.uuid4().hex
        told: asyncio.Queue[Event | None] = asyncio.Queue()
        work = asyncio.create_task(
            self._session.ask(
                question, thread_id=thread, principal=principal, run_id=run, on_event=told.put_nowait
            )
        )
        work.add_done_callback(lambda _: told.put_nowait(None))
        try:
            event = await told.get()
            if event is not None:
                yield RunStarted(run_id=run, thread_id=thread)
            while event is not None:
                yield event
                event = await told.get()
            answer = await work
        finally:
            work.cancel()
            await asyncio.wait([work])
        for event in concluding(answer):
            yield event


@asynccontextmanager
async def open_session(library: Library) -> AsyncIterator[Session]:
    """Open the graph over a library; threads are kept in the data folder and survive the process."""
    library.check_ingested()
    settings = library.settings
    async with (
        open_deps(library) as deps,
        open_keeper(settings, lambda: open_storage(settings.storage_url)) as keeper,
        open_threads(library, deps, keeper=keeper) as session,
    ):
        yield session


@asynccontextmanager
async def open_threads(
    library: Library, deps: Deps, *, keeper: Keeper | None = None
) -> AsyncIterator[Session]:
    """Open the threads of the data folder for a graph that is given these; a keeper records what it does."""
    threads = library.settings.folder / THREADS
    _make_file(threads)
    with _conversations(threads):
        async with open_checkpoints(threads) as checkpoints:
            keep = None if keeper is None else keeper.keep
            yield Session(build(checkpoints, around=Recorded()), deps, keep=keep)


def count_threads(library: Library) -> int:
    """Return how many conversations are kept.

    Raises:
        ConfigurationError: Their file is damaged or something else.
    """
    file = library.settings.folder / THREADS
    if not file.exists():
        return 0
    with _conversations(file), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'checkpoints'").fetchall()
        counted = connection.execute("SELECT count(DISTINCT thread_id) FROM checkpoints") if tables else None
        return int(counted.fetchone()[0]) if counted else 0


def _make_file(file: Path) -> None:
    try:
        make_file(file)
    except OSError as error:
        raise TransientError(
            f"conversations {str(file)!r} cannot be made ({error.strerror}); see that the folder is writable"
        ) from error


@contextmanager
def _conversations(file: Path) -> Iterator[None]:
    """Map SQLite's errors with the file of the conversations; other databases map their own."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise TransientError(
            f"conversations {str(file)!r}: {error}; see that nothing else holds it and the folder is writable"
        ) from error
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(
            f"conversations {str(file)!r}: {error}; delete it to go on without the earlier ones"
        ) from error
