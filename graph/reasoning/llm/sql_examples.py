"""Worked examples of SQL, and a store that finds those nearest to a question or to a statement.

They are kept as JSON Lines, one pair a line: {"question": "…", "sql": "…"}. Those that are shipped are over
invented databases that have nothing to do with one another; pairs of the installation that somebody has
confirmed are added with `keep`, never by themselves.
"""

import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated, Protocol, get_args

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from tools.database.difficulty import Difficulty, difficulty
from tools.database.schema import Dialect
from tools.database.shapes import skeleton
from tools.errors import ConfigurationError, InvalidInput, ModelError
from tools.ports import Embedder, Matrix

SHIPPED = Path(__file__).with_name("sql_examples.jsonl")
"""Examples over invented databases, in SQL that SQLite and PostgreSQL both speak."""
MOST_KEPT = 2_000
"""Pairs that an installation may add."""
_QUESTION, _SQL = 500, 4_000
_LEVELS: tuple[Difficulty, ...] = get_args(Difficulty)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlExample:
    """A question with the SQL that answers it."""

    question: str
    sql: str


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_QUESTION)]
    sql: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_SQL)]


class SqlExamples(Protocol):
    """Finds worked SQL; without vectors, none."""

    def for_question(self, question: str, *, limit: int, like: str | None = None) -> tuple[SqlExample, ...]:
        """Return the examples whose question is most like this one, nearest first."""

    def for_statement(self, statement: str, *, limit: int, filtered: bool = True) -> tuple[SqlExample, ...]:
        """Return the examples whose SQL is built most like a statement, nearest first."""


class SqlExampleStore:
    """Finds examples and keeps those that were confirmed; blocks the thread."""

    def __init__(
        self,
        examples: Sequence[SqlExample],
        embedder: Embedder,
        *,
        dialect: Dialect = "sqlite",
        kept: Path | None = None,
    ) -> None:
        """Read the pairs that were kept.

        Args:
            examples: Those that are always there.
            embedder: Compares questions, and skeletons of statements.
            dialect: Of the statements that are compared and kept.
            kept: File of the confirmed pairs, which need not exist; None keeps none.

        Raises:
            ConfigurationError: The file cannot be read, or a line of it is no example.
        """
        self._embedder = embedder
        self._dialect = dialect
        self._file = kept
        own = read_sql_examples(kept) if kept is not None and kept.exists() else ()
        self._kept = len(own)
        self._examples = list(dict.fromkeys((*own, *examples)))
        self._lock = Lock()
        self._questions: dict[str, Matrix] = {}
        self._skeletons: dict[str, Matrix] = {}
        self._shapes: dict[str, tuple[str, Difficulty]] = {}

    def for_question(self, question: str, *, limit: int, like: str | None = None) -> tuple[SqlExample, ...]:
        """Return the examples whose question is most like this one, nearest first; without vectors, none.

        Args:
            question: What is asked.
            limit: Most examples to return.
            like: Statement as difficult as which they must be, as far as there are enough of them.
        """
        with self._lock:
            texts = [example.question for example in self._examples]
            return self._nearest(question, texts, self._questions, limit, like)

    def for_statement(self, statement: str, *, limit: int, filtered: bool = True) -> tuple[SqlExample, ...]:
        """Return the examples whose SQL is built most like a statement, nearest first; without vectors, none.

        Args:
            statement: SQL that may answer the question; what cannot be read is like nothing.
            limit: Most examples to return.
            filtered: Whether they must be as difficult, as far as there are enough of them.
        """
        shape = skeleton(statement, dialect=self._dialect)
        if shape is None:
            return ()
        with self._lock:
            texts = [self._shape(example)[0] for example in self._examples]
            return self._nearest(shape, texts, self._skeletons, limit, statement if filtered else None)

    def keep(self, question: str, statement: str) -> bool:
        """Add a pair that somebody has confirmed; False when it is known already.

        Raises:
            InvalidInput: It is no pair of a question and a query, there is no file for it, or that is full.
            ConfigurationError: The file cannot be written.
        """
        if self._file is None:
            raise InvalidInput("examples: nothing is kept here; name a file for confirmed pairs")
        try:
            written = _Written(question=" ".join(question.split()), sql=statement)
        except ValidationError as error:
            raise InvalidInput("examples: the question or its SQL is empty or too long") from error
        if skeleton(written.sql, dialect=self._dialect) is None:
            raise InvalidInput("examples: the statement cannot be read as a query; keep one that ran")
        example = SqlExample(question=written.question, sql=written.sql)
        with self._lock:
            if example in self._examples:
                return False
            if self._kept >= MOST_KEPT:
                raise InvalidInput(f"examples: {MOST_KEPT} pairs are kept already; remove some")
            _append(self._file, written.model_dump_json())
            self._examples.insert(0, example)
            self._kept += 1
        return True

    def _nearest(
        self, asked: str, texts: Sequence[str], known: dict[str, Matrix], limit: int, like: str | None
    ) -> tuple[SqlExample, ...]:
        if limit <= 0 or not texts:
            return ()
        try:
            self._embed(texts, known)
            vector = self._embedder.embed([asked])[0]
        except ModelError:
            return ()  # SQL can do without examples
        likeness = [float(known[text][0] @ vector) for text in texts]
        distance = self._distances(like)
        ranking = sorted(range(len(texts)), key=lambda place: (distance[place], -likeness[place]))
        return tuple(self._examples[place] for place in ranking[:limit])

    def _embed(self, texts: Sequence[str], known: dict[str, Matrix]) -> None:
        """Embed what was not embedded before, at once."""
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            vectors = self._embedder.embed(missing)
            known |= {text: vectors[row : row + 1] for row, text in enumerate(missing)}

    def _distances(self, like: str | None) -> list[int]:
        """Return by how many levels each example is easier or more difficult than a statement."""
        if like is None:
            return [0] * len(self._examples)
        wanted = _LEVELS.index(difficulty(like, dialect=self._dialect))
        return [abs(_LEVELS.index(self._shape(example)[1]) - wanted) for example in self._examples]

    def _shape(self, example: SqlExample) -> tuple[str, Difficulty]:
        if example.sql not in self._shapes:
            shape = skeleton(example.sql, dialect=self._dialect) or example.sql
            self._shapes[example.sql] = (shape, difficulty(example.sql, dialect=self._dialect))
        return self._shapes[example.sql]


def read_sql_examples(path: Path = SHIPPED) -> tuple[SqlExample, ...]:
    """Read examples from JSON Lines; a last line without its end was cut off in writing and is left out.

    Raises:
        ConfigurationError: The file cannot be read, or a line is no example.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"examples: {path.name} cannot be read; check the path and that it is UTF-8 text"
        raise ConfigurationError(message) from error
    lines = text.split("\n")[:-1]
    return tuple(_examples(lines, path))


def _examples(lines: Iterable[str], path: Path) -> Iterable[SqlExample]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            written = _Written.model_validate_json(line)
        except ValidationError as error:
            message = f"examples: {path.name}, line {number} is no example; correct or remove the line"
            raise ConfigurationError(message) from error
        yield SqlExample(question=written.question, sql=written.sql)


def _append(path: Path, line: str) -> None:
    """Write one whole line at the end in a single step, over what a crash may have cut off there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.ftruncate(descriptor, path.read_bytes().rfind(b"\n") + 1)
            os.write(descriptor, f"{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        message = f"examples: {path.name} cannot be written ({error.strerror}); check the data folder"
        raise ConfigurationError(message) from error
