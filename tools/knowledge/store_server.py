"""The store on a Qdrant server or cluster, for several processes and large bases."""

import json
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import numpy
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from tools.errors import ConfigurationError, PlumblineError, TransientError
from tools.knowledge.groups import admitting
from tools.knowledge.payload import from_payload, to_hits, to_payload
from tools.knowledge.sparse import CANDIDATES, Branch, Lexicon, check_vectors, query_vector
from tools.ports import Matrix
from tools.types import Chunk, Filter, Hit

FORMAT = 1
BATCH = 256
PAGE = 2000
DENSE = "dense"
BM25 = "bm25"
_KEYWORD = models.KeywordIndexType.KEYWORD
INDEXED = {
    "knowledge_base": models.KeywordIndexParams(type=_KEYWORD, is_tenant=True),
    "source": models.KeywordIndexParams(type=_KEYWORD),
    "groups": models.KeywordIndexParams(type=_KEYWORD),
}
"""Fields that searches are filtered by."""


class ServerStore:
    """Keeps chunks in one collection of a server; open it with `open`. Safe to share between threads."""

    def __init__(self, client: QdrantClient, collection: str, *, dimension: int, lexicon: Lexicon) -> None:
        self._client = client
        self._collection = collection
        self._dimension = dimension
        self._lexicon = lexicon
        self._closed = False

    @classmethod
    def open(
        cls,
        client: QdrantClient,
        collection: str,
        *,
        embedder_name: str,
        dimension: int,
        languages: Mapping[str, str],
        dense: Mapping[str, bool] | None = None,
    ) -> Self:
        """Open a collection, or make it; the store closes the client.

        Args:
            client: From `connect`, or any other client.
            collection: Name of the collection, which holds all knowledge bases.
            embedder_name: The embedder whose vectors it holds.
            dimension: Length of a vector.
            languages: Language of each knowledge base; a search of all bases searches these.
            dense: False for a base whose language the embedder does not speak: BM25 alone finds its chunks.

        Raises:
            ConfigurationError: The collection fits another embedder, or the key is refused.
            TransientError: The server is away.
        """
        lexicon = Lexicon(languages=languages, dense=dense or {})
        identity = {"format": FORMAT, "embedder": embedder_name, "dimension": dimension}
        with _errors(collection):
            if not client.collection_exists(collection):
                _create(client, collection, identity)
            known = client.get_collection(collection)
            found = known.config.metadata or {}
            if found == identity:
                _index(client, collection, known.payload_schema)
        if found != identity:
            raise ConfigurationError(
                f"collection {collection!r} was made with {json.dumps(found)}, not {json.dumps(identity)}; "
                "use another collection name, or delete it and ingest again: plumbline ingest"
            )
        return cls(client, collection, dimension=dimension, lexicon=lexicon)

    def upsert(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        """Write the chunks durably; an id that exists is replaced."""
        check_vectors(vectors, count=len(chunks), dimension=self._dimension)
        points = [
            models.PointStruct(
                id=item.id, vector={DENSE: vector, BM25: self._sparse(item)}, payload=to_payload(item)
            )
            for item, vector in zip(chunks, vectors.tolist(), strict=True)
        ]
        with self._serving():
            for first in range(0, len(points), BATCH):
                self._client.upsert(self._collection, points[first : first + BATCH], wait=True)

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""
        with self._serving():
            for first in range(0, len(ids), BATCH):
                chosen: list[models.ExtendedPointId] = list(ids[first : first + BATCH])
                self._client.delete(self._collection, models.PointIdsList(points=chosen), wait=True)

    def search(self, text: str, vector: Matrix | None, *, limit: int, where: Filter) -> list[Hit]:
        """Find the chunks nearest in meaning and words, best first; by either alone without the other.

        Each hit explains itself by `fused`, and by `dense` (cosine) and `bm25` where that branch found it.
        """
        meaning = query_vector(vector, dimension=self._dimension)
        plan = self._lexicon.branches(where, dense=bool(meaning), words=bool(text))
        candidates = max(CANDIDATES, limit)
        parts = [self._prefetch(branch, text, meaning, candidates, where) for branch in plan]
        fused = models.QueryRequest(
            prefetch=parts,
            query=models.FusionQuery(fusion=models.Fusion.DBSF),
            limit=limit,
            with_payload=True,
        )
        alone = [
            models.QueryRequest(query=part.query, using=part.using, filter=part.filter, limit=candidates)
            for part in parts
        ]
        with self._serving():
            found, *lists = self._client.query_batch_points(self._collection, [fused, *alone])
        return to_hits(found.points, plan, [answer.points for answer in lists])

    def ids(self, knowledge_base: str) -> set[str]:
        """Return the ids of every chunk of one base."""
        return {str(record.id) for record in self._scroll(knowledge_base, limit=None)}

    def sample(self, knowledge_base: str, *, limit: int) -> tuple[list[Chunk], Matrix]:
        """Return up to `limit` chunks of one base with their dense vectors, in id order."""
        records = list(self._scroll(knowledge_base, limit=limit))
        chunks = [from_payload(record.id, record.payload) for record in records]
        vectors = numpy.array([record.vector[DENSE] for record in records], dtype=numpy.float32)
        return chunks, vectors.reshape(len(chunks), self._dimension)

    def ping(self) -> None:
        """Raise a PlumblineError when the store cannot serve."""
        with self._serving():
            self._client.get_collection(self._collection)

    def close(self) -> None:
        """Let go of the connection; calling it twice is harmless."""
        if not self._closed:
            self._closed = True
            self._client.close()

    @contextmanager
    def _serving(self) -> Iterator[None]:
        """Call the server on an open store."""
        if self._closed:
            raise TransientError(f"collection {self._collection!r} is closed; open it again")
        with _errors(self._collection):
            yield

    def _sparse(self, item: Chunk) -> models.SparseVector:
        sparse = self._lexicon.document(item.knowledge_base, item.embedding_text)
        return models.SparseVector(indices=sparse.indices, values=sparse.values)

    def _prefetch(
        self, branch: Branch, text: str, meaning: list[float], limit: int, where: Filter
    ) -> models.Prefetch:
        """Make the query of one branch."""
        condition = _condition(branch, where)
        if branch.language is None:
            return models.Prefetch(query=meaning, using=DENSE, limit=limit, filter=condition)
        sparse = self._lexicon.query(branch.language, text)
        query = models.SparseVector(indices=sparse.indices, values=sparse.values)
        return models.Prefetch(query=query, using=BM25, limit=limit, filter=condition)

    def _scroll(self, knowledge_base: str, *, limit: int | None) -> Iterator[Any]:
        """Yield the records of a base in id order; with payload and vectors when there is a limit.

        Records of an older version, which say nothing of groups, have no payload that can be read.
        """
        whole = limit is not None
        base = models.FieldCondition(key="knowledge_base", match=models.MatchValue(value=knowledge_base))
        unread = models.IsEmptyCondition(is_empty=models.PayloadField(key="groups"))
        condition = models.Filter(must=[base], must_not=[unread] if whole else [])
        offset, left = None, limit
        while left is None or left > 0:
            with self._serving():
                records, offset = self._client.scroll(
                    self._collection,
                    scroll_filter=condition,
                    limit=PAGE if left is None else min(left, PAGE),
                    offset=offset,
                    with_payload=whole,
                    with_vectors=[DENSE] if whole else False,
                )
            yield from records
            left = None if left is None else left - len(records)
            if offset is None:
                return


def connect(url: str, *, api_key: str | None = None, timeout_seconds: int = 10) -> QdrantClient:
    """Make a client for a server; nothing is sent yet.

    Raises:
        ConfigurationError: The url or the key cannot be used; the message repeats neither.
    """
    if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
        raise ConfigurationError("storage.qdrant_api_key holds characters no key has; correct it")
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("it names no server")  # noqa: TRY301 - one message for all that is wrong with it
        with warnings.catch_warnings():
            # A key over plain HTTP is the operator's choice, and a server on this machine the usual case.
            warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
            return QdrantClient(url=url, api_key=api_key, timeout=timeout_seconds, check_compatibility=False)
    except ValueError as error:
        raise ConfigurationError("storage.qdrant_url is not usable; write http://host:6333") from error


def _create(client: QdrantClient, collection: str, identity: Mapping[str, object]) -> None:
    """Make the collection; another process that made it first is welcome."""
    dimension = int(str(identity["dimension"]))
    try:
        client.create_collection(
            collection,
            vectors_config={DENSE: models.VectorParams(size=dimension, distance=models.Distance.COSINE)},
            sparse_vectors_config={BM25: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            metadata=dict(identity),
        )
    except UnexpectedResponse as error:
        if error.status_code != 409:
            raise


def _index(client: QdrantClient, collection: str, known: Collection[str]) -> None:
    """Index the fields that searches are filtered by and that are not known to be."""
    for field, parameters in INDEXED.items():
        if field not in known:
            client.create_payload_index(collection, field, parameters, wait=True)


@contextmanager
def _errors(collection: str) -> Iterator[None]:
    """Map the client's errors."""
    try:
        yield
    except UnexpectedResponse as error:
        raise _refused(collection, error) from error
    except (ResponseHandlingException, ApiException) as error:
        raise TransientError(
            f"collection {collection!r}: cannot reach the Qdrant server ({error}); start it or check its url"
        ) from error


def _refused(collection: str, error: UnexpectedResponse) -> PlumblineError:
    """Say who must act on a status code."""
    if error.status_code in {401, 403}:
        return ConfigurationError(
            f"collection {collection!r}: the Qdrant server refuses the API key; correct it"
        )
    if error.status_code == 429 or (error.status_code or 500) >= 500:
        return TransientError(
            f"collection {collection!r}: the Qdrant server answers {error.status_code}; try again"
        )
    return ConfigurationError(
        f"collection {collection!r}: the Qdrant server answers {error.status_code} {error.reason_phrase}; "
        "check its version and the collection's name"
    )


def _condition(branch: Branch, where: Filter) -> models.Filter:
    """Write a branch's bases, the searched sources and who may read as a server filter."""
    wanted = {
        "knowledge_base": branch.knowledge_bases,
        "source": where.sources,
        "groups": admitting(where.groups),
    }
    must: list[models.Condition] = [
        models.FieldCondition(key=key, match=models.MatchAny(any=list(values)))
        for key, values in wanted.items()
        if values
    ]
    return models.Filter(must=must)
