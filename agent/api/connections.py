"""Connections: how long one may take to say what it wants, and how many there may be."""

import logging
from asyncio import TimerHandle, Transport
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_log = logging.getLogger("plumbline.connections")


class HttpConnection(HttpToolsProtocol):
    """uvicorn's connection, which by itself waits for ever for a request's head.

    A clock runs whenever part of a head is missing and nothing is being answered. Beyond the limit (uvicorn's
    `limit_concurrency`) connections are closed unheard: each holds one of the process's files.
    """

    head_seconds: ClassVar[float] = 10.0
    _clock: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait, unless there are too many who do."""
        super().connection_made(transport)
        left = self._places_left()
        if left < 0:
            transport.abort()
            return
        if left == 0:
            _log.warning("%s connections are open, as many as there may be", len(self.connections))
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Go on waiting, if that was not all of a head."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()

    def on_headers_complete(self) -> None:
        """Wait no longer."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: an upgrade is an offer of the client, and its request is answered as it stands."""

    def _places_left(self) -> int:
        """Count them; the last is not given away, for with it uvicorn would refuse every request."""
        return 1 if self.limit_concurrency is None else self.limit_concurrency - 1 - len(self.connections)

    def _wait(self) -> None:
        if self._clock is None and not self.transport.is_closing():
            self._clock = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
