"""The critical path."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as given_by

from agent.recording.recording import Call
from agent.tracing.critical import critical_path, longest_chain
from tests.agent.tracing.runs import call_of, recording_of, step_of

SPANS = given_by.lists(given_by.tuples(given_by.integers(0, 12), given_by.integers(0, 6)), max_size=7)


def timed(number: int, start: float, end: float, *, step: int = 1, within: int | None = None) -> Call:
    """Return a call that ran from start to end."""
    return call_of(number, step, "clock", "today", {}, started_ms=start, ended_ms=end, within=within)


def length(calls: list[Call]) -> float:
    """Return the time that some calls take together."""
    return sum(call.ended_ms - call.started_ms for call in calls)


def follow_one_another(calls: list[Call]) -> bool:
    """Tell whether each begins when the one before it has ended."""
    ordered = sorted(calls, key=lambda call: (call.started_ms, call.ended_ms))
    return all(a.ended_ms <= b.started_ms for a, b in pairwise(ordered))


@given(SPANS)
def test_no_other_chain_covers_more_time(spans: list[tuple[int, int]]) -> None:
    """Against all subsets of calls."""
    calls = [timed(number, start, start + took) for number, (start, took) in enumerate(spans, start=1)]
    chains = [
        list(chosen)
        for size in range(len(calls) + 1)
        for chosen in combinations(calls, size)
        if follow_one_another(list(chosen))
    ]
    found = longest_chain(calls)
    assert follow_one_another(found)
    assert length(found) == max(length(chain) for chain in chains)


def test_of_each_superstep_the_step_that_ended_last_is_critical() -> None:
    """The next superstep waited for it."""
    steps = [
        step_of(1, "prefetch", superstep=1, ended_ms=40.0),
        step_of(2, "classify", superstep=1, ended_ms=30.0),
        step_of(3, "rerank", superstep=2),
    ]
    assert critical_path(recording_of(steps)).steps == {1, 3}


def test_calls_of_critical_steps_alone_are_critical_and_so_are_theirs() -> None:
    """A call within another is followed; one that makes itself is not."""
    steps = [step_of(1, "a", superstep=1, ended_ms=50.0), step_of(2, "b", superstep=1, ended_ms=20.0)]
    calls = [
        timed(1, 0, 40),
        timed(2, 1, 10, within=1),
        timed(3, 2, 39, within=1),
        timed(4, 0, 20, step=2),
        timed(5, 41, 42, within=5),
    ]
    assert critical_path(recording_of(steps, calls)).calls == {1, 3, 5}
