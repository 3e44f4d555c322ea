"""Replays a run on its recorded calls, and says where it goes another way than then."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from agent.bootstrap import assemble
from agent.recording.around import Recorded
from agent.recording.playing import Player, Unanswered, played, setup_in
from agent.recording.recorder import Ended, Recorder
from agent.recording.recording import Failure, Json, Recording, Step
from agent.recording.setup import settings_from
from agent.recording.states import supersteps
from agent.tracing.rerunning import Again, Kept, run_again
from graph.reasoning.llm.layout import edited_prompts

GIVEN_UP = frozenset({"CancelledError", "TimeoutError"})
"""What a step ends with for which nobody waited any longer: how far it came is chance."""
STATE = "left another state"
"""Said of every step of a superstep, whichever of them wrote something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """The first place where a replay differs from its recording."""

    step: int
    """Number of the step; that of the recording where it has one."""
    node: str
    what: str
    """One sentence."""
    expected: Json
    """What the recording says."""
    found: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of a replay."""

    equal: bool
    steps: int
    """Steps that were compared."""
    first_divergence: Divergence | None
    network_calls: int
    """Calls that were made instead of answered by the recording."""
    milliseconds: float


async def replay(recording: Recording, *, around: Recorded | None = None) -> Replay:
    """Run the same graph on the recorded calls and compare the state after every step.

    Needs no store, no database, no model and no network: what the recording does not answer is a divergence.

    Args:
        recording: The run.
        around: What stands around the nodes and writes down what they do. By default steps that a fork took
            from its parent are taken again.

    Raises:
        InvalidInput: The recording lacks something, or cannot be read.
    """
    began = perf_counter()
    kept = [step for step in recording.steps if step.source == "recorded"]
    again_as_then = Again(
        recording=recording,
        deps=assemble(settings_from(setup_in(recording)), played(recording)),
        player=Player(recording, strict=True),
        around=around or (Kept(kept) if kept else Recorded()),
        run_id=recording.run_id,
    )
    edited = recording.parent.changes.prompts if recording.parent is not None else {}
    with edited_prompts(edited):
        ended = await run_again(again_as_then)
    return await asyncio.to_thread(_compared, recording, ended, began)


def _compared(recording: Recording, ended: Ended, began: float) -> Replay:
    again = Recorder().recording(ended)
    divergence = _first(recording, again, ended.error)
    return Replay(
        equal=divergence is None,
        steps=min(len(recording.steps), len(again.steps)),
        first_divergence=divergence,
        network_calls=sum(call.source == "live" and not _in_vain(call.failure) for call in again.calls),
        milliseconds=round((perf_counter() - began) * 1000, 2),
    )


def _first(recording: Recording, again: Recording, error: BaseException | None) -> Divergence | None:
    """Return the first difference, superstep by superstep.

    A superstep of which something was given up ends the comparison, as does the last one of a run that was
    cut off: how far it came is chance. Where one step of several fails, the graph gives up the others, so
    those are not what to look at.
    """
    then, now = list(supersteps(recording.steps)), list(supersteps(again.steps))
    for number in range(max(len(then), len(now))):
        expected = then[number] if number < len(then) else []
        found = now[number] if number < len(now) else []
        if any(map(_given_up, expected)) or (number >= len(then) - 1 and _cut_off(recording)):
            return None
        different = list(_different(expected, found, recording, error))
        if different:
            return next((one for one, caused in different if not caused), different[0][0])
    return None


def _different(
    expected: Sequence[Step], found: Sequence[Step], recording: Recording, error: BaseException | None
) -> Iterator[tuple[Divergence, bool]]:
    """Yield the differences of one superstep, each with whether another step may be the cause of it."""
    for place in range(max(len(expected), len(found))):
        then = expected[place] if place < len(expected) else None
        now = found[place] if place < len(found) else None
        divergence = _between(then, now, recording, error)
        if divergence is not None:
            shared = now is not None and divergence.what.endswith(STATE)
            yield divergence, shared or (now is not None and _given_up(now))


def _between(
    then: Step | None, now: Step | None, recording: Recording, error: BaseException | None
) -> Divergence | None:
    if then is None or now is None:
        return _path(then, now)
    at = then.number
    if (then.node, then.handles) != (now.node, now.handles):
        what = f"{now.node} ran in place of {then.node}"
        return Divergence(step=at, node=then.node, what=what, expected=then.node, found=now.node)
    if _in_vain(now.failure) and isinstance(error, Unanswered):
        return _asked_anew(then, recording, error)
    pairs: Sequence[tuple[str, Json, Json]] = (
        ("was given another task", then.payload, now.payload),
        ("ended in another way", _end(then), _end(now)),
        ("asked back something else", then.paused, now.paused),
        *_written(then, now),
        (STATE, then.digest, now.digest),
    )
    for what, expected, found in pairs:
        if expected != found:
            return Divergence(
                step=at, node=then.node, what=f"{then.node} {what}", expected=expected, found=found
            )
    return None


def _path(then: Step | None, now: Step | None) -> Divergence:
    """Say that a step is missing, or that there is one more."""
    if then is not None:
        what = f"{then.node} did not run"
        return Divergence(step=then.number, node=then.node, what=what, expected=then.node, found=None)
    if now is None:
        raise AssertionError("one of them is there")
    what = f"{now.node} ran, which it did not then"
    return Divergence(step=now.number, node=now.node, what=what, expected=None, found=now.node)


def _asked_anew(then: Step, recording: Recording, error: Unanswered) -> Divergence:
    """Say that a node asked for something that it did not ask for then, beside what it did ask for."""
    asked = [
        call.request
        for call in recording.calls
        if (call.step, call.port, call.method) == (then.number, error.port, error.method)
    ]
    return Divergence(
        step=then.number,
        node=then.node,
        what=f"{then.node} asked {error.port}.{error.method} for something that it did not ask for then",
        expected=asked,
        found=error.request,
    )


def _written(then: Step, now: Step) -> Iterator[tuple[str, Json, Json]]:
    """Yield every channel as it was written then and now."""
    before, after = then.update or {}, now.update or {}
    for channel in dict.fromkeys((*before, *after)):
        yield f"wrote another {channel}", before.get(channel), after.get(channel)


def _end(step: Step) -> Json:
    return None if step.failure is None else {"type": step.failure.type, "message": step.failure.message}


def _in_vain(failure: Failure | None) -> bool:
    """Tell whether something was asked that the recording does not answer."""
    return failure is not None and failure.type == Unanswered.__name__


def _cut_off(recording: Recording) -> bool:
    """Tell whether nobody waited for the end of a run."""
    reason = (recording.answer or {}).get("exit_reason")
    return recording.outcome == "cancelled" or reason == "out_of_time"


def _given_up(step: Step) -> bool:
    return step.failure is not None and step.failure.type in GIVEN_UP
