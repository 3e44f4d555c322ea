"""An HTTP client whose responses end: the usual timeouts begin anew with each byte that drips in."""

import time
from collections.abc import Iterator

import httpx2
import openai


class _Timed(httpx2.SyncByteStream):
    """A response's body that must be complete by a deadline."""

    def __init__(self, inner: httpx2.SyncByteStream, *, ends: float, request: httpx2.Request) -> None:
        self._inner = inner
        self._ends = ends
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            if time.monotonic() > self._ends:
                raise httpx2.ReadTimeout("the response takes too long", request=self._request)
            yield piece

    def close(self) -> None:
        """Close the connection's side of it."""
        self._inner.close()


def timed_client(seconds: float) -> httpx2.Client:
    """Make a client with OpenAI's defaults whose responses must be complete `seconds` after their headers."""

    def limit(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.SyncByteStream):
            ends = time.monotonic() + seconds
            response.stream = _Timed(response.stream, ends=ends, request=response.request)

    return openai.DefaultHttpxClient(timeout=seconds, event_hooks={"response": [limit]})
