"""What the columns of a database hold, looked up by words, kept for all who see the same values."""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from graph.reasoning.local.sql.words import tokens_of

MOST_BYTES = 20_000_000
"""Of all that is kept, roughly."""
LONGEST = 10
"""Words of the longest value that is found."""
_FORGOTTEN_AFTER = 300.0
"""Seconds for which a column that could not be read is left alone."""
_PER_VALUE = 300
_SLICE = 100
"""Values that are cut into words before other threads get their turn."""
_MOST_LETTERS = 200
"""Of a value whose words are kept; longer texts are no names."""
_MOST_UNREADABLE = 1_000
_NUMERIC = re.compile(r"\s*[-+]?\d+(?:\.\d+)?\s*\Z")
_MISSING = frozenset({"", "null", "none", "na", "n/a", "nan", "-", "?", "unknown"})
_DATED = re.compile(r"\s*\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The values of one column."""

    values: tuple[str, ...]
    spelled: dict[tuple[str, ...], list[str]]
    """Folded words → the values that are written with them."""
    first: frozenset[str]
    """The first words of all values."""
    numeric: bool
    """Nothing but numbers, and words such as "null" for none."""
    strictly_numeric: bool
    dated: bool
    """Nothing but ISO dates."""
    size: int


class Shelf:
    """The columns that were asked for last, and those that cannot be read. Safe to share between threads."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        """Say how much may be kept."""
        self._most = most_bytes
        self._held: OrderedDict[tuple[str, str, int], Held] = OrderedDict()
        self._size = 0
        self._unreadable: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Roughly the bytes of all that is kept."""
        return self._size

    def get(self, table: str, column: str, values: tuple[str, ...]) -> Held:
        """Return the values by their words; the same object for the same values, as long as it is kept."""
        place = (table, column, id(values))
        with self._lock:
            known = self._held.get(place)
            if known is not None and known.values is values:
                self._held.move_to_end(place)
                return known
        made = _held(values)
        with self._lock:
            before = self._held.pop(place, None)
            self._size += made.size - (before.size if before is not None else 0)
            self._held[place] = made
            while self._size > self._most and self._held:
                self._size -= self._held.popitem(last=False)[1].size
        return made

    def give_up(self, table: str, column: str) -> None:
        """Leave a column alone for a while."""
        with self._lock:
            self._unreadable[table, column] = time.monotonic() + _FORGOTTEN_AFTER
            while len(self._unreadable) > _MOST_UNREADABLE:
                self._unreadable.popitem(last=False)

    def gave_up(self, table: str, column: str) -> bool:
        """Tell whether a column is left alone."""
        return self._unreadable.get((table, column), 0.0) > time.monotonic()


def keys_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a value."""
    spaced = text.replace('"', " ").replace("_", " ")
    return tuple(token.folded for token in tokens_of(spaced) if token.kind != "mark")


def _held(values: tuple[str, ...]) -> Held:
    spelled: dict[tuple[str, ...], list[str]] = {}
    for place, value in enumerate(values):
        if place % _SLICE == 0:
            time.sleep(0)  # other threads may run; cutting a large column takes a while
        key = keys_of(value) if len(value) <= _MOST_LETTERS else ()
        if 0 < len(key) <= LONGEST:
            spelled.setdefault(key, []).append(value)
    return Held(
        values=values,
        spelled=spelled,
        first=frozenset(key[0] for key in spelled),
        numeric=_numbers(values, also=_MISSING),
        strictly_numeric=_numbers(values),
        dated=bool(values) and all(map(_DATED.match, values)),
        size=sum(2 * len(value) + _PER_VALUE for value in values),
    )


def _numbers(values: Sequence[str], also: frozenset[str] = frozenset()) -> bool:
    if not any(map(_NUMERIC.match, values)):
        return False
    return all(_NUMERIC.match(value) or value.strip().lower() in also for value in values)
