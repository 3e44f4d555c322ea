"""The bucket of requests of every owner."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.access.limits import Limiter
from tools.errors import TooManyRequests


@dataclass(slots=True)
class Clock:
    """Tells the seconds it is set to."""

    now: float = 0.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


def admitted(limiter: Limiter, owner: str, per_minute: int | None) -> bool:
    """Tell whether a request is let through."""
    try:
        limiter.admit(owner, per_minute)
    except TooManyRequests:
        return False
    return True


def test_a_minutes_requests_may_come_at_once_and_then_one_after_the_other() -> None:
    """Whoever is refused is told when to come again, and that is so."""
    clock = Clock()
    limiter = Limiter(clock)
    assert [admitted(limiter, "anna", 3) for _ in range(4)] == [True, True, True, False]
    with pytest.raises(TooManyRequests) as caught:
        limiter.admit("anna", 3)
    assert caught.value.retry_after == pytest.approx(20)
    clock.now += caught.value.retry_after
    assert [admitted(limiter, "anna", 3) for _ in range(2)] == [True, False]


@given(
    per_minute=st.integers(min_value=1, max_value=1000),
    now=st.floats(min_value=0, max_value=1e8),
)
def test_a_full_bucket_holds_exactly_a_minutes_requests(per_minute: int, now: float) -> None:
    """Whatever the time, and however it rounds."""
    limiter = Limiter(Clock(now))
    assert all(admitted(limiter, "anna", per_minute) for _ in range(per_minute))
    assert not admitted(limiter, "anna", per_minute)


def test_owners_do_not_use_up_each_others_requests() -> None:
    """And who is not counted is always let through."""
    limiter = Limiter(Clock())
    assert [admitted(limiter, owner, 1) for owner in ("anna", "anna", "ben")] == [True, False, True]
    assert all(admitted(limiter, "local", None) for _ in range(1000))


@given(
    per_minute=st.integers(min_value=1, max_value=100),
    pauses=st.lists(st.floats(min_value=0, max_value=30), max_size=200),
)
def test_no_minute_sees_more_than_a_full_bucket_and_its_refill(per_minute: int, pauses: list[float]) -> None:
    """At most n at once, and n more while it refills."""
    clock = Clock()
    limiter = Limiter(clock)
    times = []
    for pause in pauses:
        clock.now += pause
        if admitted(limiter, "anna", per_minute):
            times.append(clock.now)
    for start in times:
        assert sum(start <= time < start + 60 for time in times) <= 2 * per_minute


def test_memory_is_bounded_and_who_asks_is_not_forgotten() -> None:
    """Of too many owners those are forgotten that asked longest ago."""
    limiter = Limiter(Clock(), most_owners=10)
    assert admitted(limiter, "anna", 2)
    for number in range(9):
        assert admitted(limiter, f"visitor:{number}", 1)
    assert admitted(limiter, "anna", 2)
    assert admitted(limiter, "visitor:9", 1)
    assert not admitted(limiter, "anna", 2)
    assert admitted(limiter, "visitor:0", 1)
