"""Find the spans of the retrieved passages that answer a question.

A span's score is 1.5 · cosine + 1.5 · coverage + 0.5 · rank + 0.25 · type + 0.3 · named, where coverage
is the share of the question's words, weighted by rarity, found in the span (counted fully) or only in its
headings (counted by half), rank is the passage's score relative to the best passage, type says whether the
span holds the kind of thing asked for (a number, a date, a place ...), and named whether it names the
product asked about (1), only others (-1) or none (0). No single signal finds the answering sentence often
enough; together they do (measured on squad2_sample). Where the embedder is of no help, the cosine is left
out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from graph.reasoning.local.answer_types import satisfies
from graph.reasoning.local.followups import codes_in
from graph.reasoning.local.lexicon import Lexicon
from graph.state import Support
from tools.errors import ModelError
from tools.ports import Similarity
from tools.text.sentences import Unit, units
from tools.text.words import stem_set
from tools.types import Hit

CANDIDATES = 20
"""Spans that are embedded; the others lost on words alone."""
COSINE, COVERAGE, RANK, TYPE, NAMED = 1.5, 1.5, 0.5, 0.25, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A unit of a passage with its words."""

    unit: Unit
    heading: str
    """Nearest heading above the unit inside its passage, or the passage's own."""
    words: frozenset[str]
    with_headings: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A span of a hit with the signals that speak for it."""

    hit: Hit
    span: Span
    coverage: float
    """In [0, 1]."""
    rank: float
    """In [0, 1]."""
    typed: bool
    named: int
    """1 when it names a product of the question, -1 when only others, else 0; the same again for revisions
    and for codes. In a document about that product alone, naming it says nothing and counts 0."""
    cosine: float | None = None
    """None when the spans were compared by words alone."""
    score: float = 0.0

    @property
    def unit(self) -> Unit:
        """The quotable unit."""
        return self.span.unit

    def support(self, unit: Unit | None = None) -> Support:
        """Return the span, or another unit of its passage, as evidence; offsets count in the document."""
        quoted = unit or self.unit
        return Support(
            chunk_id=self.hit.chunk.id,
            text=quoted.text,
            start=self.hit.chunk.start + quoted.start,
            end=self.hit.chunk.start + quoted.end,
            score=self.score,
            kind="sentence" if quoted.kind == "heading" else quoted.kind,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What a question is about."""

    question: str
    words: frozenset[str]
    names: frozenset[str]
    """Words that choose the document and cannot choose between its spans."""
    products: tuple[str, ...]
    revisions: tuple[str, ...]
    codes: tuple[str, ...]


class SpanFinder:
    """Finds answering spans. Safe to share between threads."""

    def __init__(self, lexicon: Lexicon, similarity: Similarity) -> None:
        """Take the corpus's words, and what compares meanings."""
        self._lexicon = lexicon
        self._similarity = similarity

    def reading(self, lexicon: Lexicon) -> "SpanFinder":
        """Return a finder that goes by other words."""
        return SpanFinder(lexicon, self._similarity)

    def find(self, question: str, hits: Sequence[Hit], *, embedded: bool = True) -> list[Candidate]:
        """Return the best spans of the passages, best first.

        They are compared by words alone when not `embedded`, and when the embedder is of no help.
        """
        subject = self._subject(question)
        found = [one for hit in hits for one in self._candidates(subject, hit, hits[0])]
        found.sort(key=lambda one: -_without_cosine(one))
        found = found[:CANDIDATES]
        by_words = [replace(one, score=_without_cosine(one)) for one in found]
        if not found or not embedded:
            return by_words
        try:
            return self._by_meaning(question, found)
        except ModelError:
            return by_words

    def _by_meaning(self, question: str, found: Sequence[Candidate]) -> list[Candidate]:
        bare = self._lexicon.without_names(question)
        cosines = self._similarity.nearness(
            list(dict.fromkeys((question, bare))),
            [f"{one.span.heading}: {one.unit.text}" for one in found],
        )
        scored = [_scored(one, cosine or 0.0) for one, cosine in zip(found, cosines, strict=True)]
        return sorted(scored, key=lambda one: -one.score)

    def _candidates(self, subject: "_Subject", hit: Hit, best: Hit) -> list[Candidate]:
        narrow = len(hit.chunk.metadata.products) in (1, 2)
        wanted = (subject.words - subject.names) or subject.words if narrow else subject.words
        return [
            Candidate(
                hit=hit,
                span=span,
                coverage=self._covered(wanted, span),
                rank=hit.score / best.score if best.score else 0.0,
                typed=satisfies(subject.question, span.unit.text),
                named=min(0, named) if narrow else named,
            )
            for span in spans(hit.chunk.text, hit.chunk.title, hit.chunk.heading)
            for named in (self._named(subject, span.unit.text),)
        ]

    def _covered(self, wanted: frozenset[str], span: Span) -> float:
        alone = self._lexicon.coverage(wanted, span.words)
        return (alone + self._lexicon.coverage(wanted, span.with_headings)) / 2

    def _named(self, subject: "_Subject", text: str) -> int:
        """Return how well a span's products, revisions and codes agree with those of the question."""
        return (
            _agreement(subject.products, self._lexicon.products_in(text))
            + _agreement(subject.revisions, self._lexicon.revisions_in(text))
            + _agreement(subject.codes, codes_in(text))
        )

    def _subject(self, question: str) -> "_Subject":
        lexicon = self._lexicon
        products, revisions = lexicon.products_in(question), lexicon.revisions_in(question)
        named = (
            stem_set(" ".join((*products, *revisions, "revision"))) if products or revisions else frozenset()
        )
        known = [code for code in codes_in(question) if any(map(lexicon.known, stem_set(code)))]
        return _Subject(
            question=question,
            words=lexicon.subject(question),
            names=stem_set(" ".join(named)),
            products=products,
            revisions=revisions,
            codes=tuple(known),
        )


@lru_cache(maxsize=2048)
def spans(text: str, title: str, heading: str) -> tuple[Span, ...]:
    """Return the quotable spans of a passage with their words."""
    found = []
    nearest = heading
    above = stem_set(heading)
    for unit in units(text):
        if unit.kind == "heading":
            nearest = f"{title} › {unit.text}"
            continue
        words = stem_set(unit.text)
        found.append(
            Span(unit=unit, heading=nearest, words=words, with_headings=words | above | stem_set(nearest))
        )
    return tuple(found)


def _without_cosine(one: Candidate) -> float:
    return COVERAGE * one.coverage + RANK * one.rank + TYPE * one.typed + NAMED * one.named


def _agreement(asked: Sequence[str], found: Sequence[str]) -> int:
    if not asked or not found:
        return 0
    return 1 if set(asked) & set(found) else -1


def _scored(one: Candidate, cosine: float) -> Candidate:
    return replace(one, cosine=cosine, score=COSINE * cosine + _without_cosine(one))
