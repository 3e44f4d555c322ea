"""Whether spans answer a question at all: no single score tells.

The signals are the cosine of the best span, how much of the question the best spans cover together with
their headings, how much of it none of the passages contains, and the similarity of the best passage as the
engine saw it. The weights are a logistic fit on three kinds of evidence: passages that hold the answer, the
same searches with the answering documents taken out, and questions that no document answers (the sample
company's questions and 300 of squad2_sample). On SQuAD's adversarial unanswerables they do little better
than chance, as every score-based signal does.

Where spans were compared by words alone, one signal is left that tells anything: the largest share of the
question that one of the best spans covers with its headings. Its weights are a fit of its own, on searches by
words alone of the first two kinds and on the sample company's questions that no document answers. It ranks
worse (area under the curve 0.67 on the sample company, 0.85 on squad2_sample) and is calibrated all the same
(Brier score 0.20), so that such a confidence is seldom far from even.
"""

from collections.abc import Sequence
from math import exp

from graph.reasoning.local.lexicon import Lexicon
from graph.reasoning.local.supports import Candidate
from tools.text.words import stem_set

BIAS, COSINE, COVERED, ABSENT, PASSAGE = -7.9, 4.9, 2.0, -0.9, 9.3
WORDS_BIAS, WORDS_COVERED = -2.5, 4.6
TOGETHER = 3
"""Spans whose words count together."""


def confidence(question: str, candidates: Sequence[Candidate], lexicon: Lexicon) -> float:
    """Return the probability in [0, 1] that the spans answer the question.

    p = 1 / (1 + exp(-(bias + Σ weight · signal))).
    """
    if not candidates:
        return 0.0
    wanted, best = lexicon.subject(question), candidates[:TOGETHER]
    cosines = [one.cosine for one in best if one.cosine is not None]
    if not cosines:
        most = max(lexicon.coverage(wanted, one.span.with_headings) for one in best)
        return _logistic(WORDS_BIAS + WORDS_COVERED * most)
    words: frozenset[str] = frozenset().union(*(one.span.with_headings for one in best))
    passages = {one.hit.chunk.id: one.hit.chunk.embedding_text for one in candidates}
    everywhere: frozenset[str] = frozenset().union(*map(stem_set, passages.values()))
    covered = lexicon.coverage(wanted, words)
    return _logistic(
        BIAS
        + COSINE * max(cosines)
        + COVERED * covered
        + ABSENT * (1 - lexicon.coverage(wanted, everywhere))
        + PASSAGE * _passage_similarity(candidates, covered)
    )


def _logistic(score: float) -> float:
    return 1 / (1 + exp(-score))


def _passage_similarity(candidates: Sequence[Candidate], covered: float) -> float:
    """Return the best passage's cosine; words stand in where the engine searched by words alone."""
    dense = [value for one in candidates if isinstance(value := one.hit.explanation.get("dense"), float)]
    return max(dense, default=covered)
