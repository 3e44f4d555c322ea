"""Turns a tape into a recording, after the run and beside it."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from agent.answer import Answer
from agent.recording.attachments import Attachments
from agent.recording.errors import failure_of, was_given_up
from agent.recording.recording import Call, Failure, Json, Outcome, Parent, Recording, Step
from agent.recording.states import digested
from agent.recording.tape import CallNote, StepNote, Tape
from agent.recording.values import Encoder, key_of
from tools.types import Principal

LARGE = 20
"""From so many texts on, the values of a column are kept once for all recordings."""
SOFTWARE = ("plumbline", "langgraph", "pydantic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that has ended, with everything that a recording says of it."""

    tape: Tape
    question: str
    principal: Principal
    knowledge: object
    """What the local mode knew of the documents' words."""
    entry: str | None = None
    outcome: Outcome = "completed"
    answer: Answer | None = None
    error: BaseException | None = None
    owner: str
    parent: Parent | None = None
    setup: object
    """The configuration, without secrets and places."""


class Recorder:
    """Encodes the tapes of one installation. Safe to share between threads."""

    def __init__(self, *, scrub: Callable[[], Callable[[str], str]] | None = None) -> None:
        """Remember nothing yet.

        Args:
            scrub: Makes, for each recording, what replaces personal data in every text of it.
        """
        self._scrub = scrub
        self._attachments = Attachments()

    def recording(self, ended: Ended) -> Recording:
        """Return the recording of a run; blocks the thread for some milliseconds."""
        encoder = Encoder(self._attachments, scrub=None if self._scrub is None else self._scrub())
        tape, ordered = ended.tape, in_order(ended.tape.steps)
        numbers = {_place(note): number for number, note in enumerate(ordered, start=1)}
        initial = encoder.json(_initial(ordered))
        setup = encoder.attach(ended.setup)
        return Recording(
            run_id=tape.run_id,
            thread_id=tape.thread_id,
            owner=ended.owner,
            kind="run" if ended.parent is None else "fork",
            question=encoder.json(ended.question),
            started=tape.started,
            duration_ms=round((tape.ended - tape.began) * 1000, 3),
            outcome=ended.outcome,
            answer=encoder.json(ended.answer.model_dump(mode="json")) if ended.answer is not None else None,
            failure=_failure(ended.error),
            groups=sorted(ended.principal.groups),
            attributes=encoder.json(ended.principal.attributes),
            software=software(),
            setup=setup,
            knowledge=encoder.attach(ended.knowledge),
            entry=ended.entry,
            initial=initial,
            steps=digested(initial, _steps(tape, ordered, encoder)),
            calls=[_call(tape, note, numbers[_place(note.step)], encoder) for note in tape.calls],
            parent=ended.parent,
            attachments=encoder.referred,
        )


@cache
def software() -> Mapping[str, str]:
    """Return the versions of what takes part in a run."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in SOFTWARE}}


def in_order(notes: Sequence[StepNote]) -> list[StepNote]:
    """Return the last attempt of every step, by superstep and place."""
    last: dict[tuple[object, ...], StepNote] = {}
    for note in notes:
        last[_place(note)] = note
    return sorted(last.values(), key=lambda note: (note.superstep, _sortable(note.path), note.handles))


def _place(note: StepNote) -> tuple[object, ...]:
    """Return what all attempts of a step have in common."""
    return note.superstep, note.path, note.handles


def _sortable(path: Sequence[object]) -> tuple[tuple[int, int, str], ...]:
    """Return a path so that it sorts as the graph applies what its steps write."""
    return tuple((1, step, "") if isinstance(step, int) else (0, 0, str(step)) for step in path)


def _initial(ordered: Sequence[StepNote]) -> Mapping[str, object]:
    """Return the state before the first superstep."""
    return next((note.state for note in ordered if not note.handles), {})


def _steps(tape: Tape, ordered: Sequence[StepNote], encoder: Encoder) -> list[Step]:
    supersteps = {number: rank for rank, number in enumerate(sorted({note.superstep for note in ordered}), 1)}
    places: dict[int, int] = {}
    steps = []
    for number, note in enumerate(ordered, start=1):
        place = places[note.superstep] = places.get(note.superstep, -1) + 1
        steps.append(_step(tape, note, number, supersteps[note.superstep], place, encoder))
    return steps


def _step(tape: Tape, note: StepNote, number: int, superstep: int, place: int, encoder: Encoder) -> Step:
    return Step(
        number=number,
        superstep=superstep,
        place=place,
        node=note.node,
        attempt=note.attempt,
        handles=note.handles,
        payload=encoder.json(note.state) if _is_task(note) else None,
        update=encoder.json(note.update) if note.update is not None else None,
        paused=encoder.json(note.paused) if note.paused is not None else None,
        failure=None if note.paused is not None else _failure(note.error),
        started_ms=_since(tape, note.started),
        ended_ms=_since(tape, note.ended or tape.ended),
        source=note.source,
    )


def _is_task(note: StepNote) -> bool:
    """Tell whether a `Send` gave the node something of its own instead of the state."""
    return bool(note.path) and note.path[0] == "__pregel_push" and not note.handles


def _call(tape: Tape, note: CallNote, step: int, encoder: Encoder) -> Call:
    request = encoder.json(note.request)
    given_up = not note.done or (note.error is not None and was_given_up(note.error))
    failed = note.error is not None and not given_up
    return Call(
        number=note.number,
        step=step,
        within=note.within.number if note.within is not None else None,
        port=note.port,
        method=note.method,
        key=key_of(note.port, note.method, request),
        request=request,
        response=_response(note, encoder) if not failed or note.method == "stream" else None,
        failure=_failure(note.error) if failed else None,
        interrupted=given_up,
        spent=encoder.json(note.spent),
        exceeded=note.exceeded,
        started_ms=_since(tape, note.started),
        ended_ms=_since(tape, note.ended or tape.ended),
        source="live" if note.answered_by is None else "recorded",
    )


def _response(note: CallNote, encoder: Encoder) -> Json:
    if note.port == "embedder" and note.within is not None:
        return None  # never replayed, and large
    shared = note.method == "schema" or (note.method == "values" and _size(note.response) >= LARGE)
    if note.port == "database" and shared and note.response is not None:
        return encoder.attached(note.response)
    return encoder.json(note.response)


def _size(response: object) -> int:
    return len(response) if isinstance(response, list | tuple) else 0


def _failure(error: BaseException | None) -> Failure | None:
    return None if error is None else failure_of(error)


def _since(tape: Tape, moment: float) -> float:
    return round((moment - tape.began) * 1000, 3)
