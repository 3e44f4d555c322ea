"""Whether spans answer a question at all: no single score tells.

The signals are the cosine of the best span, how much of the question the best spans cover together with
their headings, how much of it none of the passages contains, and the similarity of the best passage as the
engine saw it. The weights are a logistic fit on three kinds of evidence: passages that hold the answer, the
same searches with the answering documents taken out, and questions that no document answers (the sample
company's questions and 300 of squad2_sample). On SQuAD's adversarial unanswerables they do little better
than chance, as every score-based signal does.
"""

from collections.abc import Sequence
from math import exp

from graph.reasoning.local.lexicon import Lexicon
from graph.reasoning.local.supports import Candidate
from tools.text.words import stem_set

BIAS, COSINE, COVERED, ABSENT, PASSAGE = -7.9, 4.9, 2.0, -0.9, 9.3
TOGETHER = 3
"""Spans whose words count together."""


def confidence(question: str, candidates: Sequence[Candidate], lexicon: Lexicon) -> float:
    """Return the probability in [0, 1] that the spans answer the question.

    p = 1 / (1 + exp(-(bias + Σ weight · signal))).
    """
    if not candidates:
        return 0.0
    wanted, best = lexicon.subject(question), candidates[:TOGETHER]
    words: frozenset[str] = frozenset().union(*(one.span.with_headings for one in best))
    passages = {one.hit.chunk.id: one.hit.chunk.embedding_text for one in candidates}
    everywhere: frozenset[str] = frozenset().union(*map(stem_set, passages.values()))
    covered = lexicon.coverage(wanted, words)
    score = (
        BIAS
        + COSINE * max(one.cosine for one in best)
        + COVERED * covered
        + ABSENT * (1 - lexicon.coverage(wanted, everywhere))
        + PASSAGE * _passage_similarity(candidates, covered)
    )
    return 1 / (1 + exp(-score))


def _passage_similarity(candidates: Sequence[Candidate], covered: float) -> float:
    """Return the best passage's cosine; words stand in where the engine searched by words alone."""
    dense = [value for one in candidates if isinstance(value := one.hit.explanation.get("dense"), float)]
    return max(dense, default=covered)
