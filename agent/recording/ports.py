"""Every port with a tape in front: a call is made and written down, or answered from a recording.

Outside of a run nothing is written down, and the call goes straight through.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from agent.recording.recording import Json
from agent.recording.tape import taken
from agent.recording.vectors import read_matrix
from tools.database.schema import Schema, TableSchema
from tools.ports import Catalog, Clock, Embedder, Matrix, Reranker, Similarity, Store
from tools.types import ANYONE, Cell, Chunk, Filter, Hit, Match, Principal, Rows, Table

if TYPE_CHECKING:
    from tools.database.schema import ReflectedDatabase

Value = TypeVar("Value")
ReplyType = TypeVar("ReplyType", bound=BaseModel)


def reader(kind: type[Value]) -> Callable[[Json], Value]:
    """Return what reads JSON as values of a type."""
    adapter: TypeAdapter[Value] = _ADAPTERS.get(kind) or _ADAPTERS.setdefault(kind, TypeAdapter(kind))
    return adapter.validate_python


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}  # Any: of every type its own


def _read_schema(found: Json) -> Schema:
    return Schema(tables=reader(tuple[TableSchema, ...])(found["tables"]))


class TapedEmbedder:
    """An embedder on tape."""

    def __init__(self, inner: Embedder) -> None:
        """Stand in front of an embedder."""
        self.inner = inner

    @property
    def name(self) -> str:
        """Identify model and version."""
        return self.inner.name

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self.inner.dimension

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, in order."""
        return taken(
            "embedder", "embed", {"texts": tuple(texts)}, lambda: self.inner.embed(texts), read_matrix
        )


class TapedSimilarity:
    """A similarity on tape."""

    def __init__(self, inner: Similarity) -> None:
        """Stand in front of a similarity."""
        self.inner = inner

    def nearness(
        self, questions: Sequence[str], texts: Sequence[str], *, seconds: float | None = None
    ) -> list[float | None]:
        """Return how near each text is to the questions."""
        return taken(
            "similarity",
            "nearness",
            {"questions": tuple(questions), "texts": tuple(texts)},
            lambda: self.inner.nearness(questions, texts, seconds=seconds),
            list,
        )


class TapedStore:
    """A store on tape; only what questions ask of it."""

    def __init__(self, inner: Store) -> None:
        """Stand in front of a store."""
        self.inner = inner

    def search(self, text: str, vector: Matrix | None, *, limit: int, where: Filter) -> list[Hit]:
        """Find the chunks nearest in meaning and words."""
        return taken(
            "store",
            "search",
            {"text": text, "vector": vector, "limit": limit, "where": where},
            lambda: self.inner.search(text, vector, limit=limit, where=where),
            reader(list[Hit]),
        )

    def upsert(self, chunks: Sequence[Chunk], vectors: Matrix) -> None:
        """Write chunks."""
        self.inner.upsert(chunks, vectors)

    def delete(self, ids: Sequence[str]) -> None:
        """Forget chunks."""
        self.inner.delete(ids)

    def ids(self, knowledge_base: str) -> set[str]:
        """Return the ids of every chunk of one base."""
        return self.inner.ids(knowledge_base)

    def sample(self, knowledge_base: str, *, limit: int) -> tuple[list[Chunk], Matrix]:
        """Return chunks with their vectors."""
        return self.inner.sample(knowledge_base, limit=limit)

    def ping(self) -> None:
        """Raise when it cannot serve."""
        self.inner.ping()

    def close(self) -> None:
        """Leave it to whoever opened it."""
        self.inner.close()


class TapedDatabase:
    """A database on tape."""

    def __init__(self, inner: "ReflectedDatabase") -> None:
        """Stand in front of a database."""
        self.inner = inner

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgres`."""
        return self.inner.dialect

    def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Cell],
        *,
        limit: int,
        principal: Principal = ANYONE,
    ) -> Table:
        """Run one SELECT."""
        return taken(
            "database",
            "fetch",
            {
                "statement": statement,
                "parameters": dict(parameters),
                "limit": limit,
                "principal": principal,
                "dialect": self.dialect,
            },
            lambda: self.inner.fetch(statement, parameters, limit=limit, principal=principal),
            reader(Table),
        )

    def schema(self, principal: Principal = ANYONE) -> Schema:
        """Return the tables and columns that may be read."""
        return taken(
            "database",
            "schema",
            {"principal": principal},
            lambda: self.inner.schema(principal),
            _read_schema,
        )

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Return distinct texts of a column."""
        return taken(
            "database",
            "values",
            {"table": table, "column": column, "limit": limit, "principal": principal},
            lambda: self.inner.values(table, column, limit=limit, principal=principal),
            tuple,
        )

    def ping(self) -> None:
        """Raise when it cannot serve."""
        self.inner.ping()

    def close(self) -> None:
        """Leave it to whoever opened it."""
        self.inner.close()


class TapedCatalog:
    """A catalogue of named queries on tape."""

    def __init__(self, inner: Catalog) -> None:
        """Stand in front of a catalogue."""
        self.inner = inner

    def match(self, question: str, vector: Matrix, *, today: date) -> list[Match]:
        """Choose the query that answers a question."""
        return taken(
            "catalog",
            "match",
            {"question": question, "vector": vector, "today": today},
            lambda: self.inner.match(question, vector, today=today),
            reader(list[Match]),
        )

    def run(self, match: Match, *, principal: Principal = ANYONE) -> Rows:
        """Run a match."""
        return taken(
            "catalog",
            "run",
            {"match": match, "principal": principal},
            lambda: self.inner.run(match, principal=principal),
            reader(Rows),
        )


class TapedReranker:
    """A cross-encoder on tape."""

    def __init__(self, inner: Reranker) -> None:
        """Stand in front of a cross-encoder."""
        self.inner = inner

    @property
    def name(self) -> str:
        """Identify the model."""
        return self.inner.name

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one relevance score a text."""
        return taken(
            "reranker",
            "score",
            {"query": query, "texts": tuple(texts)},
            lambda: self.inner.score(query, texts),
            list,
        )


class TapedClock:
    """A clock on tape."""

    def __init__(self, inner: Clock) -> None:
        """Stand in front of a clock."""
        self.inner = inner

    def today(self) -> date:
        """Return the day that "today" means."""
        return taken("clock", "today", {}, lambda: self.inner.today(), date.fromisoformat)
