"""Fakes of the ports, proved equal to the real adapters by the suites in `tests/contracts`."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

import numpy

from tools.errors import InvalidInput, ModelUnavailable, TransientError
from tools.ports import Matrix
from tools.types import Chunk, Filter, Hit

WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")


class FakeEmbedder:
    """Embeds by hashing words, so that texts sharing words are near; records what it was asked.

    While it is `away`, it fails as an endpoint does.
    """

    languages = ("english",)

    def __init__(self, *, dimension: int = 64, name: str = "fake") -> None:
        self.name = name
        self.dimension = dimension
        self.away = False
        self.calls: list[tuple[str, ...]] = []

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, in order."""
        self.calls.append(tuple(texts))
        if self.away:
            raise ModelUnavailable("the embedding endpoint cannot be reached; start it")
        vectors = numpy.zeros((len(texts), self.dimension), dtype=numpy.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 0.1  # a text without words still has a direction
            for word in WORD.findall(text.lower()):
                vectors[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        norms: Matrix = numpy.linalg.norm(vectors, axis=1, keepdims=True).astype(numpy.float32)
        return vectors / norms


class FakeStore:
    """Keeps chunks in a dictionary and ranks them in plain Python; records upserts and deletes."""

    def __init__(
        self,
        *,
        dimension: int = 64,
        languages: Mapping[str, str] | None = None,
        dense: Mapping[str, bool] | None = None,
    ) -> None:
        self.points: dict[str, tuple[Chunk, Matrix]] = {}
        self.log: list[tuple[str, tuple[str, ...]]] = []
        self._dimension = dimension
        self._languages = dict(languages or {})
        self._dense = dict(dense or {})
        self._closed = False

    def upsert(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        """Write the chunks; an id that exists is replaced."""
        self.ping()
        if vectors.shape != (len(chunks), self._dimension) or not numpy.isfinite(vectors).all():
            raise InvalidInput(f"store: vectors of shape {vectors.shape}; check the embedder")
        self.log.append(("upsert", tuple(chunk.id for chunk in chunks)))
        for chunk, vector in zip(chunks, vectors, strict=True):
            self.points[chunk.id] = (chunk, vector)

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        self.ping()
        self.log.append(("delete", tuple(ids)))
        for identifier in ids:
            self.points.pop(identifier, None)

    def search(self, text: str, vector: Matrix | None, *, limit: int, where: Filter) -> list[Hit]:
        """Fuse the cosines, when there is a vector, with the numbers of shared words."""
        self.ping()
        if vector is not None and vector.shape != (1, self._dimension):
            raise InvalidInput(f"store: vectors of shape {vector.shape}; check the embedder")
        bases = where.knowledge_bases or tuple(self._languages)
        eligible = [
            (chunk, stored)
            for chunk, stored in self.points.values()
            if (not bases or chunk.knowledge_base in bases)
            and (not where.sources or chunk.source in where.sources)
            and (not chunk.metadata.groups or not where.groups.isdisjoint(chunk.metadata.groups))
        ]
        words = set(WORD.findall(text.lower()))
        dense = {
            chunk.id: float(stored @ vector[0])
            for chunk, stored in eligible
            if vector is not None and self._dense.get(chunk.knowledge_base, True)
        }
        sparse = {
            chunk.id: float(shared)
            for chunk, _ in eligible
            if (shared := len(words & set(WORD.findall(chunk.embedding_text.lower()))))
        }
        branches = {"dense": dense} if dense and not text else {"dense": dense, "bm25": sparse}
        return self._fuse(branches)[:limit]

    def ids(self, knowledge_base: str) -> set[str]:
        """Return the ids of every chunk of one base."""
        self.ping()
        return {chunk.id for chunk, _ in self.points.values() if chunk.knowledge_base == knowledge_base}

    def sample(self, knowledge_base: str, *, limit: int) -> tuple[list[Chunk], Matrix]:
        """Return up to `limit` chunks of one base with their dense vectors, in id order."""
        chosen = [self.points[identifier] for identifier in sorted(self.ids(knowledge_base))[:limit]]
        vectors = numpy.array([vector for _, vector in chosen], dtype=numpy.float32)
        return [chunk for chunk, _ in chosen], vectors.reshape(len(chosen), self._dimension)

    def ping(self) -> None:
        """Raise when the store is closed."""
        if self._closed:
            raise TransientError("the fake store is closed; open it again")

    def close(self) -> None:
        """Let go; calling it twice is harmless."""
        self._closed = True

    def _fuse(self, parts: Mapping[str, Mapping[str, float]]) -> list[Hit]:
        scores: defaultdict[str, float] = defaultdict(float)
        reasons: dict[str, dict[str, float | str]] = {}
        for name, values in parts.items():
            spread = 6 * stdev(values.values()) if len(values) > 1 else 0.0
            for identifier, value in values.items():
                scores[identifier] += 0.5 + (value - fmean(values.values())) / spread if spread else 0.5
                reasons.setdefault(identifier, {})[name] = value
        hits = [
            Hit(
                chunk=self.points[identifier][0],
                score=score,
                explanation={**reasons[identifier], "fused": score},
            )
            for identifier, score in scores.items()
        ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk.source, hit.chunk.start, hit.chunk.id))
