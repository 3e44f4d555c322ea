"""The library's front door."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Self

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent.answer import Answer
from agent.bootstrap import Library, open_deps, open_library
from agent.events import Event
from agent.session import Session
from agent.settings import load
from graph.build import build
from graph.state import CHECKPOINTED
from tools.errors import ConfigurationError, TransientError
from tools.types import ANYONE, Principal

THREADS = "threads.db"


class Assistant:
    """Answers questions from one installation.

    async with Assistant.open("plumbline.toml") as assistant:
        answer = await assistant.ask("How long is the warranty?")
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
            principal: Whose question it is; decides which rows and columns of the database it may see.
            on_event: Told what happens meanwhile; drafts among it are not verified yet.

        Raises:
            InvalidInput: The question or the thread id cannot be used.
        """
        return await self._session.ask(question, thread_id=thread_id, principal=principal, on_event=on_event)


@asynccontextmanager
async def open_session(library: Library) -> AsyncIterator[Session]:
    """Open the graph over a library; threads are kept in the data folder and survive the process."""
    library.check_ingested()
    threads = library.settings.folder / THREADS
    serializer = JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)
    with _conversations(threads):
        async with open_deps(library) as deps, aiosqlite.connect(threads) as connection:
            saver = AsyncSqliteSaver(connection, serde=serializer)
            await saver.setup()
            yield Session(build(saver), deps)


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
