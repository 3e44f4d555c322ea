"""Serves the graph to LangGraph's own clients: what `langgraph.json` names, and `langgraph dev` runs.

The installation is that of the command line: `plumbline.toml` in the working folder, else the built-in
sample. Clients send `{"question": ...}`; what the nodes are given cannot come as JSON, so each run brings it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    aclosing,
    asynccontextmanager,
    contextmanager,
)
from typing import Any, TypeVar, cast

from langgraph.graph.state import CompiledStateGraph
from starlette.applications import Starlette

from agent.bootstrap import Library, make_deps, open_adapters, open_library
from agent.cli.options import settings_for
from agent.questions import clean
from graph.build import Graph, build
from graph.deps import Deps
from graph.state import State, new_turn
from tools.errors import InvalidInput

Opened = TypeVar("Opened")
INPUT = {
    "title": "Question",
    "type": "object",
    "properties": {"question": {"type": "string", "title": "Question"}},
    "required": ["question"],
}
"""JSON schema of what a run takes."""


class ServedGraph(CompiledStateGraph[State, Deps, State, State]):
    """The graph, whose runs take a bare question and bring along what the nodes are given."""

    def __init__(self, *, deps: Deps, **compiled: Any) -> None:  # noqa: ANN401 - the library's own
        """Use `served`."""
        super().__init__(**compiled)
        self.deps = deps

    async def astream(self, input: Any, config: Any = None, **options: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - one signature for all that the library overloads
        """Run the graph; all ways in which the server runs it come through here."""
        run: dict[str, Any] = {**options, "context": self.deps.for_one_run()}
        async with aclosing(cast("Any", super()).astream(turn_of(input), config, **run)) as parts:
            async for part in parts:
                yield part

    def get_input_jsonschema(self, config: Any = None) -> dict[str, Any]:  # noqa: ANN401
        """Describe what a run takes."""
        del config
        return INPUT


def served(graph: Graph, deps: Deps) -> ServedGraph:
    """Return a graph whose every run is given these."""
    compiled = {**vars(graph), "context_schema": None}
    return ServedGraph(deps=deps, **compiled)


def turn_of(given: object) -> object:
    """Return the input of a run: a new turn of the thread for a question, everything else as it is.

    Raises:
        InvalidInput: It is neither a question nor a command.
    """
    if not isinstance(given, Mapping):
        return given  # a command that goes on after a pause, or nothing, to go on from a checkpoint
    question = given.get("question")
    if not isinstance(question, str):
        raise InvalidInput('a run takes a question; send {"question": "..."}')
    return new_turn(clean(question))


@asynccontextmanager
async def opened(server: Starlette) -> AsyncIterator[None]:
    """Keep the installation open as long as the server runs.

    `langgraph dev` refuses calls that block its event loop, so everything that does is done in threads.

    Raises:
        ConfigurationError: Something is set up wrongly, or a knowledge base was never ingested.
        StoreInUse: Another process holds the embedded store.
    """
    async with AsyncExitStack() as stack:
        files = ExitStack()
        stack.push_async_callback(asyncio.to_thread, files.close)
        library = await asyncio.to_thread(files.enter_context, ingested_library())
        opening = open_adapters(library)
        adapters = await asyncio.to_thread(entered, opening)
        stack.push_async_exit(opening)
        if adapters.database is not None:
            stack.push_async_callback(asyncio.to_thread, adapters.database.close)
        deps = await asyncio.to_thread(make_deps, library, adapters)
        server.state.graph = served(build(), deps)
        yield


@contextmanager
def ingested_library() -> Iterator[Library]:
    """Open the documents of the command line's installation; blocks the thread."""
    with open_library(settings_for(None)) as library:
        library.check_ingested()
        yield library


def entered(opening: AbstractAsyncContextManager[Opened]) -> Opened:
    """Enter, in a thread without an event loop, a context that blocks instead of waiting."""
    entering = opening.__aenter__().__await__()
    try:
        entering.send(None)
    except StopIteration as end:
        return cast("Opened", end.value)
    entering.close()
    raise RuntimeError("opening the installation waits for something; it has to be entered in an event loop")


app = Starlette(lifespan=opened)
"""Opens the installation when the server starts."""


async def graph() -> ServedGraph:
    """Return the graph of the opened installation."""
    return cast("ServedGraph", app.state.graph)
