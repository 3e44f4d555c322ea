"""Runs the graph again as a recording began: the same state, the same reply, the same asker."""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, Overwrite, interrupt
from pydantic import ValidationError

from agent.answer import Answer
from agent.checkpoints import in_memory
from agent.composing import compose, out_of_time
from agent.recording.around import Recorded
from agent.recording.attachments import Attachments
from agent.recording.errors import raised
from agent.recording.playing import Player
from agent.recording.recorder import Ended
from agent.recording.recording import Json, Parent, Recording, Step
from agent.recording.states import channels
from agent.recording.tape import StepNote, Tape
from agent.recording.values import OVERWRITE, Encoder, digest_of
from agent.watch import Watch
from graph.build import FIRST, Graph, build
from graph.deps import Deps
from graph.state import Clarification, State
from tools.errors import InvalidInput
from tools.types import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """How a recording is run again."""

    recording: Recording
    deps: Deps
    player: Player
    around: Recorded
    run_id: str
    parent: Parent | None = None


class Kept(Recorded):
    """Takes what some steps wrote from a recording, without running them."""

    def __init__(
        self, steps: Sequence[Step], *, at: int = 0, state: Mapping[str, object] | None = None
    ) -> None:
        """Take the steps; step `at` writes these channels besides."""
        self._encoder = Encoder(Attachments())
        self._at = at
        self._state = state or {}
        self._first: int | None = None
        self._steps: dict[str, deque[Step]] = {}
        for step in steps:
            self._steps.setdefault(_key(step.superstep, step.node, step.payload), deque()).append(step)

    async def run(self, note: StepNote, work: Callable[[], Awaitable[State]]) -> State:
        """Return what the step wrote then, or run the node."""
        step = self._taken(note)
        if step is None:
            return await work()
        note.source = "recorded"
        if step.failure is not None:
            raise raised(step.failure)
        if step.paused is not None:
            interrupt(Clarification(**step.paused))
        update = {channel: _read(channel, value) for channel, value in (step.update or {}).items()}
        if step.number == self._at:
            update |= self._state
        return cast("State", update)

    def _taken(self, note: StepNote) -> Step | None:
        self._first = note.superstep if self._first is None else self._first
        pushed = bool(note.path) and note.path[0] == "__pregel_push"
        payload = self._encoder.json(note.state) if pushed else None
        steps = self._steps.get(_key(note.superstep - self._first + 1, note.node, payload))
        if not steps:
            return None
        return steps.popleft() if len(steps) > 1 else steps[0]


async def run_again(again: Again) -> Ended:
    """Run the graph from the recording's first state to its end or pause, and return what it did.

    Raises:
        InvalidInput: The recording's first state cannot be read.
    """
    recording = again.recording
    principal = Principal(
        groups=frozenset(recording.groups),
        attributes=tuple((str(name), value) for name, value in recording.attributes),
    )
    deps = again.deps.for_one_run(principal)
    tape = Tape(run_id=again.run_id, thread_id=recording.thread_id, answering=again.player)
    answer, error = await _run(again, tape, deps)
    return Ended(
        tape=tape,
        question=recording.question,
        owner=recording.owner,
        principal=principal,
        knowledge=deps.knowledge,
        setup=deps.setup,
        entry=recording.entry,
        outcome="completed" if error is None else "failed",
        answer=answer,
        error=error,
        parent=again.parent,
    )


@cache
def _plain(first: tuple[str, ...]) -> tuple[Graph, InMemorySaver]:
    """Compile the graph that writes down and does nothing else, once: it takes a tenth of an answer."""
    saver = in_memory()
    return build(saver, around=Recorded(), first=first), saver


def _graph(again: Again) -> tuple[Graph, InMemorySaver]:
    """Return the graph that begins where the run began, and what it remembers in."""
    entry = again.recording.entry
    first = FIRST if entry is None else (entry,)
    saver = in_memory()
    try:
        if type(again.around) is Recorded:
            return _plain(first)
        return build(saver, around=again.around, first=first), saver
    except ValueError as error:
        raise InvalidInput("the run goes on at a node that the graph has no more; ask anew") from error


async def _run(again: Again, tape: Tape, deps: Deps) -> tuple[Answer | None, Exception | None]:
    graph, saver = _graph(again)
    thread = uuid.uuid4().hex
    try:
        return await _run_in(graph, thread, again, tape, deps)
    finally:
        saver.delete_thread(thread)


async def _run_in(
    graph: Graph, thread: str, again: Again, tape: Tape, deps: Deps
) -> tuple[Answer | None, Exception | None]:
    recording, watch, entry = again.recording, Watch(), again.recording.entry
    config: RunnableConfig = {"configurable": {"thread_id": thread}}
    start: State | Command[str] = read_state(recording.initial)
    stream: Callable[[Any], Any] = lambda given: graph.astream(  # noqa: E731
        given, config, context=deps, stream_mode=["tasks", "custom"], version="v2", durability="exit"
    )
    if entry is not None:  # it pauses there again, off the tape, and goes on with the reply
        async for _ in stream(start):
            pass
        start = Command(resume=recording.question)
    try:
        with tape.running():
            async with asyncio.timeout(deps.meter.budget.seconds):
                async for part in stream(start):
                    watch.observe(part)
    except TimeoutError:
        return out_of_time(watch, deps, tape.thread_id, tape.run_id), None
    except Exception as error:  # noqa: BLE001 - whatever a changed graph does is what its developer looks for
        return None, error
    snapshot = await graph.aget_state(config)
    asked = [pause.value for pause in snapshot.interrupts]
    pause = asked[0] if asked else None
    return compose(snapshot.values, watch, deps, tape.thread_id, tape.run_id, pause), None


def _key(superstep: int, node: str, payload: Json) -> str:
    return digest_of([superstep, node, payload])


def _read(channel: str, value: Json) -> object:
    """Read what a step wrote, as it wrote it."""
    if isinstance(value, Mapping) and set(value) == {OVERWRITE}:
        return Overwrite(read_channel(channel, value[OVERWRITE]))
    return read_channel(channel, value)


def read_state(written: Mapping[str, Json]) -> State:
    """Read a state back from JSON.

    Raises:
        InvalidInput: A channel is unknown, or holds what it cannot.
    """
    return cast("State", {channel: read_channel(channel, value) for channel, value in written.items()})


def read_channel(channel: str, value: Json) -> Any:  # noqa: ANN401 - each channel has its own type
    """Read one channel's value back from JSON.

    Raises:
        InvalidInput: It is unknown, or cannot hold this.
    """
    adapter = channels().get(channel)
    if adapter is None:
        raise InvalidInput(
            f"the state has no channel {channel[:40]!r}; it has {', '.join(sorted(channels()))}"
        )
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join((channel, *map(str, first["loc"])))[:120]
        raise InvalidInput(f"{place}: {first['msg']}; correct the value") from error
