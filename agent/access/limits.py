"""How often somebody may ask."""

import time
from collections import OrderedDict
from collections.abc import Callable

from tools.errors import TooManyRequests

MOST_OWNERS = 10_000
"""Owners that are kept in mind; beyond, whoever asked longest ago is forgotten."""
_MINUTE = 60.0
_ROUNDING = 1e-3
"""Seconds; sums of floats may miss the last request of a bucket by less."""


class Limiter:
    """Counts the requests of every owner: a bucket of one minute's tokens that refills evenly.

    Kept as one time per owner (GCRA): when its bucket will be full again. With `n` requests a minute, a
    request moves that time by 60 / n seconds, and is refused when it would come to lie more than a minute
    ahead.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_owners: int = MOST_OWNERS) -> None:
        """Take a clock that never goes back, in seconds."""
        self._clock = clock
        self._most_owners = most_owners
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def admit(self, owner: str, per_minute: int | None) -> None:
        """Take account of a request.

        Raises:
            TooManyRequests: The owner has used up its requests; a refused one costs nothing.
        """
        if per_minute is None:
            return
        now = self._clock()
        full_at = max(self._full_at.get(owner, now), now) + _MINUTE / per_minute
        ahead = full_at - now - _MINUTE
        if ahead > _ROUNDING:
            raise TooManyRequests(f"more than {per_minute} requests a minute; wait, then go on", ahead)
        self._full_at[owner] = full_at
        self._full_at.move_to_end(owner)
        if len(self._full_at) > self._most_owners:
            self._full_at.popitem(last=False)
