"""The critical path of a recording: what would have to be faster for the run to be faster."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from agent.recording.recording import Call, Recording, Step
from agent.tracing.reading import number


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalPath:
    """Numbers of the steps and calls on it."""

    steps: frozenset[int]
    calls: frozenset[int]


def critical_path(recording: Recording) -> CriticalPath:
    """Find the path through the supersteps, and through the calls of its steps.

    A superstep waits for all of its steps, so of each the step that ended last is on the path. Inside of a
    step, and inside of a call that made others, it is the chain of calls, one after another, that covers
    most of the time: `longest_chain`.
    """
    last: dict[int, Step] = {}
    for step in recording.steps:
        other = last.get(step.superstep)
        if other is None or number(step.ended_ms) > number(other.ended_ms):
            last[step.superstep] = step
    steps = frozenset(step.number for step in last.values())
    return CriticalPath(steps=steps, calls=_calls(recording.calls, steps))


def longest_chain(calls: Sequence[Call]) -> list[Call]:
    """Return calls of which none overlap and that together take the most time.

    Weighted interval scheduling: with the calls ordered by their end and p(j) the calls that have ended
    when call j begins,

        best(j) = max(best(j - 1), duration(j) + best(p(j)))

    which takes O(n log n) (Kleinberg and Tardos, Algorithm Design, section 6.1).
    """
    ordered = sorted(calls, key=lambda call: (number(call.ended_ms), number(call.started_ms)))
    ends = [number(call.ended_ms) for call in ordered]
    before, best = [], [0.0]
    for place, call in enumerate(ordered):
        free = bisect_right(ends, number(call.started_ms), 0, place)
        before.append(free)
        best.append(max(best[place], _duration(call) + best[free]))
    chain, place = [], len(ordered)
    while place > 0:
        if best[place] > best[place - 1]:
            chain.append(ordered[place - 1])
            place = before[place - 1]
        else:
            place -= 1
    return chain[::-1]


def _calls(calls: Sequence[Call], steps: frozenset[int]) -> frozenset[int]:
    made_by = _made_by(calls)
    critical: set[int] = set()
    waiting: list[tuple[int, int | None]] = [(step, None) for step in steps]
    while waiting:
        for call in longest_chain(made_by.pop(waiting.pop(), ())):
            critical.add(call.number)
            waiting.append((call.step, call.number))
    return frozenset(critical)


def _made_by(calls: Sequence[Call]) -> dict[tuple[int, int | None], list[Call]]:
    """Group the calls by their step and the call that made them, which must have begun before."""
    found: dict[tuple[int, int | None], list[Call]] = defaultdict(list)
    for call in calls:
        inner = call.within is not None and call.within < call.number
        found[call.step, call.within if inner else None].append(call)
    return found


def _duration(call: Call) -> float:
    return max(0.0, number(call.ended_ms) - number(call.started_ms))
