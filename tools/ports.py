"""What the layers above need from the outside world, as small protocols.

Each has one contract suite in `tests/contracts`, run on the fake and on the real thing.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Protocol, TypeVar

from tools.metering import Meter
from tools.types import ANYONE, Cell, Chunk, Filter, Hit, Match, Principal, Prompt, Rows, Table

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray
    from pydantic import BaseModel

    Matrix = NDArray[numpy.float32]
    """Row-wise L2-normalised vectors, shape (texts, dimension)."""
else:

    def __getattr__(name: str) -> object:
        """Make `Matrix` when it is first imported: who needs no vectors need not load their library."""
        if name != "Matrix":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import numpy
        from numpy.typing import NDArray

        return NDArray[numpy.float32]


class Embedder(Protocol):
    """Turns text into vectors."""

    @property
    def name(self) -> str:
        """Identifies model and version; a store built with another name must be re-indexed."""

    @property
    def dimension(self) -> int:
        """Length of each vector."""

    def embed(self, texts: Sequence[str]) -> "Matrix":
        """Return one unit vector a text, in order; blocks the thread.

        Raises:
            ModelError: A model on an endpoint is of no help; go on without vectors.
        """


class Similarity(Protocol):
    """Tells how near texts are in meaning; keeps what it has embedded. Blocks the thread."""

    def nearness(
        self, questions: Sequence[str], texts: Sequence[str], *, seconds: float | None = None
    ) -> list[float | None]:
        """Return the cosine in [-1, 1] of each text and the mean direction of the questions, in order.

        Args:
            questions: One wording, or several of the same; at least one.
            texts: What is compared.
            seconds: After this time no further texts are embedded; those have None.

        Raises:
            ModelError: A model on an endpoint is of no help; go by words.
        """


class Store(Protocol):
    """Keeps chunks with their vectors and finds them again. Methods block the thread."""

    def upsert(self, chunks: Sequence[Chunk], vectors: "Matrix") -> None:
        """Write the chunks durably; an id that exists is replaced."""

    def delete(self, ids: Sequence[str]) -> None:
        """Forget the chunks; unknown ids are ignored."""

    def search(self, text: str, vector: "Matrix | None", *, limit: int, where: Filter) -> list[Hit]:
        """Find the chunks nearest in meaning and words, best first; by either alone without the other.

        Dense and BM25 candidates are fused inside the engine by the distribution of their scores (Qdrant's
        DBSF, https://qdrant.tech/documentation/search/hybrid-queries/):

            score = Σ over branches of (s - (mean - 3·sd)) / (6·sd)

        Mean and standard deviation (of a sample, n - 1) are those of the branch's own candidates, so scores
        of different searches do not compare. A branch whose scores are all equal gives each of its
        candidates 0.5, also when it has but one; a branch without candidates gives nothing. Without a vector
        the BM25 branches are fused in the same way, so a chunk without a word of the query is no hit.

        Args:
            text: The query, for BM25; empty to go by meaning alone.
            vector: Its embedding, shape (1, dimension); None when there is none.
            limit: Most hits to return.
            where: Conditions applied inside the engine, in every branch: what `where.groups` may not read
                is no candidate and has no part in any other's score but by the rarity of words.
        """

    def ids(self, knowledge_base: str) -> set[str]:
        """Return the ids of every chunk of one base."""

    def sample(self, knowledge_base: str, *, limit: int) -> "tuple[list[Chunk], Matrix]":
        """Return up to `limit` chunks of one base with their dense vectors, in id order."""

    def ping(self) -> None:
        """Raise a PlumblineError when the store cannot serve."""

    def close(self) -> None:
        """Flush and let go; calling it twice is harmless."""


class Database(Protocol):
    """Runs checked, read-only statements. Methods block the thread."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgres`."""

    def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Cell],
        *,
        limit: int,
        principal: Principal = ANYONE,
    ) -> Table:
        """Run one SELECT with `:name` parameters and return at most `limit` rows.

        Args:
            statement: SQL text from anyone; the guard decides whether it runs.
            parameters: A value for each `:name`.
            limit: Most rows to return.
            principal: Whose policy holds: rows and columns it may not see do not exist for the statement.

        Raises:
            RejectedQuery: The statement is refused or wrong; its `problem` says how.
            DeadlineExceeded: It ran longer than allowed.
            TransientError: The database is away or locked.
        """

    def ping(self) -> None:
        """Raise a PlumblineError when the database cannot serve."""

    def close(self) -> None:
        """Let go of all connections."""


class Catalog(Protocol):
    """The named, parameterised queries of one database: "fill in the variables"."""

    def match(self, question: str, vector: "Matrix", *, today: date) -> list[Match]:
        """Choose the query that answers the question and fill its variables.

        Returns the best query, once for each value where the question names several for one variable
        ("stock of the Alder and the Birch"), then other candidates, by falling score; may be empty.

        Args:
            question: A stand-alone question.
            vector: Its embedding, shape (1, dimension).
            today: The day that relative dates count from.
        """

    def run(self, match: Match, *, principal: Principal = ANYONE) -> Rows:
        """Run a match that misses nothing; raises as `Database.fetch` does."""


class Reranker(Protocol):
    """Scores how well each text answers a query."""

    @property
    def name(self) -> str:
        """Identifies the model."""

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one relevance score a text, in order; higher is better; blocks the thread."""


ReplyType = TypeVar("ReplyType", bound="BaseModel")


class Chat(Protocol):
    """Asks a language model. Every call is admitted by, and written down in, the question's meter.

    All methods raise:
        BudgetExceeded: The question may not spend what the call could cost; nothing was sent.
        ModelError: There is no usable reply, after the retries that made sense and within the time that
            the meter grants.
    """

    @property
    def name(self) -> str:
        """Name of the model."""

    async def text(self, prompt: Prompt, *, meter: Meter) -> str:
        """Return the whole reply; never empty, never cut off."""

    def stream(self, prompt: Prompt, *, meter: Meter) -> AsyncGenerator[str]:
        """Yield the reply as it is written.

        What was yielded before an error is void. Closing the generator closes the connection.
        """

    async def typed(
        self, prompt: Prompt, form: type[ReplyType], *, meter: Meter, optional: bool = False
    ) -> ReplyType:
        """Return the reply as an object of the form, validated.

        Args:
            prompt: What is asked.
            form: What the reply must be.
            meter: Admits the call.
            optional: The answer can do without; see `Meter.admit`.
        """

    async def ping(self) -> None:
        """Raise a ModelError when the endpoint, the key or the model cannot serve."""


class Clock(Protocol):
    """Tells the time, so that a replay can tell it again."""

    def today(self) -> date:
        """Return the day that "today" means to the asker."""
