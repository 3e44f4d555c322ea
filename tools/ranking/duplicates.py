"""Removal of passages that say the same thing twice."""

from collections.abc import Sequence
from functools import lru_cache

from tools.text.words import stems
from tools.types import Hit

SHINGLE = 4
"""Stems in a row that count as one feature."""


def drop_near_duplicates(hits: Sequence[Hit], *, threshold: float = 0.8) -> list[Hit]:
    """Keep the first of any passages whose texts overlap by `threshold` or more, in order.

    The overlap is the Jaccard similarity |A ∩ B| / |A ∪ B| of the passages' shingles of four stems.
    Versions of one document are no duplicates: hits whose validity differs are all kept, so that the rules
    can prefer the newer one.
    """
    kept: list[tuple[Hit, frozenset[tuple[str, ...]]]] = []
    for hit in hits:
        shingles = _shingles(hit.chunk.text)
        if not any(_same(hit, shingles, other, seen, threshold) for other, seen in kept):
            kept.append((hit, shingles))
    return [hit for hit, _ in kept]


def _same(
    hit: Hit,
    shingles: frozenset[tuple[str, ...]],
    other: Hit,
    seen: frozenset[tuple[str, ...]],
    threshold: float,
) -> bool:
    one, two = hit.chunk.metadata, other.chunk.metadata
    if (one.valid_from, one.valid_to, one.products) != (two.valid_from, two.valid_to, two.products):
        return False
    return len(shingles & seen) >= threshold * len(shingles | seen)


@lru_cache(maxsize=500)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    found = stems(text)
    return frozenset(tuple(found[i : i + SHINGLE]) for i in range(max(1, len(found) - SHINGLE + 1)))
