"""What is under way is written down on a tape: which steps run, and what each asks of the outside.

A tape keeps references to values that nobody changes, and the time; encoding comes later. The graph library
runs every node in a copy of its caller's context, and so does a thread, so the tape of the run and the step
that is under way are context variables: nothing between a node and a port has to pass them on.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Protocol, TypeVar

from agent.recording.recording import Call, Json, Port, Source
from tools.metering import Call as Spent
from tools.metering import Meter

Value = TypeVar("Value")


@dataclass(slots=True, kw_only=True)
class CallNote:
    """A call through a port, while it is under way and after."""

    number: int
    step: "StepNote"
    within: "CallNote | None"
    port: Port
    method: str
    request: Mapping[str, object]
    response: object = None
    error: BaseException | None = None
    done: bool = False
    """False as long as it is under way; what is given up stays so."""
    spent: tuple[Spent, ...] = ()
    exceeded: str | None = None
    started: float
    ended: float = 0.0
    answered_by: Call | None = None
    """The recorded call that answered it, if any did."""


@dataclass(slots=True, kw_only=True)
class StepNote:
    """One run of a node."""

    node: str
    superstep: int
    path: tuple[Any, ...]  # Any: names and numbers that order the steps of a superstep
    attempt: int
    handles: bool = False
    state: Mapping[str, object]
    """What the node was given."""
    update: object = None
    paused: object = None
    error: BaseException | None = None
    started: float
    ended: float | None = None
    source: Source = "live"


class Answering(Protocol):
    """Answers calls from an earlier recording."""

    def find(self, call: CallNote) -> Call | None:
        """Return the recorded call that is equal, each once; None when it is to be made live."""

    def restore(self, call: Call) -> Json:
        """Return what it was answered with, as JSON with all attachments; raises what it ended with."""


@dataclass(slots=True, kw_only=True)
class Tape:
    """Everything that one run does."""

    run_id: str
    thread_id: str
    answering: Answering | None = None
    """None when every call is made."""
    steps: list[StepNote] = field(default_factory=list)
    calls: list[CallNote] = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=perf_counter)
    ended: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Meanwhile, write down what the nodes of the graph do."""
        token = _TAPE.set(self)
        try:
            yield
        finally:
            _TAPE.reset(token)
            self.ended = perf_counter()

    @contextmanager
    def step(self, note: StepNote) -> Iterator[None]:
        """Write down one run of a node; its calls are those made meanwhile."""
        self.steps.append(note)
        token = _STEP.set(_Here(tape=self, step=note))
        try:
            yield
        except BaseException as error:
            note.error = error
            raise
        finally:
            note.ended = perf_counter()
            _STEP.reset(token)

    def begin(
        self, step: StepNote, within: CallNote | None, port: Port, method: str, request: Mapping[str, object]
    ) -> CallNote:
        """Write down that a call begins."""
        with self._lock:
            note = CallNote(
                number=len(self.calls) + 1,
                step=step,
                within=within,
                port=port,
                method=method,
                request=request,
                started=perf_counter(),
            )
            self.calls.append(note)
        return note


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    tape: Tape
    step: StepNote
    call: CallNote | None = None


_TAPE: ContextVar[Tape | None] = ContextVar("tape", default=None)
_STEP: ContextVar[_Here | None] = ContextVar("step", default=None)


def current_tape() -> Tape | None:
    """Return the tape of the run under way."""
    return _TAPE.get()


class Taking:
    """One call on its way: made and written down, or answered from a recording."""

    def __init__(self, here: _Here, port: Port, method: str, request: Mapping[str, object]) -> None:
        """Use `taking`."""
        self.note = here.tape.begin(here.step, here.call, port, method, request)
        self._here = here
        self._answering = here.tape.answering if here.call is None else None

    def recorded(self) -> tuple[bool, Json]:
        """Return whether a recording answers, and with what; raises what the recorded call ended with."""
        if self._answering is None:
            return False, None
        note = self.note
        try:
            note.answered_by = self._answering.find(note)
            if note.answered_by is None:
                return False, None
            note.done = not note.answered_by.interrupted
            return True, self._answering.restore(note.answered_by)
        except BaseException as error:
            note.error, note.done = error, not isinstance(error, TimeoutError)
            raise
        finally:
            note.ended = perf_counter()

    @contextmanager
    def live(self) -> Iterator[CallNote]:
        """Meanwhile it is made; calls made by it are written down as its own."""
        token = _STEP.set(_Here(tape=self._here.tape, step=self._here.step, call=self.note))
        try:
            yield self.note
        except Exception as error:
            self.note.error, self.note.done = error, True
            raise
        else:
            self.note.done = True
        finally:
            self.note.ended = perf_counter()
            _STEP.reset(token)


def taking(port: Port, method: str, request: Mapping[str, object]) -> Taking | None:
    """Begin a call; None when nothing is written down, and it is simply made."""
    here = _STEP.get()
    return None if here is None else Taking(here, port, method, request)


def taken(
    port: Port,
    method: str,
    request: Mapping[str, object],
    live: Callable[[], Value],
    read: Callable[[Json], Value],
) -> Value:
    """Make a call that blocks, or have a recording answer it.

    Args:
        port: What is asked.
        method: How.
        request: The arguments.
        live: Makes the call.
        read: Turns a recorded answer into a value.
    """
    call = taking(port, method, request)
    if call is None:
        return live()
    found, answer = call.recorded()
    if found:
        value = read(answer)
        call.note.response = value
        return value
    with call.live() as note:
        value = live()
        note.response = value
    return value


def spent_since(
    meter: Meter, before: int, prompt_hash: str, claimed: Sequence[CallNote]
) -> tuple[Spent, ...]:
    """Return what the meter wrote down for one call: the first entry of its prompt that no other call has."""
    others = {id(spent) for note in claimed for spent in note.spent}
    mine = [call for call in meter.calls[before:] if call.prompt_hash == prompt_hash]
    return tuple([call for call in mine if id(call) not in others][:1])
