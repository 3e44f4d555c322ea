"""The meter: what is admitted, what is written down, and what lies on the critical path."""

from itertools import combinations, pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import BudgetExceeded, Limit
from tools.metering import Budget, Call, Meter


class Clock:
    """Tells the time it was set to."""

    def __init__(self, time: float = 0.0) -> None:
        self.time = time

    def __call__(self) -> float:
        """Return the time."""
        return self.time


def spend(meter: Meter, *, tokens: int = 0, usd: float = 0.0) -> None:
    """Make a call that uses what it was admitted for."""
    meter.admit(tokens=tokens, usd=usd)
    with meter.call(prompt="plan", prompt_hash="h", model="m") as call:
        call.input_tokens, call.cost_usd = tokens, usd


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        pytest.param(Budget(seconds=0), "seconds", id="seconds"),
        pytest.param(Budget(tokens=9), "tokens", id="tokens"),
        pytest.param(Budget(usd=0.9), "usd", id="money"),
        pytest.param(Budget(model_calls=0), "model_calls", id="calls"),
    ],
)
def test_a_call_that_could_exceed_a_limit_is_refused_by_name(budget: Budget, limit: Limit) -> None:
    """The message says which key to raise."""
    meter = Meter(budget=budget, now=Clock())
    with pytest.raises(BudgetExceeded, match=rf"assistant\.budget\.{limit}") as caught:
        meter.admit(tokens=10, usd=1.0)
    assert caught.value.limit == meter.exceeded == limit


def test_a_call_that_fits_exactly_is_admitted() -> None:
    """A limit is the most that may be spent."""
    Meter(budget=Budget(tokens=10, usd=1.0, model_calls=1)).admit(tokens=10, usd=1.0)


def test_the_first_limit_is_remembered() -> None:
    """It is the reason that the answer gives."""
    meter = Meter(budget=Budget(tokens=5, model_calls=1), now=Clock())
    with pytest.raises(BudgetExceeded):
        meter.admit(tokens=6, usd=0)
    spend(meter, tokens=1)
    with pytest.raises(BudgetExceeded) as caught:
        meter.admit(tokens=1, usd=0)
    assert caught.value.limit == "model_calls"
    assert meter.exceeded == "tokens"


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        pytest.param(Budget(tokens=19), "tokens", id="tokens"),
        pytest.param(Budget(usd=1.9), "usd", id="money"),
        pytest.param(Budget(model_calls=1), "model_calls", id="calls"),
    ],
)
def test_an_optional_call_must_leave_half_for_those_behind_it(budget: Budget, limit: Limit) -> None:
    """And at least one call; a call that is needed may take it all."""
    meter = Meter(budget=budget, now=Clock())
    with pytest.raises(BudgetExceeded) as caught:
        meter.admit(tokens=10, usd=1.0, optional=True)
    assert caught.value.limit == limit
    meter.admit(tokens=10, usd=1.0)
    Meter(budget=Budget(tokens=20, usd=2.0, model_calls=2)).admit(tokens=10, usd=1.0, optional=True)


@pytest.mark.parametrize(
    ("seconds", "reserve", "left"),
    [
        pytest.param(30.0, 3.0, 27.0, id="the reserve is kept back"),
        pytest.param(3.0, 3.0, 2.0, id="at most a third of the whole"),
        pytest.param(30.0, 0.0, 30.0, id="no reserve"),
    ],
)
def test_models_may_take_what_the_local_mode_does_not_need(
    seconds: float, reserve: float, left: float
) -> None:
    """So that an answer is possible when they fail."""
    clock = Clock(100.0)
    meter = Meter(budget=Budget(seconds=seconds, reserve_seconds=reserve), now=clock)
    assert meter.seconds_for_models == pytest.approx(left)
    clock.time += left
    assert meter.seconds_for_models == pytest.approx(0.0)
    clock.time += 1000
    assert meter.seconds_for_models == 0
    assert meter.elapsed == pytest.approx(1000 + left)


def test_a_call_is_written_down_from_start_to_end() -> None:
    """With what its caller learned."""
    clock = Clock(50.0)
    meter = Meter(now=clock)
    clock.time = 51.0
    with meter.call(prompt="write", prompt_hash="abc", model="m") as call:
        assert meter.calls == [call]
        clock.time = 53.5
        call.output_tokens, call.cost_usd = 7, 0.25
    assert meter.calls == [
        Call(
            prompt="write",
            prompt_hash="abc",
            model="m",
            started=1.0,
            ended=3.5,
            output_tokens=7,
            cost_usd=0.25,
        )
    ]
    assert (meter.tokens, meter.usd) == (7, 0.25)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_a_call_that_fails_is_written_down_with_its_error(error: type[BaseException]) -> None:
    """However it ends, and the error goes on."""
    clock = Clock()
    meter = Meter(now=clock)

    def call() -> None:
        with meter.call(prompt="p", prompt_hash="h", model="m"):
            clock.time = 2.0
            raise error

    with pytest.raises(error):
        call()
    assert (meter.calls[0].error, meter.calls[0].ended) == (error.__name__, 2.0)


@given(
    budget=st.builds(
        Budget,
        tokens=st.integers(0, 100) | st.just(inf),
        usd=st.integers(0, 10) | st.just(inf),
        model_calls=st.integers(0, 6),
    ),
    wanted=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 6)), max_size=12),
)
def test_what_is_admitted_never_exceeds_the_budget(budget: Budget, wanted: list[tuple[int, int]]) -> None:
    """And only what would exceed it is refused."""
    meter = Meter(budget=budget, now=Clock())
    for tokens, usd in wanted:
        fits = (
            meter.tokens + tokens <= budget.tokens
            and meter.usd + usd <= budget.usd
            and len(meter.calls) < budget.model_calls
        )
        if fits:
            spend(meter, tokens=tokens, usd=usd)
            continue
        with pytest.raises(BudgetExceeded):
            spend(meter, tokens=tokens, usd=usd)
    assert meter.tokens <= budget.tokens
    assert meter.usd <= budget.usd
    assert len(meter.calls) <= budget.model_calls


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=7))
def test_sequential_calls_are_the_longest_chain(spans: list[tuple[int, int]]) -> None:
    """By the definition: the largest set in which each call begins after the one before it ended."""
    meter = Meter(now=Clock())
    meter.calls = [
        Call(prompt="p", prompt_hash="h", model="m", started=start, ended=start + length)
        for start, length in spans
    ]
    chains = (
        chain
        for size in range(len(spans) + 1)
        for chain in combinations(sorted(meter.calls, key=lambda call: (call.started, call.ended)), size)
        if all(one.ended <= other.started for one, other in pairwise(chain))
    )
    assert meter.sequential_calls == max(len(chain) for chain in chains)


def test_an_optional_call_leaves_half_of_the_time() -> None:
    """However long it hangs, what is behind it still has its share."""
    clock = Clock()
    meter = Meter(budget=Budget(seconds=30, reserve_seconds=3), now=clock)
    assert (meter.seconds_left(), meter.seconds_left(optional=True)) == (27.0, 12.0)
    meter.admit(tokens=0, usd=0, optional=True)
    clock.time += 13
    assert (meter.seconds_left(), meter.seconds_left(optional=True)) == (14.0, 0.0)
    meter.admit(tokens=0, usd=0)
    with pytest.raises(BudgetExceeded):
        meter.admit(tokens=0, usd=0, optional=True)
