"""Frames over pipes: four bytes of length, most significant first, then as many bytes.

The child blocks; the parent never waits longer than it wants to, whatever the other side does.
"""

import os
import select
import time
from dataclasses import dataclass
from math import ceil

_LENGTH_BYTES = 4
_PIECE_BYTES = 65_536


class Overdue(Exception):
    """The other side took longer than it was allowed to."""


class Broken(Exception):
    """The other side is gone, or sends what is no frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """The parent's ends of a child's two pipes, neither of which blocks."""

    into: int
    out_of: int
    most_bytes: int
    """Longest frame that is taken from the child."""

    def send(self, payload: bytes, *, until: float) -> None:
        """Write a frame.

        Args:
            payload: Its content.
            until: When to give up, in seconds of the monotonic clock.

        Raises:
            Overdue: The child did not take it in time.
            Broken: The child is gone.
        """
        left = memoryview(_length(payload) + payload)
        while left:
            _wait(self.into, select.POLLOUT, until)
            try:
                left = left[os.write(self.into, left) :]
            except BlockingIOError:  # less room than a frame's atomic piece
                continue
            except BrokenPipeError as error:
                raise Broken from error

    def receive(self, *, until: float) -> bytes:
        """Read a frame; raises as `send` does."""
        length = int.from_bytes(self._exactly(_LENGTH_BYTES, until), "big")
        if length > self.most_bytes:
            raise Broken
        return self._exactly(length, until)

    def has_news(self, *, until: float) -> bool:
        """Wait for something that can be read, and tell whether there is."""
        return bool(_poll(self.out_of, select.POLLIN, until))

    def _exactly(self, count: int, until: float) -> bytes:
        received = bytearray()
        while len(received) < count:
            _wait(self.out_of, select.POLLIN, until)
            piece = os.read(self.out_of, min(_PIECE_BYTES, count - len(received)))
            if not piece:
                raise Broken
            received += piece
        return bytes(received)


def read_frame(descriptor: int) -> bytes | None:
    """Read the next frame, however long it takes; None at the end."""
    length = _read_exactly(descriptor, _LENGTH_BYTES)
    return None if length is None else _read_exactly(descriptor, int.from_bytes(length, "big"))


def write_frame(descriptor: int, payload: bytes) -> None:
    """Write a frame, however long it takes."""
    for part in (_length(payload), payload):
        left = memoryview(part)
        while left:
            left = left[os.write(descriptor, left) :]


def _length(payload: bytes) -> bytes:
    return len(payload).to_bytes(_LENGTH_BYTES, "big")


def _read_exactly(descriptor: int, count: int) -> bytes | None:
    received = bytearray()
    while len(received) < count:
        piece = os.read(descriptor, min(_PIECE_BYTES, count - len(received)))
        if not piece:
            return None
        received += piece
    return bytes(received)


def _wait(descriptor: int, event: int, until: float) -> None:
    if not _poll(descriptor, event, until):
        raise Overdue


def _poll(descriptor: int, event: int, until: float) -> list[tuple[int, int]]:
    poll = select.poll()
    poll.register(descriptor, event)
    return poll.poll(ceil(1_000 * max(0.0, until - time.monotonic())))
