"""The state before and after every step, by applying what the steps wrote as the graph's channels do."""

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from agent.recording.recording import Json, Recording, Step
from agent.recording.values import OVERWRITE, digest_of
from graph.state import State


@cache
def channels() -> Mapping[str, TypeAdapter[Any]]:  # Any: every channel has a type of its own
    """Return the name of every channel with what reads its value from JSON."""
    hints = get_type_hints(State, include_extras=True)
    return {name: TypeAdapter(_value_type(hint)) for name, hint in hints.items()}


@cache
def collecting() -> frozenset[str]:
    """Return the names of the channels that collect what several steps write."""
    hints = get_type_hints(State, include_extras=True)
    return frozenset(name for name, hint in hints.items() if operator.add in get_args(hint)[1:])


def channel_adapter(channel: str) -> TypeAdapter[Any]:  # Any: as above
    """Return what reads a channel's value back from JSON; raises KeyError for an unknown channel."""
    return channels()[channel]


def applied(state: Mapping[str, Json], updates: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the state after the updates of one superstep, in their order."""
    after = dict(state)
    for update in updates:
        for channel, value in update.items():
            if isinstance(value, Mapping) and OVERWRITE in value:
                after[channel] = value[OVERWRITE]
            elif channel in collecting() and isinstance(value, list):
                after[channel] = [*_listed(after.get(channel)), *value]
            else:
                after[channel] = value
    return after


def supersteps(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield the steps that ran side by side, in the order in which what they wrote is applied."""
    ordered = sorted(steps, key=lambda step: (step.superstep, step.place, step.handles))
    for _, together in groupby(ordered, key=lambda step: step.superstep):
        yield list(together)


def states_of(recording: Recording) -> list[tuple[Mapping[str, Json], Mapping[str, Json]]]:
    """Return the state before and after every step, in the order of the recording's steps.

    Steps of one superstep share the state before, and after them what all of them wrote is applied.
    """
    state: Mapping[str, Json] = recording.initial
    found: dict[int, tuple[Mapping[str, Json], Mapping[str, Json]]] = {}
    for together in supersteps(recording.steps):
        after = applied(state, [step.update for step in together if step.update is not None])
        found |= {step.number: (state, after) for step in together}
        state = after
    return [found[step.number] for step in recording.steps]


def digested(initial: Mapping[str, Json], steps: Sequence[Step]) -> list[Step]:
    """Return the steps with the digest of the state after each one's superstep.

    digest(state) = digest of {channel: digest(value)}, so that only what was written is read again.
    """
    state, digests = dict(initial), {channel: digest_of(value) for channel, value in initial.items()}
    done: dict[int, str] = {}
    for together in supersteps(steps):
        updates = [step.update for step in together if step.update is not None]
        state = applied(state, updates)
        digests |= {channel: digest_of(state[channel]) for update in updates for channel in update}
        whole = digest_of(digests)
        done |= {step.number: whole for step in together}
    return [replace(step, digest=done[step.number]) for step in steps]


def redigested(recording: Recording) -> Recording:
    """Return a recording whose content was changed with digests that fit it."""
    return replace(recording, steps=digested(recording.initial, recording.steps))


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _value_type(hint: Any) -> Any:  # noqa: ANN401 - a type as the typing module has it
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
