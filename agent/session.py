"""Use cases of a conversation: ask, and answer what was asked back. Only replays run the graph besides."""

import asyncio
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command, StateSnapshot

from agent.answer import Answer
from agent.composing import compose, out_of_time
from agent.events import Event
from agent.owners import LOCAL
from agent.questions import clean
from agent.recording.recorder import Ended
from agent.recording.recording import Outcome
from agent.recording.tape import Tape
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

    def __init__(self, graph: Graph, deps: Deps, *, keep: Callable[[Ended], None] | None = None) -> None:
        """Take a compiled graph, what its nodes need, and who keeps what they did; nobody by default."""
        self._graph = graph
        self._deps = deps
        self._keep = keep

    async def ask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        history: Sequence[Turn] = (),
        principal: Principal = ANYONE,
        run_id: str | None = None,
        owner: str = LOCAL,
        on_event: Callable[[Event], None] = lambda _: None,
        on_ended: Callable[[Ended], None] = lambda _: None,
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
            owner: Whom what is kept of the run belongs to.
            on_event: Told what happens meanwhile; drafts among it are not verified yet.
            on_ended: Given what was written down of the run when it has ended, however that was.

        Raises:
            InvalidInput: The question or the thread id cannot be used.
        """
        question = clean(question)
        thread = thread_id or uuid.uuid4().hex
        if not _THREAD.fullmatch(thread):
            raise InvalidInput(
                f"thread id {thread[:80]!r} is not usable; use 1 to 64 letters, digits, - and _"
            )
        run, watch, deps = run_id or uuid.uuid4().hex, Watch(), self._deps.for_one_run(principal)
        config: RunnableConfig = {"configurable": {"thread_id": thread}, "metadata": {RUN: run}}
        snapshot = await self._graph.aget_state(config)
        if _ended(snapshot, run):
            return _composed(snapshot, watch, deps, thread, run)
        asked = Ended(
            tape=Tape(run_id=run, thread_id=thread),
            question=question,
            owner=owner,
            principal=principal,
            knowledge=deps.knowledge,
            setup=deps.setup,
            entry=snapshot.next[0] if snapshot.interrupts else None,
        )
        try:
            start = _start(question, history, snapshot)
            answer = await self._answer(start, config, deps, watch, asked.tape, on_event)
        except BaseException as error:
            self._kept(replace(asked, error=error, outcome=_outcome(error)), on_ended)
            raise
        self._kept(replace(asked, answer=answer), on_ended)
        return answer

    def renew(self, deps: Deps) -> None:
        """Give these to the nodes of every question from now on; those under way keep theirs."""
        self._deps = deps

    async def forget(self, thread_id: str) -> None:
        """Delete everything that is kept of a thread."""
        saver = self._graph.checkpointer
        if isinstance(saver, BaseCheckpointSaver):
            await saver.adelete_thread(thread_id)

    def _kept(self, ended: Ended, on_ended: Callable[[Ended], None]) -> None:
        on_ended(ended)
        if self._keep is not None:
            self._keep(ended)

    async def _answer(
        self,
        start: State | Command[str],
        config: RunnableConfig,
        deps: Deps,
        watch: Watch,
        tape: Tape,
        on_event: Callable[[Event], None],
    ) -> Answer:
        """Run the graph with the tape running, and compose the answer of the state that it left."""
        with tape.running():
            in_time = await self._run(start, config, deps, watch, on_event)
        if not in_time:
            return out_of_time(watch, deps, tape.thread_id, tape.run_id)
        return _composed(await self._graph.aget_state(config), watch, deps, tape.thread_id, tape.run_id)

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


def _composed(snapshot: StateSnapshot, watch: Watch, deps: Deps, thread: str, run: str) -> Answer:
    asked = [pause.value for pause in snapshot.interrupts]
    return compose(snapshot.values, watch, deps, thread, run, asked[0] if asked else None)


def _outcome(error: BaseException) -> Outcome:
    return "cancelled" if isinstance(error, asyncio.CancelledError) else "failed"


def _start(question: str, history: Sequence[Turn], before: StateSnapshot) -> State | Command[str]:
    """Return the input of the run: a new turn, or the reply to what was asked back."""
    if before.interrupts:
        return Command(resume=question)
    turn = new_turn(question)
    if history and not before.values.get("history"):
        turn["history"] = list(history)
    return turn
