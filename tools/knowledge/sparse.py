"""BM25 vectors by language, and which branches a hybrid search needs; shared by both stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy
from qdrant_edge import Bm25, Bm25Config, DisabledStemmer, StopwordsSet, TokenizerType

from tools.errors import ConfigurationError, InvalidInput
from tools.ports import Matrix
from tools.types import Filter

DEFAULT_LANGUAGE = "english"
UNSPACED = frozenset({"chinese", "japanese"})
"""Languages written without spaces: words are found by segmentation."""

ANY_LANGUAGE = "any"
"""Segmented words as they are, without stems or stop words."""

CANDIDATES = 50
"""Candidates each branch gives to the fusion, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """A sparse vector in the engine's terms."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One candidate list of a search: dense when `language` is None, else BM25."""

    language: str | None
    knowledge_bases: tuple[str, ...]
    """Bases to look in; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Each base's language and whether its vectors mean anything."""

    languages: Mapping[str, str]
    """Language by knowledge base, English for others; a search of all bases searches these."""
    dense: Mapping[str, bool]
    """False where the embedder does not speak the base's language; others are True."""

    def __post_init__(self) -> None:
        for language in self.languages.values():
            _model(language)

    def document(self, knowledge_base: str, text: str) -> Sparse:
        """Weigh the words of a passage."""
        language = self.languages.get(knowledge_base, DEFAULT_LANGUAGE)
        vector = _model(language).embed_document(text)
        return Sparse(indices=list(vector.indices), values=list(vector.values))

    def query(self, language: str, text: str) -> Sparse:
        """Weigh the words of a query."""
        vector = _model(language).embed_query(text)
        return Sparse(indices=list(vector.indices), values=list(vector.values))

    def branches(self, where: Filter, *, dense: bool = True, words: bool = True) -> list[Branch]:
        """Plan a search: BM25 once a language, dense over the bases whose language the embedder speaks.

        Args:
            where: The bases to look in.
            dense: False plans for words alone.
            words: False plans for meaning alone, where anything is meant at all.
        """
        searched = where.knowledge_bases or tuple(self.languages)
        by_language: dict[str, list[str]] = {} if searched else {DEFAULT_LANGUAGE: []}
        for base in searched:
            by_language.setdefault(self.languages.get(base, DEFAULT_LANGUAGE), []).append(base)
        spoken = tuple(base for base in searched if self.dense.get(base, True))
        meant = dense and (spoken or not searched)
        nearest = [Branch(language=None, knowledge_bases=spoken)] if meant else []
        if nearest and not words:
            return nearest
        return nearest + [
            Branch(language=language, knowledge_bases=tuple(bases)) for language, bases in by_language.items()
        ]


def check_vectors(vectors: Matrix, *, count: int, dimension: int) -> None:
    """Refuse a matrix of another shape than (count, dimension), or with values that are no numbers."""
    if vectors.shape != (count, dimension):
        raise InvalidInput(
            f"store: vectors of shape {vectors.shape}, not {(count, dimension)}; check the embedder"
        )
    if not numpy.isfinite(vectors).all():
        raise InvalidInput("store: the vectors hold infinite or missing values; check the embedder")


def query_vector(vector: Matrix | None, *, dimension: int) -> list[float]:
    """Return the numbers of a query's vector, checked; none when there is no vector."""
    if vector is None:
        return []
    check_vectors(vector, count=1, dimension=dimension)
    return [float(number) for number in vector[0]]


@lru_cache(maxsize=64)
def _model(language: str) -> Bm25:
    """Build the BM25 model of a language."""
    if language == ANY_LANGUAGE:
        return Bm25(
            Bm25Config(
                tokenizer=TokenizerType.Multilingual,
                stemmer=DisabledStemmer(),
                stopwords=StopwordsSet(languages=set(), custom=set()),
            )
        )
    tokenizer = TokenizerType.Multilingual if language in UNSPACED else None
    try:
        return Bm25(Bm25Config(language=language, tokenizer=tokenizer))
    except ValueError as error:
        raise ConfigurationError(
            f"language {language!r} is not known to BM25; use an English name such as 'german', or 'any'"
        ) from error
