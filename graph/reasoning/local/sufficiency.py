"""Whether spans answer a question at all: scores alone do not tell.

The signals are the best span's cosine, how much of the question the best spans cover together, how much
of the question's rare words occurs nowhere in the passages, whether every name in the question is named by
the passages, and whether the best span holds the kind of thing asked for.
"""

from collections.abc import Sequence
from math import exp

from graph.reasoning.local.answer_types import is_typed
from graph.reasoning.local.followups import names_in
from graph.reasoning.local.lexicon import Lexicon
from graph.reasoning.local.supports import Candidate
from tools.text.words import fold, stem_set

BIAS, COSINE, COVERED, ABSENT, UNNAMED, UNTYPED = -3.0, 4.0, 4.0, -3.0, -1.5, -0.7
TOGETHER = 3
"""Spans whose words count together."""


def confidence(question: str, candidates: Sequence[Candidate], lexicon: Lexicon) -> float:
    """Return the probability in [0, 1] that the spans answer the question.

    p = 1 / (1 + exp(-(bias + Σ weight · signal))).
    """
    if not candidates:
        return 0.0
    wanted = stem_set(question)
    best = candidates[:TOGETHER]
    spans = frozenset().union(*(one.span.with_headings for one in best))
    everywhere = frozenset().union(*(stem_set(one.hit.chunk.embedding_text) for one in candidates))
    score = (
        BIAS
        + COSINE * max(one.cosine for one in best)
        + COVERED * lexicon.coverage(wanted, spans)
        + ABSENT * (1 - lexicon.coverage(wanted, everywhere))
        + UNNAMED * _unnamed(question, candidates[0], lexicon)
        + UNTYPED * (is_typed(question) and not candidates[0].typed)
    )
    return 1 / (1 + exp(-score))


def _unnamed(question: str, best: Candidate, lexicon: Lexicon) -> float:
    """Return the share of the question's names that the best passage does not mention."""
    names = names_in(question, lexicon)
    chunk = best.hit.chunk
    text = fold(f"{chunk.embedding_text} {' '.join(chunk.metadata.products)}")
    return sum(fold(name) not in text for name in names) / len(names) if names else 0.0
