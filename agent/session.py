"""Use cases of a conversation: ask, and answer what was asked back. The only caller of `graph.astream`."""

import asyncio
import re
import uuid
from collections.abc import Callable, Sequence

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command, StateSnapshot

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

RUN = "plumbline_run"
"""Names the run in a checkpoint. As `run_id`, langgraph would go on in the middle of a run that was cut off,
with values that were read back from disk as lists instead of tuples."""
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
        run_id: str | None = None,
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> Answer:
        """Answer a question, or go on where the thread asked back.

        Cancelling the call ends everything it started, requests to a language model included. A run that
        was interrupted is taken up by asking again under its id: had the thread come to its end, or to a
        pause, the answer is composed from what was kept.

        Args:
            question: Up to 8,000 characters of text.
            thread_id: A conversation to continue; a new one by default.
            history: Earlier exchanges of a conversation that was held elsewhere; a thread that has
                exchanges of its own keeps to those.
            principal: Whose question it is; decides which documents, rows and columns it may see.
            run_id: Names this run; a new name by default.
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
        run = run_id or uuid.uuid4().hex
        config: RunnableConfig = {"configurable": {"thread_id": thread}, "metadata": {RUN: run}}
        watch, deps, in_time = Watch(), self._deps.for_one_run(principal), True
        snapshot = await self._graph.aget_state(config)
        if not _ended(snapshot, run):
            start = _start(question, history, snapshot)
            in_time = await self._run(start, config, deps, watch, on_event)
            snapshot = await self._graph.aget_state(config)
        if not in_time:
            return out_of_time(watch, deps, thread, run)
        asked = [pause.value for pause in snapshot.interrupts]
        return compose(snapshot.values, watch, deps, thread, run, asked[0] if asked else None)

    def renew(self, deps: Deps) -> None:
        """Give these to the nodes of every question from now on; those under way keep theirs."""
        self._deps = deps

    async def forget(self, thread_id: str) -> None:
        """Delete everything that is kept of a thread."""
        saver = self._graph.checkpointer
        if isinstance(saver, BaseCheckpointSaver):
            await saver.adelete_thread(thread_id)

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
                    for event in watch.observe(part):
                        on_event(event)
        except TimeoutError:
            return False
        return True


def _ended(before: StateSnapshot, run: str) -> bool:
    """Tell whether the thread's last checkpoint is the end, or the pause, of this very run."""
    mine = (before.metadata or {}).get(RUN) == run
    return mine and (not before.next or bool(before.interrupts))


def _start(question: str, history: Sequence[Turn], before: StateSnapshot) -> State | Command[str]:
    """Return the input of the run: a new turn, or the reply to what was asked back."""
    if before.interrupts:
        return Command(resume=question)
    turn = new_turn(question)
    if history and not before.values.get("history"):
        turn["history"] = list(history)
    return turn
