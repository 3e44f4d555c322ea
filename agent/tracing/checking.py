"""Whether a recording from elsewhere can be one: its file may say anything."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from agent.answer import Answer
from agent.recording.recording import Call, Json, Recording, Step
from agent.recording.values import Passage
from graph.nodes.clarify import clarify
from tools.errors import InvalidInput
from tools.types import Cell

MOST_STEPS, MOST_CALLS = 10_000, 100_000
LARGEST = 64 * 2**20
"""Characters of everything that was recorded, with every passage as often as it stands there."""
LONGEST_QUESTION = 100_000
"""Characters."""
LONGEST_MS = 10.0**10
"""Of a run, about four months."""
ASKING = clarify.__name__
"""The node at which runs pause, and go on with the reply."""
_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}")
_EARLIEST, _LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def check_whole(recording: Recording) -> None:
    """See that a recording fits together, so that it can be shown, replayed and kept.

    Raises:
        InvalidInput: It does not; the message names the place.
    """
    if problem := next(_problems(recording), None):
        raise InvalidInput(f"the recording {problem}; export the run again")


def _problems(recording: Recording) -> Iterator[str]:
    yield from _problems_of_the_ids(recording)
    started, attributes = recording.started, recording.attributes
    wrong = {
        "is a fork without a parent, or has a parent and is none": (recording.kind == "fork")
        != (recording.parent is not None),
        f"has a question of more than {LONGEST_QUESTION} characters": len(recording.question)
        > LONGEST_QUESTION,
        "does not say when it was made, with the time zone": started.tzinfo is None
        or not _EARLIEST <= started < _LATEST,
        "has a duration that is none": not _is_span(0.0, recording.duration_ms),
        "has attributes of its asker that are not pairs of a name and a value": not all(
            map(_is_pair, attributes)
        ),
        "goes on at a node that asks nothing back": recording.entry not in (None, ASKING),
    }
    yield from (problem for problem, is_so in wrong.items() if is_so)
    if _size(_content(recording), {}) > LARGEST:
        yield f"holds more than {LARGEST >> 20} million characters once its passages are in place"
    yield from _problems_of_the_answer(recording)
    yield from _problems_of_the_steps(recording.steps)
    yield from _problems_of_the_calls(recording.calls, {step.number for step in recording.steps})


def _problems_of_the_ids(recording: Recording) -> Iterator[str]:
    ids = {"run_id": recording.run_id, "thread_id": recording.thread_id}
    if recording.parent is not None:
        ids["parent.run_id"] = recording.parent.run_id
    yield from (
        f"has a {name} that is not 1 to 64 letters, digits, - and _"
        for name, value in ids.items()
        if not _ID.fullmatch(value)
    )


def _problems_of_the_answer(recording: Recording) -> Iterator[str]:
    if recording.answer is None:
        return
    try:
        Answer.model_validate(recording.answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:120]
        yield f"has an answer that is none, at {place!r}: {first['msg']}"


def _problems_of_the_steps(steps: Sequence[Step]) -> Iterator[str]:
    if len(steps) > MOST_STEPS:
        yield f"has more than {MOST_STEPS} steps"
    before = (1, -1)
    for number, step in enumerate(steps, start=1):
        if step.number != number or (step.superstep, step.place) <= before:
            yield f"has steps out of order at number {step.number}"
        if not _is_span(step.started_ms, step.ended_ms):
            yield f"has a step {step.number} with times that are none"
        before = (step.superstep, step.place)


def _problems_of_the_calls(calls: Sequence[Call], steps: Container[int]) -> Iterator[str]:
    if len(calls) > MOST_CALLS:
        yield f"has more than {MOST_CALLS} calls"
    before: dict[int, int] = {}
    for call in calls:
        if call.number in before or call.number < 1 or call.step not in steps:
            yield f"has a call {call.number} that is there twice, or of no step"
        if call.within is not None and before.get(call.within) != call.step:
            yield f"has a call {call.number} within one that did not make it"
        if not _is_span(call.started_ms, call.ended_ms):
            yield f"has a call {call.number} with times that are none"
        before[call.number] = call.step


def _is_span(started_ms: float, ended_ms: float) -> bool:
    """Tell whether two times can be of one run."""
    return 0 <= started_ms <= LONGEST_MS and 0 <= ended_ms <= LONGEST_MS


def _is_pair(attribute: Sequence[Json]) -> bool:
    """Tell whether something is the name of an attribute with its value."""
    return len(attribute) == 2 and all(isinstance(one, Cell) for one in attribute)


def _content(recording: Recording) -> Json:
    """Return everything in a recording that can be of any size."""
    steps = [[step.payload, step.update, step.paused] for step in recording.steps]
    calls = [[call.request, call.response, call.spent] for call in recording.calls]
    return [recording.initial, recording.answer, steps, calls, recording.attachments]


def _size(value: Json, passages: dict[int, int]) -> int:
    """Count characters, at least one for each value; a passage is counted once and added every time."""
    if isinstance(value, str):
        return 1 + len(value)
    if isinstance(value, Mapping):
        if id(value) not in passages:
            size = 1 + sum(len(str(name)) + _size(each, passages) for name, each in value.items())
            if not isinstance(value, Passage):
                return size
            passages[id(value)] = size
        return passages[id(value)]
    return 1 + sum(_size(each, passages) for each in value) if isinstance(value, list | tuple) else 1
