"""Questions to a small installation, with the recordings of what was done for them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import connect

from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agent.bootstrap import Adapters, Library, make_deps, open_adapters, open_library, outside_of
from agent.reasoning import Outside
from agent.recording.around import Recorded
from agent.recording.recorder import Ended, Recorder
from agent.recording.recording import Recording
from agent.session import Session
from agent.settings import load
from graph.build import build
from graph.state import CHECKPOINTED
from tests.agent.small_shop import write_shop

QUESTIONS = (
    "How long does the kettle take to boil?",
    "How do I clean the toaster, and how long is the warranty?",
    "What is the capital of France?",
    "How many sales were there in March 2026?",
    "Which volcano erupted last?",
    "hello",
)
"""Of one source, of two, of none, of the database, of nothing that is known, and small talk."""
DATABASE: Mapping[str, Mapping[str, object]] = {
    "database": {"url": "sqlite:///sales.db", "description": "Sales of the shop."},
    "[database.queries]": {
        "name": "day_of_sale",
        "description": "The day of a sale, by its number",
        "statement": "SELECT day, product FROM sales WHERE 'S-' || id = :sale",
        "examples": ["On which day was sale S-12?", "What day was sale S-4 made?", "When was my sale?"],
        "answer": "Sale {sale} was on {day}.",
    },
    "database.queries.parameters.sale": {
        "kind": "text",
        "pattern": "S-[0-9]+",
        "ask": "Which sale do you mean? Its number begins with S-.",
    },
}
ASKS_BACK = "On which day was my sale?"


class Shop:
    """An opened installation."""

    def __init__(self, library: Library, adapters: Adapters) -> None:
        """Use `open_shop`."""
        self.library = library
        self.adapters = adapters
        saver = MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED))
        self.session = Session(build(saver, around=Recorded()), make_deps(library, adapters))
        self.recorder = Recorder()

    def outside(self) -> Outside:
        """Return what forks ask live."""
        return outside_of(self.library, self.adapters)

    async def ended(self, question: str, *, thread: str | None = None) -> Ended:
        """Ask, and return what was written down, however it ended."""
        ended: list[Ended] = []
        await self.session.ask(question, thread_id=thread, on_ended=ended.append)
        return ended[0]

    async def recorded(self, question: str, *, thread: str | None = None) -> Recording:
        """Ask, and return the recording."""
        return self.recorder.recording(await self.ended(question, thread=thread))


@asynccontextmanager
async def open_shop(
    folder: Path, sections: Mapping[str, Mapping[str, object]] | None = None
) -> AsyncIterator[Shop]:
    """Write, ingest and open the shop."""
    with connect(folder / "sales.db") as database:
        database.execute("CREATE TABLE sales (id INTEGER PRIMARY KEY, product TEXT, day TEXT, amount REAL)")
        rows = [
            (number, "kettle" if number % 2 else "toaster", f"2026-03-{number:02}", 20.0)
            for number in range(1, 29)
        ]
        database.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)
    database.close()
    settings = load(write_shop(folder, {**DATABASE, **(sections or {})}))
    with open_library(settings) as library:
        for name in settings.knowledge_bases:
            library.ingest(name)
        async with open_adapters(library) as adapters:
            yield Shop(library, adapters)
