"""Use cases of a conversation: ask, and answer what was asked back. The only caller of `graph.astream`."""

import asyncio
import re
import uuid
from collections.abc import Callable, Sequence

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from agent.answer import Answer
from agent.composing import compose, out_of_time
from agent.events import Event
from agent.questions import clean
from agent.watch import Watch
from graph.build import Graph
from graph.deps import Deps
from graph.plan import Turn
from graph.state import State, new_turn
from tools.errors import InvalidInput
from tools.types import ANYONE, Principal

_THREAD = re.compile(r"[A-Za-z0-9_\-]{1,64}")


class Session:
    """Asks questions of one opened installation; any number of threads at once."""

    def __init__(self, graph: Graph, deps: Deps) -> None:
        """Take a compiled graph and what its nodes need."""
        self._graph = graph
        self._deps = deps

    async def ask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        history: Sequence[Turn] = (),
        principal: Principal = ANYONE,
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> Answer:
        """Answer a question, or go on where the thread asked back.

        Cancelling the call ends everything it started, requests to a language model included.

        Args:
            question: Up to 8,000 characters of text.
            thread_id: A conversation to continue; a new one by default.
            history: Earlier exchanges of a conversation that was held elsewhere.
            principal: Whose question it is; decides which rows and columns of the database it may see.
            on_event: Told what happens meanwhile; drafts among it are not verified yet.

        Raises:
            InvalidInput: The question or the thread id cannot be used.
        """
        question = clean(question)
        thread = thread_id or uuid.uuid4().hex
        if not _THREAD.fullmatch(thread):
            raise InvalidInput(
                f"thread id {thread[:80]!r} is not usable; use 1 to 64 letters, digits, - and _"
            )
        config: RunnableConfig = {"configurable": {"thread_id": thread}}
        start = await self._start(question, history, config)
        watch, deps = Watch(), self._deps.for_one_run(principal)
        in_time = await self._run(start, config, deps, watch, on_event)
        snapshot = await self._graph.aget_state(config)
        asked = [pause.value for pause in snapshot.interrupts]
        if not in_time:
            return out_of_time(watch, deps, thread)
        return compose(snapshot.values, watch, deps, thread, asked[0] if asked else None)

    async def _start(
        self, question: str, history: Sequence[Turn], config: RunnableConfig
    ) -> State | Command[str]:
        """Return the input of the run: a new turn, or the reply to what was asked back."""
        before = await self._graph.aget_state(config)
        if before.interrupts:
            return Command(resume=question)
        turn = new_turn(question)
        if history:
            turn["history"] = list(history)
        return turn

    async def _run(
        self,
        start: State | Command[str],
        config: RunnableConfig,
        deps: Deps,
        watch: Watch,
        on_event: Callable[[Event], None],
    ) -> bool:
        """Run the graph to its end or pause; False when it ran out of time."""
        try:
            async with asyncio.timeout(deps.meter.budget.seconds):
                async for part in self._graph.astream(
                    start,
                    config,
                    context=deps,
                    stream_mode=["tasks", "custom"],
                    version="v2",
                    durability="exit",
                ):
                    if (event := watch.observe(part)) is not None:
                        on_event(event)
        except TimeoutError:
            return False
        return True
