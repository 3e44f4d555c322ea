"""What one question may spend on language models, and what it has spent.

A meter lives as long as one run of the graph. Every model call asks it for admission first and reports to
it afterwards, so that the limits hold whichever node calls, and the run's record is complete.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

from tools.errors import BudgetExceeded, Limit

OPTIONAL_SHARE = 0.5
"""Part of every limit that calls may use which an answer can do without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Most that one question may spend."""

    seconds: float = 30.0
    """Wall time of the whole question."""
    reserve_seconds: float = 3.0
    """Kept back from the models, so that the local mode can still finish."""
    tokens: float = inf
    """Input and output of all model calls together."""
    usd: float = inf
    model_calls: int = 4


@dataclass(slots=True, kw_only=True)
class Call:
    """One model call of a run; the caller fills in what it learns."""

    prompt: str
    """Name of the prompt."""
    prompt_hash: str
    model: str
    started: float
    """Seconds since the run began."""
    ended: float = 0.0
    attempts: int = 0
    """Requests that were sent, retries included."""
    input_tokens: int = 0
    cached_tokens: int = 0
    """Input tokens that the provider had cached; part of `input_tokens`."""
    output_tokens: int = 0
    estimated: bool = False
    """True when the endpoint did not say how many tokens were used."""
    cost_usd: float = 0.0
    error: str | None = None
    """Class name of the error that ended it."""


@dataclass(slots=True, kw_only=True)
class Meter:
    """Admits model calls and writes them down."""

    budget: Budget = field(default_factory=Budget)
    now: Callable[[], float] = time.monotonic
    calls: list[Call] = field(default_factory=list)
    exceeded: Limit | None = None
    """The first limit that refused a call."""
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._began = self.now()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self.now() - self._began

    @property
    def seconds_for_models(self) -> float:
        """Seconds that model calls may still take; the reserve is at most a third of the whole."""
        reserve = min(self.budget.reserve_seconds, self.budget.seconds / 3)
        return max(0.0, self.budget.seconds - reserve - self.elapsed)

    @property
    def tokens(self) -> int:
        """Input and output tokens so far."""
        return sum(call.input_tokens + call.output_tokens for call in self.calls)

    @property
    def usd(self) -> float:
        """Cost so far."""
        return sum(call.cost_usd for call in self.calls)

    @property
    def sequential_calls(self) -> int:
        """Return the most calls of which each began after the one before it had ended.

        The classic interval scheduling: take the call that ends first, drop all that began before, repeat.
        """
        count, free = 0, -inf
        for call in sorted(self.calls, key=lambda call: (call.ended, call.started)):
            if call.started >= free:
                count, free = count + 1, call.ended
        return count

    def seconds_left(self, *, optional: bool = False) -> float:
        """Return the seconds that one call may take; an optional one leaves half of the budget untouched."""
        kept = (1 - OPTIONAL_SHARE) * self.budget.seconds if optional else 0.0
        return max(0.0, self.seconds_for_models - kept)

    def admit(self, *, tokens: int, usd: float, optional: bool = False) -> None:
        """Let a call through that could use this much, or refuse it.

        What an answer can do without goes first when little is left: an optional call must leave half of
        every limit, and at least one call, for those behind it; of the time it may not take that half either.

        Raises:
            BudgetExceeded: It could exceed a limit; the first such limit is remembered.
        """
        share, behind = (OPTIONAL_SHARE, 1) if optional else (1.0, 0)
        budget = self.budget
        wanted: list[tuple[Limit, bool]] = [
            ("seconds", self.seconds_left(optional=optional) <= 0),
            ("model_calls", len(self.calls) + behind >= budget.model_calls),
            ("tokens", self.tokens + tokens > share * budget.tokens),
            ("usd", self.usd + usd > share * budget.usd),
        ]
        for limit, over in wanted:
            if over:
                self.exceeded = self.exceeded or limit
                raise BudgetExceeded(limit, f"assistant.budget.{limit} is used up; raise it to get more")

    @contextmanager
    def call(self, *, prompt: str, prompt_hash: str, model: str) -> Iterator[Call]:
        """Write a call down from its start to its end, however it ends."""
        call = Call(prompt=prompt, prompt_hash=prompt_hash, model=model, started=self.elapsed)
        self.calls.append(call)
        try:
            yield call
        except BaseException as error:
            call.error = type(error).__name__
            raise
        finally:
            call.ended = self.elapsed
