"""The circuit breaker, with a clock moved by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import ModelUnavailable
from tools.models.breaker import Breaker


class Clock:
    """Tells the time it was set to."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.time


def call(breaker: Breaker, alive: bool | None) -> None:
    """Make a call that learns this about the endpoint."""
    with breaker.passage() as passage:
        passage.alive = alive


def opened(clock: Clock) -> Breaker:
    """Return a breaker that just opened."""
    breaker = Breaker(now=clock)
    for _ in range(3):
        call(breaker, False)
    return breaker


def test_it_opens_after_three_failures_in_a_row() -> None:
    """Not before."""
    breaker = Breaker(now=Clock())
    call(breaker, False)
    call(breaker, False)
    breaker.check()
    call(breaker, False)
    with pytest.raises(ModelUnavailable):
        breaker.check()


def test_a_success_in_between_starts_the_count_anew() -> None:
    """Only a row of failures counts."""
    breaker = Breaker(now=Clock())
    for alive in (False, False, True, False, False):
        call(breaker, alive)
    breaker.check()


def test_calls_that_tell_nothing_do_not_count() -> None:
    """Neither as failures nor as successes."""
    breaker = Breaker(now=Clock())
    for alive in (False, None, False, None):
        call(breaker, alive)
    breaker.check()
    call(breaker, False)
    with pytest.raises(ModelUnavailable):
        breaker.check()


def test_after_cooling_one_call_goes_through_and_the_others_wait() -> None:
    """Until the probe has an outcome."""
    clock = Clock()
    breaker = opened(clock)
    clock.time = 15.0
    with breaker.passage() as probe:
        with pytest.raises(ModelUnavailable):
            breaker.check()
        probe.alive = True
    call(breaker, False)
    breaker.check()


def test_a_failed_probe_doubles_the_cooling_up_to_the_longest() -> None:
    """15, 30, 60, 120, 120 seconds."""
    clock = Clock()
    breaker = opened(clock)
    for seconds in (15.0, 30.0, 60.0, 120.0, 120.0):
        began = clock.time
        clock.time = began + seconds - 0.001
        with pytest.raises(ModelUnavailable):
            breaker.check()
        clock.time = began + seconds
        call(breaker, False)


def test_a_success_makes_the_next_cooling_short_again() -> None:
    """The past of an endpoint that came back is forgotten."""
    clock = Clock()
    breaker = opened(clock)
    clock.time = 15.0
    call(breaker, False)
    clock.time = 45.0
    call(breaker, True)
    for _ in range(3):
        call(breaker, False)
    clock.time = 60.0
    breaker.check()


def test_a_probe_that_tells_nothing_is_followed_by_another() -> None:
    """A cancelled probe must not close the way for good, nor let everyone through."""
    clock = Clock()
    breaker = opened(clock)
    clock.time = 15.0
    call(breaker, None)
    with breaker.passage(), pytest.raises(ModelUnavailable):
        breaker.check()


def test_a_probe_that_raises_is_followed_by_another() -> None:
    """Whatever ended it."""
    clock = Clock()
    breaker = opened(clock)
    clock.time = 15.0
    with pytest.raises(KeyboardInterrupt), breaker.passage():
        raise KeyboardInterrupt
    breaker.check()


def test_a_late_success_of_an_earlier_call_closes_it() -> None:
    """The endpoint is alive, whoever found out."""
    breaker = Breaker(now=Clock())
    with breaker.passage() as slow:
        for _ in range(3):
            call(breaker, False)
        slow.alive = True
    breaker.check()


def test_late_failures_of_earlier_calls_do_not_prolong_the_cooling() -> None:
    """They were sent before it opened."""
    clock = Clock()
    breaker = Breaker(now=clock)
    with breaker.passage() as slow:
        for _ in range(3):
            call(breaker, False)
        clock.time = 14.0
        slow.alive = False
    clock.time = 15.0
    breaker.check()


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.floats(0, 200))))
def test_it_never_stays_open_longer_than_the_longest_cooling(steps: list[tuple[bool | None, float]]) -> None:
    """Whatever happened before, and however often."""
    clock = Clock()
    breaker = Breaker(now=clock)
    for alive, seconds in steps:
        clock.time += seconds
        try:
            call(breaker, alive)
        except ModelUnavailable:
            continue
    clock.time += breaker.longest_cooling_seconds
    breaker.check()
