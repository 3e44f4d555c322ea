"""Whether a search found what it should, and how early.

What should be found are the entries of `Case.gold`. An entry with alternatives is one thing to find, and only
the first passage that satisfies it gains anything: finding it again in another passage is no further success.
"""

from collections.abc import Callable, Mapping, Sequence
from math import log2

from agent.evaluation.cases import Relevant
from agent.evaluation.measured import Observed, Passage

Gold = Sequence[Relevant]
"""At least one entry."""


def retrieval(observed: Observed) -> Mapping[str, float]:
    """Return the retrieval metrics of a case by name; nothing where nothing should be found."""
    found, gold = observed.found, observed.case.gold
    if not gold:
        return {}
    return {
        "hit_rate": hit_rate(found, gold),
        "recall_at_5": recall_at(found, gold, k=5),
        "mrr": reciprocal_rank(found, gold),
        "ndcg_at_10": ndcg_at(found, gold, k=10),
    }


def hit_rate(found: Sequence[Passage], gold: Gold) -> float:
    """Return 1 if anything relevant was found at all, else 0."""
    return float(reciprocal_rank(found, gold) > 0)


def recall_at(found: Sequence[Passage], gold: Gold, *, k: int) -> float:
    """Return the share of the entries that the first `k` passages satisfy."""
    return sum(any(is_relevant(one, entry) for one in found[:k]) for entry in gold) / len(gold)


def reciprocal_rank(found: Sequence[Passage], gold: Gold) -> float:
    """Return 1 / rank of the first relevant passage, 0 where none is."""
    for rank, passage in enumerate(found, start=1):
        if any(is_relevant(passage, entry) for entry in gold):
            return 1 / rank
    return 0.0


def ndcg_at(found: Sequence[Passage], gold: Gold, *, k: int) -> float:
    """Return the discounted gain of the first `k` passages over that of the best order.

        DCG = Σ gain(rank) / log2(rank + 1)

    with gain the number of entries that the passage is the first to satisfy: nDCG (Järvelin & Kekäläinen
    2002) without reward for repetition, which is α-nDCG with α = 1 (Clarke et al. 2008). The best order is
    made greedily of the same passages, as is usual, and of one more passage for each entry not found.
    """
    satisfied = [_satisfied(passage, gold) for passage in found]
    gains = _gains(satisfied, lambda rest, _open: rest[0])
    best = _gains(satisfied, lambda rest, left: max(rest, key=lambda one: len(one & left)))
    best += [1] * (len(gold) - sum(best))
    return min(1.0, _discounted(gains[:k]) / _discounted(sorted(best, reverse=True)[:k]))


def is_relevant(passage: Passage, entry: Relevant) -> bool:
    """Tell whether a passage satisfies everything that an entry gives."""
    if entry.source and passage.source not in entry.source.split("|"):
        return False
    spanned = entry.start is not None and entry.end is not None
    if spanned and not _overlap(passage, entry.start or 0, entry.end or 0):
        return False
    return not entry.text or squeezed(entry.text) in squeezed(passage.text)


def squeezed(text: str) -> str:
    """Return a text without white space and in one case."""
    return "".join(text.split()).casefold()


def _overlap(passage: Passage, start: int, end: int) -> bool:
    return passage.start < end and start < passage.end


def _satisfied(passage: Passage, gold: Gold) -> frozenset[int]:
    return frozenset(place for place, entry in enumerate(gold) if is_relevant(passage, entry))


def _gains(
    satisfied: Sequence[frozenset[int]],
    choose: Callable[[list[frozenset[int]], frozenset[int]], frozenset[int]],
) -> list[int]:
    """Return what each passage adds when they are taken in the order in which they are chosen."""
    rest = list(satisfied)
    left = frozenset[int]().union(*rest)
    gains = []
    while rest and left:
        chosen = choose(rest, left)
        rest.remove(chosen)
        gains.append(len(chosen & left))
        left -= chosen
    return gains


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains, start=1))
