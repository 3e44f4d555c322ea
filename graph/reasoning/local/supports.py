"""Find the spans of the retrieved passages that answer a question.

A span's score is cosine + 1.5 · coverage + 0.5 · rank + 0.25 · type, where coverage is the share of the
question's words, weighted by rarity, found in the span (counted fully) or only in its heading (counted by
half), rank is the passage's score relative to the best passage, and type says whether the span holds the
kind of thing asked for (a number, a date, a place ...). No single signal finds the answering sentence
often enough; together they do (measured on squad2_sample).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from graph.reasoning.local.answer_types import satisfies
from graph.reasoning.local.lexicon import Lexicon
from graph.state import Support
from tools.ports import Embedder
from tools.text.sentences import Unit, units
from tools.text.words import stem_set
from tools.types import Hit

CANDIDATES = 24
"""Spans that are embedded; the others lost on words alone."""
COVERAGE, RANK, TYPE = 1.5, 0.5, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A unit of a passage with the signals that speak for it."""

    hit: Hit
    unit: Unit
    heading: str
    """Nearest heading above the unit inside its passage, or the passage's own."""
    coverage: float
    """In [0, 1]."""
    rank: float
    """In [0, 1]."""
    typed: bool
    cosine: float = 0.0
    score: float = 0.0

    @property
    def support(self) -> Support:
        """Return the span as evidence, its offsets counted in the document."""
        kind = "sentence" if self.unit.kind == "heading" else self.unit.kind
        return Support(
            chunk_id=self.hit.chunk.id,
            text=self.unit.text,
            start=self.hit.chunk.start + self.unit.start,
            end=self.hit.chunk.start + self.unit.end,
            score=self.score,
            kind=kind,
        )


def find_candidates(
    question: str, hits: Sequence[Hit], *, lexicon: Lexicon, embedder: Embedder
) -> list[Candidate]:
    """Return the best spans of the passages, best first."""
    wanted = stem_set(question)
    found = [candidate for hit in hits for candidate in _of_passage(question, wanted, hit, hits[0], lexicon)]
    found.sort(key=lambda one: -(COVERAGE * one.coverage + RANK * one.rank + TYPE * one.typed))
    found = found[:CANDIDATES]
    if not found:
        return []
    vectors = embedder.embed([question, *(f"{one.heading}: {one.unit.text}" for one in found)])
    scored = [
        _scored(one, float(vector @ vectors[0])) for one, vector in zip(found, vectors[1:], strict=True)
    ]
    return sorted(scored, key=lambda one: -one.score)


def _of_passage(
    question: str, wanted: frozenset[str], hit: Hit, best: Hit, lexicon: Lexicon
) -> list[Candidate]:
    candidates = []
    heading = hit.chunk.heading
    for unit in units(hit.chunk.text):
        if unit.kind == "heading":
            heading = f"{hit.chunk.title} › {unit.text}"
            continue
        own = stem_set(unit.text)
        coverage = lexicon.coverage(wanted, own)
        with_heading = lexicon.coverage(wanted, own | stem_set(heading) | stem_set(hit.chunk.heading))
        candidates.append(
            Candidate(
                hit=hit,
                unit=unit,
                heading=heading,
                coverage=(coverage + with_heading) / 2,
                rank=hit.score / best.score if best.score else 0.0,
                typed=satisfies(question, unit.text),
            )
        )
    return candidates


def _scored(one: Candidate, cosine: float) -> Candidate:
    score = cosine + COVERAGE * one.coverage + RANK * one.rank + TYPE * one.typed
    return replace(one, cosine=cosine, score=score)
