"""Sends recordings as spans to an OpenTelemetry collector, beside the runs and never in their way."""

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from pydantic import SecretStr

from agent.recording.recording import Recording
from agent.sections_tracing import Tracing
from agent.tracing.spans import Span, left_out, spans_of
from tools.errors import ConfigurationError

MOST_WAITING = 256
"""Recordings that wait to be sent; beyond, the oldest are dropped."""
BATCH = 512
"""Spans of one request."""
FLUSH_SECONDS = 2.0
"""How long the end of the process waits for what is not sent yet."""
GIVING_UP_SECONDS = 0.5
"""How long it waits for a request to be given up then."""
WARNING_SECONDS = 60.0
"""From one warning to the next."""
ENDED = "the process ended before"

_log = logging.getLogger(__name__)


class Sender(Protocol):
    """Sends spans; blocks the thread."""

    def send(self, spans: Sequence[Span]) -> str | None:
        """Send them, and return why they did not arrive; None when they did."""

    def close(self) -> None:
        """Give up what is under way."""


class Telemetry:
    """Takes recordings; no collector is configured, so that nothing comes of it."""

    def export(self, recording: Recording) -> None:
        """Have a recording sent; returns at once, whatever the collector does."""


class SendingTelemetry(Telemetry):
    """Takes recordings and sends them in a thread of its own."""

    def __init__(
        self, sender: Sender, *, content: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Use `open_telemetry`."""
        self.sent = 0
        """Spans that the collector took."""
        self.dropped = 0
        """Spans that did not reach it."""
        self._sender = sender
        self._content = content
        self._now = now
        self._waiting: deque[Recording] = deque()
        self._news = threading.Condition()
        self._closing = False
        self._abandoned = False
        self._warned_at = -math.inf
        self._untold = 0
        self._thread = threading.Thread(target=self._work, name="plumbline-telemetry", daemon=True)
        self._thread.start()

    def export(self, recording: Recording) -> None:
        """Have a recording sent; returns at once, whatever the collector does."""
        with self._news:
            overflow = self._waiting.popleft() if len(self._waiting) == MOST_WAITING else None
            self._waiting.append(recording)
            self._news.notify()
        if overflow is not None:
            self._drop(_size(overflow), "it does not keep up")

    def close(self) -> None:
        """Send what waits, for some seconds at most; blocks the thread."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(FLUSH_SECONDS)
        with self._news:
            self._abandoned = True
            lost = sum(map(_size, self._waiting))
            self._waiting.clear()
        self._sender.close()
        self._thread.join(GIVING_UP_SECONDS)
        if lost:
            self._drop(lost, ENDED)

    def _work(self) -> None:
        while batch := self._next():
            try:
                spans = [span for one in batch for span in spans_of(one, content=self._content)]
            except Exception:  # noqa: BLE001  # the thread's edge: one recording must not silence the others
                _log.exception("recordings could not be written as spans; this is a defect, please report it")
                self._drop(sum(map(_size, batch)), "they could not be written")
                continue
            for start in range(0, len(spans), BATCH):
                self._send(spans[start : start + BATCH])
            if beyond := sum(map(left_out, batch)):
                self._drop(beyond, "one run has more than are sent")

    def _next(self) -> list[Recording]:
        """Wait for recordings, and return as many as fill a batch; none at the end."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closing)
            batch: list[Recording] = []
            while self._waiting and sum(map(_size, batch)) < BATCH:
                batch.append(self._waiting.popleft())
            return batch

    def _send(self, spans: Sequence[Span]) -> None:
        refused = ENDED if self._abandoned else self._sender.send(spans)
        if refused is None:
            self.sent += len(spans)
        else:
            self._drop(len(spans), refused)

    def _drop(self, count: int, reason: str) -> None:
        """Count what is lost, and tell so at most once a minute."""
        with self._news:
            self.dropped += count
            self._untold += count
            now = self._now()
            if now - self._warned_at < WARNING_SECONDS:
                return
            self._warned_at, told, self._untold = now, self._untold, 0
        _log.warning(
            "%d spans did not reach the OpenTelemetry collector (%s); "
            "see that what tracing.otlp_endpoint names runs and accepts them",
            told,
            reason,
        )


@asynccontextmanager
async def open_telemetry(settings: Tracing, software: Mapping[str, str]) -> AsyncIterator[Telemetry]:
    """Open what sends recordings; it does nothing when no collector is configured.

    Args:
        settings: Where the collector is.
        software: Versions of what takes part, Plumbline's among them.

    Raises:
        ConfigurationError: OpenTelemetry is not installed, or the collector's address or headers are wrong.
    """
    if settings.otlp_endpoint is None:
        yield Telemetry()
        return
    sender = _collector(settings.otlp_endpoint, settings.otlp_headers, software.get("plumbline", ""))
    telemetry = SendingTelemetry(sender, content=settings.otlp_content)
    try:
        yield telemetry
    finally:
        await asyncio.to_thread(telemetry.close)


def _collector(endpoint: str, headers: Mapping[str, SecretStr], version: str) -> Sender:
    try:
        from agent.tracing.otlp import Collector
    except ImportError as error:
        raise ConfigurationError(
            "tracing.otlp_endpoint needs OpenTelemetry, which is not installed; "
            'run: pip install "plumbline[otel]"'
        ) from error
    plain = {name: value.get_secret_value() for name, value in headers.items()}
    return Collector(endpoint, headers=plain, version=version)


def _size(recording: Recording) -> int:
    """Return how many spans a recording is sent as, and has left out."""
    return 1 + len(recording.steps) + len(recording.calls)
