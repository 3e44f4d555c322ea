"""The library's front door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent.answer import Answer
from agent.bootstrap import Library, open_deps, open_library
from agent.session import Session
from agent.settings import load
from graph.build import build
from graph.state import CHECKPOINTED


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

    async def ask(self, question: str, *, thread_id: str | None = None) -> Answer:
        """Answer a question; give the `thread_id` of an answer to go on with its conversation."""
        return await self._session.ask(question, thread_id=thread_id)


@asynccontextmanager
async def open_session(library: Library) -> AsyncIterator[Session]:
    """Open the graph over a library; threads are kept in the data folder and survive the process."""
    library.check_ingested()
    threads = library.settings.folder / "threads.db"
    serializer = JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)
    async with open_deps(library) as deps, aiosqlite.connect(threads) as connection:
        yield Session(build(AsyncSqliteSaver(connection, serde=serializer)), deps)
