"""Remembers answers for a while."""

import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from tools.database.guarding.policy import AccessRule, policy_for
from tools.types import Principal

Answer = TypeVar("Answer")
MOST_BYTES_OF_VALUES = 16_000_000
"""Of all values of columns that are kept together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry(Generic[Answer]):
    value: Answer
    size: int
    until: float
    is_doubted: bool = False


class Kept(Generic[Answer]):
    """The latest answers by question. Safe to share between threads.

    An answer that comes out the same again stays the same object, so that who has made something of it sees
    that nothing changed. One that nobody asks for again is forgotten as long after its end as it held.
    """

    def __init__(self, *, seconds: float, most: int, size: Callable[[Answer], int] = lambda _: 1) -> None:
        """Say how long an answer holds, and how much is kept.

        Args:
            seconds: How long an answer holds.
            most: Sum of the sizes of all that is kept; a larger answer is not kept at all.
            size: Tells the size of an answer; one each unless told, so that `most` is their number.
        """
        self._seconds = seconds
        self._most = most
        self._size = size
        self._entries: dict[Hashable, _Entry[Answer]] = {}
        """The one that was asked for last comes last."""
        self._total = 0
        self._lock = threading.Lock()

    def get(self, question: Hashable, find: Callable[[], Answer]) -> Answer:
        """Return the answer, which is found anew when it is not known or too old."""
        with self._lock:
            entry = self._entries.get(question)
            if entry is not None and time.monotonic() < entry.until and not entry.is_doubted:
                self._entries[question] = self._entries.pop(question)
                return entry.value
        value = find()
        size = self._size(value)
        with self._lock:
            before = self._entries.get(question)
            if before is not None and before.value == value:
                value = before.value
            self._forget(question)
            self._forget_old()
            self._entries[question] = _Entry(value=value, size=size, until=time.monotonic() + self._seconds)
            self._total += size
            while self._total > self._most:
                self._forget(next(iter(self._entries)))
        return value

    def doubt(self) -> None:
        """Have every answer found anew when it is next asked for."""
        with self._lock:
            self._entries = {
                question: replace(entry, is_doubted=True) for question, entry in self._entries.items()
            }

    def _forget_old(self) -> None:
        now = time.monotonic()
        for question in [key for key, entry in self._entries.items() if entry.until + self._seconds < now]:
            self._forget(question)

    def _forget(self, question: Hashable) -> None:
        entry = self._entries.pop(question, None)
        if entry is not None:
            self._total -= entry.size


def bytes_of(values: Sequence[str]) -> int:
    """Return the memory that texts take."""
    return sys.getsizeof(values) + sum(map(sys.getsizeof, values))


def seen_by(principal: Principal, table: str, rules: Iterable[AccessRule]) -> Hashable:
    """Return what is the same for all askers to whom a table looks the same."""
    access = policy_for(principal, rules).access(table)
    return (access, principal.attributes) if access is not None and access.rows else access
