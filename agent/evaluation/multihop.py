"""MultiHop-RAG's own metrics of a search (Tang & Yang 2024, https://arxiv.org/abs/2401.15391).

A passage is relevant if it contains a gold fact, blanks and line ends aside; questions without an answer are
left out. With G the facts of a question and N(r) those that the passage of rank r is the first to contain:

    Hits@k = share of questions with a relevant passage among the first k
    MRR@10 = mean of 1 / rank of the first relevant passage among the first ten
    MAP@10 = mean of (Σ over ranks r ≤ 10 of N(r) / r) / min(|G|, 10)

Their MAP is not the usual one: it does not divide the facts found so far by the rank, only the new ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.errors import InvalidInput

DEPTH = 10
"""Ranks that count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiHopScores:
    """Means over the questions that have an answer, in [0, 1]."""

    hits_at_10: float
    hits_at_4: float
    map_at_10: float
    mrr_at_10: float
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What was found for one question, best first, and the facts that should be."""

    passages: Sequence[str]
    facts: Sequence[str]


def multihop_scores(retrievals: Sequence[Retrieval]) -> MultiHopScores:
    """Score the searches of questions that have an answer.

    Raises:
        InvalidInput: There is no question with a fact.
    """
    scored = [_scored(one) for one in retrievals if one.facts]
    if not scored:
        raise InvalidInput("no question has a fact that could be found; give the evidence of each question")
    ranks, precisions = [rank for rank, _ in scored], [precision for _, precision in scored]
    count = len(scored)
    return MultiHopScores(
        hits_at_10=sum(rank is not None for rank in ranks) / count,
        hits_at_4=sum(rank is not None and rank <= 4 for rank in ranks) / count,
        map_at_10=sum(precisions) / count,
        mrr_at_10=sum(1 / rank for rank in ranks if rank is not None) / count,
        questions=count,
    )


def _scored(retrieval: Retrieval) -> tuple[int | None, float]:
    """Return the rank of the first relevant passage, and the question's share of MAP@10."""
    facts = [_squeezed(fact) for fact in retrieval.facts]
    first, found, total = None, set[str](), 0.0
    for rank, passage in enumerate(map(_squeezed, retrieval.passages[:DEPTH]), start=1):
        held = {fact for fact in facts if fact in passage}
        if held and first is None:
            first = rank
        total += len(held - found) / rank
        found |= held
    return first, total / min(len(facts), DEPTH)


def _squeezed(text: str) -> str:
    return text.replace(" ", "").replace("\n", "")
