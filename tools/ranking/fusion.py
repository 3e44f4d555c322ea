"""Reciprocal rank fusion of several result lists."""

from collections.abc import Sequence
from dataclasses import replace

from tools.types import Hit

RANK_CONSTANT = 20
"""k of the formula; small, because the lists are short and their heads can be trusted."""


def fuse(lists: Sequence[Sequence[Hit]], *, weights: Sequence[float] | None = None) -> list[Hit]:
    """Merge ranked lists into one, best first, each chunk once.

    score(chunk) = Σ over lists of weight / (k + rank), rank counting from 1
    (Cormack, Clarke and Büttcher, SIGIR 2009), divided by the score of a chunk that leads every list, so
    that it lies in (0, 1]. Ties keep the order of first appearance.
    """
    shares = list(weights) if weights is not None else [1.0] * len(lists)
    totals: dict[str, float] = {}
    first: dict[str, Hit] = {}
    for hits, weight in zip(lists, shares, strict=True):
        for rank, hit in enumerate(hits, start=1):
            totals[hit.chunk.id] = totals.get(hit.chunk.id, 0.0) + weight / (RANK_CONSTANT + rank)
            first.setdefault(hit.chunk.id, hit)
    best = sum(shares) / (RANK_CONSTANT + 1)
    ranked = sorted(totals, key=lambda chunk_id: -totals[chunk_id])
    return [_scored(first[chunk_id], totals[chunk_id] / best) for chunk_id in ranked]


def _scored(hit: Hit, score: float) -> Hit:
    explanation = {**hit.explanation, "fusion": round(score, 4)}
    return replace(hit, score=score, explanation=explanation)
