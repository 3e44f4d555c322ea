"""Whether spans answer a question at all: no single score tells.

The signals are the cosine of the best span, how much of the question the best spans cover together with
their headings, the similarity of the best passage as the engine saw it, and whether the names in the
question are named by the passage. The weights are a logistic fit on three kinds of evidence: passages that
hold the answer, the same searches with the answering documents taken out, and questions that no document
answers (half of the sample company's questions and 300 of squad2_sample). On SQuAD's adversarial
unanswerables they do little better than chance, as every score-based signal does.
"""

from collections.abc import Sequence
from math import exp

from graph.reasoning.local.followups import names_in
from graph.reasoning.local.lexicon import Lexicon
from graph.reasoning.local.supports import Candidate
from tools.text.words import fold, stem_set

BIAS, COSINE, COVERED, PASSAGE, UNNAMED = -7.2, 4.9, 3.2, 5.8, -0.7
TOGETHER = 3
"""Spans whose words count together."""


def confidence(question: str, candidates: Sequence[Candidate], lexicon: Lexicon) -> float:
    """Return the probability in [0, 1] that the spans answer the question.

    p = 1 / (1 + exp(-(bias + Σ weight · signal))).
    """
    if not candidates:
        return 0.0
    best = candidates[:TOGETHER]
    words: frozenset[str] = frozenset().union(*(one.span.with_headings for one in best))
    covered = lexicon.coverage(lexicon.subject(question), words)
    score = (
        BIAS
        + COSINE * max(one.cosine for one in best)
        + COVERED * covered
        + PASSAGE * _passage_similarity(candidates, covered)
        + UNNAMED * _unnamed(question, candidates[0], lexicon)
    )
    return 1 / (1 + exp(-score))


def _passage_similarity(candidates: Sequence[Candidate], covered: float) -> float:
    """Return the best passage's cosine; words stand in where the engine searched by words alone."""
    dense = [value for one in candidates if isinstance(value := one.hit.explanation.get("dense"), float)]
    return max(dense, default=covered)


def _unnamed(question: str, best: Candidate, lexicon: Lexicon) -> float:
    """Return the share of the question's names that the best passage does not mention."""
    strange = stem_set(question) - lexicon.subject(question)
    names = [name for name in names_in(question, lexicon) if not stem_set(name) <= strange]
    chunk = best.hit.chunk
    text = fold(f"{chunk.embedding_text} {' '.join(chunk.metadata.products)}")
    return sum(fold(name) not in text for name in names) / len(names) if names else 0.0
