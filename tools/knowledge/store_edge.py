"""The embedded store: Qdrant's engine in this process, one folder, one process at a time."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

import numpy
import qdrant_edge as engine

from tools.errors import PlumblineError, TransientError
from tools.knowledge.edge_folder import (
    BM25,
    DENSE,
    check_identity,
    open_shard,
    opening_errors,
    serving_errors,
    take_lock,
)
from tools.knowledge.groups import admitting
from tools.knowledge.payload import from_payload, to_hits, to_payload
from tools.knowledge.sparse import CANDIDATES, Branch, Lexicon, check_vectors, query_vector
from tools.ports import Matrix
from tools.types import Chunk, Filter, Hit

FORMAT = 1
BATCH = 256
"""Points in one write, so that each stays far below a segment of the write-ahead log."""

PAGE = 2000


class EdgeStore:
    """Keeps chunks in a folder; open it with `open`. Safe to share between threads."""

    def __init__(
        self, folder: Path, shard: engine.EdgeShard, lock: IO[str], *, dimension: int, lexicon: Lexicon
    ) -> None:
        self._folder = folder
        self._shard = shard
        self._lock_file = lock
        self._dimension = dimension
        self._lexicon = lexicon
        self._closing = threading.Lock()
        self._closed = False

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        embedder_name: str,
        dimension: int,
        languages: Mapping[str, str],
        dense: Mapping[str, bool] | None = None,
        wait_seconds: float = 3.0,
    ) -> Self:
        """Open the store in `folder`, or make one there.

        Args:
            folder: Its own folder; made when missing.
            embedder_name: The embedder whose vectors it holds.
            dimension: Length of a vector.
            languages: Language of each knowledge base; a search of all bases searches these.
            dense: False for a base whose language the embedder does not speak: BM25 alone finds its chunks.
            wait_seconds: How long to wait for another process to let go.

        Raises:
            StoreInUse: Another process holds the folder.
            ConfigurationError: The folder holds something else, is damaged, or fits another embedder.
        """
        lexicon = Lexicon(languages=languages, dense=dense or {})
        lock = take_lock(folder, wait_seconds)
        try:
            check_identity(folder, {"format": FORMAT, "embedder": embedder_name, "dimension": dimension})
            with opening_errors(folder):
                shard = open_shard(folder / "shard", dimension)
        except PlumblineError:
            lock.close()
            raise
        return cls(folder, shard, lock, dimension=dimension, lexicon=lexicon)

    def upsert(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        """Write the chunks durably; an id that exists is replaced."""
        check_vectors(vectors, count=len(chunks), dimension=self._dimension)
        points = [
            engine.Point(item.id, {DENSE: vector, BM25: self._sparse(item)}, to_payload(item))
            for item, vector in zip(chunks, vectors.tolist(), strict=True)
        ]
        with self._serving():
            for first in range(0, len(points), BATCH):
                self._shard.update(engine.UpdateOperation.upsert_points(points[first : first + BATCH]))
            self._shard.flush()

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        with self._serving():
            for first in range(0, len(ids), BATCH):
                self._shard.update(engine.UpdateOperation.delete_points(list(ids[first : first + BATCH])))
            self._shard.flush()

    def search(self, text: str, vector: Matrix | None, *, limit: int, where: Filter) -> list[Hit]:
        """Find the chunks nearest in meaning and words, best first; by either alone without the other.

        Each hit explains itself by `fused`, and by `dense` (cosine) and `bm25` where that branch found it.
        """
        meaning = query_vector(vector, dimension=self._dimension)
        plan = self._lexicon.branches(where, dense=bool(meaning), words=bool(text))
        candidates = max(CANDIDATES, limit)
        parts = [(self._query(branch, text, meaning), _condition(branch, where)) for branch in plan]
        fused = engine.QueryRequest(
            prefetches=[engine.Prefetch(query=query, limit=candidates, filter=only) for query, only in parts],
            query=engine.Fusion.Dbsf(),  # type: ignore[arg-type]  # the stub misses that Dbsf is a Fusion
            limit=limit,
            with_payload=True,
        )
        alone = [engine.QueryRequest(query=query, limit=candidates, filter=only) for query, only in parts]
        with self._serving():
            found, *lists = self._shard.query_batch(engine.QueryBatchRequest([fused, *alone]))
        return to_hits(found, plan, lists)

    def ids(self, knowledge_base: str) -> set[str]:
        """Return the ids of every chunk of one base."""
        return {str(record.id) for record in self._scroll(knowledge_base, limit=None)}

    def sample(self, knowledge_base: str, *, limit: int) -> tuple[list[Chunk], Matrix]:
        """Return up to `limit` chunks of one base with their dense vectors, in id order."""
        records = list(self._scroll(knowledge_base, limit=limit))
        chunks = [from_payload(record.id, record.payload) for record in records]
        vectors = numpy.array([record.vector[DENSE] for record in records], dtype=numpy.float32)
        return chunks, vectors.reshape(len(chunks), self._dimension)

    def optimize(self) -> None:
        """Build the search graph; blocks, and pays off beyond about 20,000 chunks."""
        with self._serving():
            self._shard.optimize()

    def ping(self) -> None:
        """Raise a PlumblineError when the store cannot serve."""
        with self._serving():
            self._shard.info()

    def close(self) -> None:
        """Flush and let go; calling it twice is harmless."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            try:
                with serving_errors(self._folder):
                    self._shard.flush()
                    self._shard.close()
            finally:
                self._lock_file.close()

    @contextmanager
    def _serving(self) -> Iterator[None]:
        """Run engine calls on an open store."""
        if self._closed:
            raise TransientError(f"store {str(self._folder)!r} is closed; open it again")
        with serving_errors(self._folder):
            yield

    def _sparse(self, item: Chunk) -> engine.SparseVector:
        sparse = self._lexicon.document(item.knowledge_base, item.embedding_text)
        return engine.SparseVector(sparse.indices, sparse.values)

    def _query(self, branch: Branch, text: str, meaning: list[float]) -> engine.Query:
        """Make the query of one branch."""
        if branch.language is None:
            return engine.Query.Nearest(meaning, using=DENSE)
        sparse = self._lexicon.query(branch.language, text)
        return engine.Query.Nearest(engine.SparseVector(sparse.indices, sparse.values), using=BM25)

    def _scroll(self, knowledge_base: str, *, limit: int | None) -> Iterator[Any]:
        """Yield the records of a base in id order; with payload and vectors when there is a limit.

        Records of an older version, which say nothing of groups, have no payload that can be read.
        """
        whole = limit is not None
        condition = engine.Filter(
            must=[engine.FieldCondition("knowledge_base", match=engine.MatchValue(knowledge_base))],
            must_not=[engine.IsEmptyCondition("groups")] if whole else [],
        )
        offset, left = None, limit
        while left is None or left > 0:
            request = engine.ScrollRequest(
                offset=offset,
                limit=PAGE if left is None else min(left, PAGE),
                filter=condition,
                with_payload=whole,
                with_vector=[DENSE] if whole else False,
            )
            with self._serving():
                records, offset = self._shard.scroll(request)
            yield from records
            left = None if left is None else left - len(records)
            if offset is None:
                return


def _condition(branch: Branch, where: Filter) -> engine.Filter:
    """Write a branch's bases, the searched sources and who may read as an engine filter."""
    wanted = {
        "knowledge_base": branch.knowledge_bases,
        "source": where.sources,
        "groups": admitting(where.groups),
    }
    must: list[engine.ConditionType] = [
        engine.FieldCondition(key, match=engine.MatchAny(list(values)))
        for key, values in wanted.items()
        if values
    ]
    return engine.Filter(must=must)
