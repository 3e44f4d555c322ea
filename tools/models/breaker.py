"""A circuit breaker: it spares a dead endpoint, and the caller the wait for it.

closed ──threshold failures in a row──> open ──cooled down──> one probe ──alive──> closed
                                          ^                       │
                                          └──dead: twice as long──┘
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tools.errors import ModelUnavailable


@dataclass(slots=True)
class Passage:
    """One call that was let through; the caller notes what it learned about the endpoint."""

    alive: bool | None = None
    """None says nothing, as when the call was cancelled."""


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Lets calls through while the endpoint works. Safe to share between threads."""

    threshold: int = 3
    """Failures in a row that open it."""
    cooling_seconds: float = 15.0
    """Until the first probe; doubles with each that fails."""
    longest_cooling_seconds: float = 120.0
    what: str = "language model"
    """What is behind the endpoint, for the message."""
    now: Callable[[], float] = time.monotonic
    _failures: int = field(default=0, init=False)
    _probes: int = field(default=0, init=False)
    """Probes that failed since it opened."""
    _opened: float | None = field(default=None, init=False)
    _probing: bool = field(default=False, init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False, compare=False)

    @contextmanager
    def passage(self) -> Iterator[Passage]:
        """Let a call through, alone when it is the probe.

        Raises:
            ModelUnavailable: The endpoint failed a moment ago; nothing may be sent.
        """
        with self._lock:
            self.check()
            probe = self._opened is not None
            self._probing = self._probing or probe
        passage = Passage()
        try:
            yield passage
        finally:
            with self._lock:
                if probe:
                    self._probing = False
                self._learn(passage, probe=probe)

    def check(self) -> None:
        """Raise ModelUnavailable when no call would be let through."""
        with self._lock:
            if self._opened is None:
                return
            waits = self._probing or self.now() - self._opened < self._cooling
        if waits:
            raise ModelUnavailable(f"the {self.what} failed a moment ago and is not asked yet; wait a little")

    @property
    def _cooling(self) -> float:
        # The exponent is bounded because an endpoint may stay away for a year.
        return min(self.cooling_seconds * 2.0 ** min(self._probes, 30), self.longest_cooling_seconds)

    def _learn(self, passage: Passage, *, probe: bool) -> None:
        if passage.alive:
            self._failures, self._probes, self._opened = 0, 0, None
        elif passage.alive is False and probe:
            self._probes, self._opened = self._probes + 1, self.now()
        elif passage.alive is False and self._opened is None:
            self._failures += 1
            if self._failures >= self.threshold:
                self._opened = self.now()
