"""What the local mode has learned, and worked examples, with a tape in front."""

from typing import TYPE_CHECKING

from agent.recording.ports import reader
from agent.recording.tape import taken
from tools.ports import Embedder, Matrix

if TYPE_CHECKING:
    from graph.reasoning.llm.examples import Example, Examples
    from graph.reasoning.llm.sql_examples import SqlExample, SqlExamples
    from graph.reasoning.local.lexicon import Lexicon
    from graph.reasoning.local.router import Classifier


class TapedClassifier:
    """A router on tape."""

    def __init__(self, inner: "Classifier") -> None:
        """Stand in front of a router."""
        self.inner = inner

    @property
    def bases(self) -> tuple[str, ...]:
        """Names of the knowledge bases."""
        return self.inner.bases

    @property
    def lexicon(self) -> "Lexicon":
        """Words of the documents; kept with the recording as a whole."""
        return self.inner.lexicon

    def probabilities(self, question: str, embedder: Embedder) -> tuple[dict[str, float], float]:
        """Return each base's probability and that of being in scope."""
        return taken(
            "classifier",
            "probabilities",
            {"question": question},
            lambda: self.inner.probabilities(question, embedder),
            reader(tuple[dict[str, float], float]),
        )


class TapedExamples:
    """Worked answers on tape."""

    def __init__(self, inner: "Examples") -> None:
        """Stand in front of examples."""
        self.inner = inner

    def nearest(self, question: "str | Matrix", *, limit: int = 2) -> "tuple[Example, ...]":
        """Return the examples most like a question."""
        from graph.reasoning.llm.examples import Example

        return taken(
            "examples",
            "nearest",
            {"question": question, "limit": limit},
            lambda: self.inner.nearest(question, limit=limit),
            reader(tuple[Example, ...]),
        )


class TapedSqlExamples:
    """Worked SQL on tape."""

    def __init__(self, inner: "SqlExamples") -> None:
        """Stand in front of examples."""
        self.inner = inner

    def for_question(self, question: str, *, limit: int, like: str | None = None) -> "tuple[SqlExample, ...]":
        """Return the examples whose question is most like this one."""
        from graph.reasoning.llm.sql_examples import SqlExample

        return taken(
            "examples",
            "for_question",
            {"question": question, "limit": limit, "like": like},
            lambda: self.inner.for_question(question, limit=limit, like=like),
            reader(tuple[SqlExample, ...]),
        )

    def for_statement(self, statement: str, *, limit: int, filtered: bool = True) -> "tuple[SqlExample, ...]":
        """Return the examples whose SQL is built most like a statement."""
        from graph.reasoning.llm.sql_examples import SqlExample

        return taken(
            "examples",
            "for_statement",
            {"statement": statement, "limit": limit, "filtered": filtered},
            lambda: self.inner.for_statement(statement, limit=limit, filtered=filtered),
            reader(tuple[SqlExample, ...]),
        )
