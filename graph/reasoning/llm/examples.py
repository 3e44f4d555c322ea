"""Worked examples for the writer, and a store that finds those nearest to a question.

They are kept as JSON Lines, one example a line. A source is a passage (`base`, `title`, `text`, and if
known `section`, `valid_from`, `valid_to`, `superseded_by`, `version`, `products`) or the result of a
database query (`query`, `description`, `columns`, `rows`, and if any `parameters`):

    {"question": "…", "as_of": "2026-05-04", "sources": [{"base": "…", "title": "…", "text": "…"}],
     "answer": "… [1]"}

A compound question lists its sub-questions in `parts`. Sources count from 1.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Annotated, Protocol

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    PositiveInt,
    Tag,
    ValidationError,
    model_validator,
)

from graph.reasoning.llm.sources import Source
from tools.errors import ConfigurationError, ModelError
from tools.ports import Embedder, Matrix
from tools.types import Cell, Chunk, Hit, Metadata, Rows

SHIPPED = Path(__file__).with_name("examples.jsonl")
"""Examples over invented installations that have nothing to do with one another."""

_CITED = re.compile(r"\[(?:table )?(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question with its sources, answered the way the writer should."""

    question: str
    as_of: date
    sources: tuple[Source, ...]
    answer: str
    parts: tuple[str, ...] = ()
    """Sub-questions; empty for a plain question."""


class Examples(Protocol):
    """Finds worked examples."""

    def nearest(self, question: str | Matrix, *, limit: int = 2) -> tuple[Example, ...]:
        """Return the examples most like a question, nearest first; without vectors, none."""


class ExampleStore:
    """Finds worked examples by their question's likeness to another; blocks the thread."""

    def __init__(self, examples: Sequence[Example], embedder: Embedder) -> None:
        self._examples = tuple(examples)
        self._embedder = embedder
        self._lock = Lock()
        self._vectors: Matrix | None = None

    def nearest(self, question: str | Matrix, *, limit: int = 2) -> tuple[Example, ...]:
        """Return the examples with the highest cosine similarity, nearest first; without vectors, none.

        Args:
            question: The question, or its embedding of shape (1, dimension).
            limit: Most examples to return.
        """
        if not self._examples or limit <= 0:
            return ()
        try:
            vector = self._embedder.embed([question]) if isinstance(question, str) else question
            likeness = (self._embedded() @ vector[0]).tolist()
        except ModelError:
            return ()  # an answer can do without examples
        ranked = sorted(range(len(self._examples)), key=lambda number: -likeness[number])
        return tuple(self._examples[number] for number in ranked[:limit])

    def _embedded(self) -> Matrix:
        """Embed all questions when the first is asked, once."""
        with self._lock:
            if self._vectors is None:
                self._vectors = self._embedder.embed([example.question for example in self._examples])
            return self._vectors


def read_examples(path: Path = SHIPPED) -> tuple[Example, ...]:
    """Read examples from JSON Lines.

    Raises:
        ConfigurationError: The file cannot be read, or a line is not an example.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"examples: {path.name} cannot be read; check the path and that it is UTF-8 text"
        raise ConfigurationError(message) from error
    return tuple(_example(line, number, path) for number, line in enumerate(lines, start=1) if line.strip())


def _example(line: str, number: int, path: Path) -> Example:
    try:
        written = _Written.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the line"
        message = f"examples: {path.name}, line {number}: {where}: {first['msg']}; correct or remove the line"
        raise ConfigurationError(message) from error
    return Example(
        question=written.question,
        as_of=written.as_of,
        sources=tuple(_source(source, place) for place, source in enumerate(written.sources, start=1)),
        answer=written.answer,
        parts=tuple(written.parts),
    )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Passage(_Strict):
    base: str
    title: str
    text: str
    section: list[str] = []
    valid_from: date | None = None
    valid_to: date | None = None
    superseded_by: str | None = None
    version: str | None = None
    products: list[str] = []
    parts: list[PositiveInt] = []


class _Result(_Strict):
    query: str
    description: str
    columns: list[str]
    rows: list[list[Cell]]
    parameters: dict[str, Cell] = {}
    parts: list[PositiveInt] = []

    @model_validator(mode="after")
    def _rectangular(self) -> "_Result":
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("every row needs one cell for each column")
        return self


def _kind(source: object) -> str:
    return "rows" if isinstance(source, dict) and "query" in source else "passage"


_AnySource = Annotated[
    Annotated[_Passage, Tag("passage")] | Annotated[_Result, Tag("rows")], Discriminator(_kind)
]


class _Written(_Strict):
    question: str
    as_of: date
    sources: list[_AnySource]
    answer: str
    parts: list[str] = []

    @model_validator(mode="after")
    def _cites_its_sources(self) -> "_Written":
        strange = [cited for cited in _CITED.findall(self.answer) if not 1 <= int(cited) <= len(self.sources)]
        if strange:
            raise ValueError(f"the answer cites [{strange[0]}], which is not among its sources")
        return self


def _source(written: _Passage | _Result, number: int) -> Source:
    parts = tuple(part - 1 for part in written.parts) or (0,)
    item = _rows(written) if isinstance(written, _Result) else _hit(written, number)
    return Source(number=number, parts=parts, item=item)


def _rows(written: _Result) -> Rows:
    return Rows(
        name=written.query,
        statement="",
        parameters=tuple(sorted(written.parameters.items())),
        columns=tuple(written.columns),
        rows=tuple(tuple(row) for row in written.rows),
        description=written.description,
    )


def _hit(written: _Passage, number: int) -> Hit:
    chunk = Chunk(
        id=f"example-{number}",
        knowledge_base=written.base,
        source=written.title,
        title=written.title,
        section=tuple(written.section),
        text=written.text,
        start=0,
        end=len(written.text),
        metadata=Metadata(
            valid_from=written.valid_from,
            valid_to=written.valid_to,
            superseded_by=written.superseded_by,
            version=written.version,
            products=tuple(written.products),
        ),
    )
    return Hit(chunk=chunk, score=1.0)
