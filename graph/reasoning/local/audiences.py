"""The router as each asker may know it: made of nothing but the documents that the asker may read.

Its words, product names and vectors decide where a question goes and are quoted when a question is completed,
so those of other documents must not be in it. What is learned from all documents together is a dozen
weights: how much each signal counts.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy

from graph.reasoning.local.lexicon import Lexicon, join, read_lexicon
from graph.reasoning.local.router import Place, Router
from tools.types import Chunk, Principal

REMEMBERED = 32
"""Views that are kept: askers of the same rights share one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What the documents of the same readers add to a router."""

    groups: tuple[str, ...]
    """Who may read them; everybody when empty."""
    lexicon: Lexicon
    """Their words, for every base."""
    rows: Mapping[str, Sequence[int]]
    """For every base, which rows of its chunks are theirs."""


class Routers:
    """Gives every asker a router. Safe to share between threads."""

    def __init__(self, whole: Router, shares: Sequence[Share]) -> None:
        """Take a router that knows everything, and whose documents it knows it from."""
        self._whole = whole
        self._shares = tuple(shares)
        self._views: OrderedDict[tuple[int, ...], Router] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, principal: Principal) -> Router:
        """Return the router that knows what somebody may read."""
        mine = tuple(
            number
            for number, share in enumerate(self._shares)
            if not share.groups or not principal.groups.isdisjoint(share.groups)
        )
        if len(mine) == len(self._shares):
            return self._whole
        with self._lock:
            if mine not in self._views:
                self._views[mine] = self._view([self._shares[number] for number in mine])
            self._views.move_to_end(mine)
            while len(self._views) > REMEMBERED:
                self._views.popitem(last=False)
            return self._views[mine]

    def _view(self, shares: Sequence[Share]) -> Router:
        whole = self._whole
        return replace(
            whole,
            lexicon=join([share.lexicon for share in shares], bases=whole.bases),
            places=tuple(
                _narrowed(place, shares) if place.name in whole.bases else place for place in whole.places
            ),
        )


def shares_of(chunks: Mapping[str, Sequence[Chunk]]) -> list[Share]:
    """Divide the chunks of every base, in the order of their vectors, by who may read them."""
    readers = sorted({chunk.metadata.groups for found in chunks.values() for chunk in found})
    return [
        Share(
            groups=groups,
            lexicon=read_lexicon(
                {
                    base: [chunk for chunk in found if chunk.metadata.groups == groups]
                    for base, found in chunks.items()
                }
            ),
            rows={
                base: [number for number, chunk in enumerate(found) if chunk.metadata.groups == groups]
                for base, found in chunks.items()
            },
        )
        for groups in readers
    ]


def _narrowed(place: Place, shares: Sequence[Share]) -> Place:
    rows = sorted(row for share in shares for row in share.rows[place.name])
    return replace(place, seen=numpy.array(rows, dtype=numpy.intp))
