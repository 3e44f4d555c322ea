"""Values that travel between the layers: documents, chunks, hits, rows.

All are frozen dataclasses of plain fields, so that they can be checkpointed, recorded and compared.
"""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Literal, TypeAlias

Cell: TypeAlias = str | int | float | bool | None
"""One value of a result row; dates are ISO text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is known about a document besides its text."""

    valid_from: date | None = None
    """First day on which the content holds; None when unknown."""
    valid_to: date | None = None
    """Last day on which the content holds; None while it does."""
    superseded_by: str | None = None
    """Source of the document that replaces this one."""
    version: str | None = None
    products: tuple[str, ...] = ()
    """Names of the things the document is about; empty when general."""
    authority: str | None = None
    """Whose word it is, such as official or community; weighed by the ranking rules."""
    groups: tuple[str, ...] = ()
    """Who may read it, sorted: members of any of these groups; everybody when empty."""
    extra: tuple[tuple[str, str], ...] = ()
    """Every other front-matter key as text, sorted by key."""

    @property
    def revision(self) -> str | None:
        """Which revision of its products a document is about, such as B; None when about all."""
        return dict(self.extra).get("revision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One source as text."""

    source: str
    """Path relative to the knowledge base's folder, with forward slashes; unique in its base."""
    title: str
    text: str
    """The whole text; chunk and citation offsets count its characters."""
    body_start: int = 0
    """Offset at which the content starts, behind any front matter."""
    metadata: Metadata = field(default_factory=Metadata)
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage of a document, the unit of search. `document.text[start:end] == text`."""

    id: str
    """UUID5 of base, source, content hash, pipeline version and position: the same text, the same id."""
    knowledge_base: str
    source: str
    title: str
    section: tuple[str, ...]
    """Headings above the passage, outermost first, without the title."""
    text: str
    start: int
    end: int
    metadata: Metadata = field(default_factory=Metadata)
    url: str | None = None

    @property
    def heading(self) -> str:
        """Title and section path on one line."""
        return " › ".join((self.title, *self.section))

    @property
    def embedding_text(self) -> str:
        """What is embedded and indexed: the heading gives a short passage its context."""
        return f"{self.heading}\n{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk found by a search, with the reasons for its place."""

    chunk: Chunk
    score: float
    """Higher is better; comparable only within one list."""
    explanation: dict[str, float | str] = field(default_factory=dict)
    """Named contributions to the score, in the order they were applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Conditions that the engine applies inside the search."""

    knowledge_bases: tuple[str, ...] = ()
    """Bases to search; empty means all."""
    sources: tuple[str, ...] = ()
    """Documents to search; empty means all."""
    groups: frozenset[str] = frozenset()
    """Groups of who searches: documents for everybody, and those for any of these groups, are found."""


ChunkingMethod = Literal["structure", "fixed"]
"""By headings first, then by tokens; or by tokens alone, blind to headings."""
ParameterKind = Literal["text", "integer", "number", "date", "period", "choice", "value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One variable of a named query, filled from the question."""

    name: str
    """The statement uses `:name`; a period fills `:name_start` and `:name_end`, both inclusive."""
    kind: ParameterKind
    pattern: str | None = None
    """text: the regular expression that recognises the value, such as an order number."""
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """choice: each value with the words that mean it; the value itself always does."""
    column: str | None = None
    """value: `table.column` whose distinct values the question's words are linked to."""
    required: bool = True
    default: Cell = None
    """Used when an optional parameter is not given; a period's default is words such as "all time"."""
    ask: str = ""
    """The question to ask back when a required parameter is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedQuery:
    """One entry of the database catalogue."""

    name: str
    description: str
    statement: str
    """One SELECT with `:name` parameters; checked by the guard when the catalogue is opened."""
    examples: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    answer: str | None = None
    """Sentence with {column} and {parameter} fields, filled from a single result row."""
    empty: str | None = None
    """Sentence with {parameter} fields for a result without rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whose question it is: decides which documents, rows and columns it may see."""

    groups: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, Cell], ...] = ()
    """What row filters may refer to as `:name`, such as the asker's customer number."""


ANYONE = Principal()
"""Who asks when nobody in particular does."""


ChartKind = Literal["bar", "line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """How a result can be drawn: one bar or point a row."""

    kind: ChartKind
    """Bars for a ranking or a comparison, a line for a time series."""
    label: str
    """Column that names each row."""
    value: str
    """Column of numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A named query chosen for a question, with its variables filled in."""

    query: str
    """Name of the query."""
    score: float
    """Probability in [0, 1] that this query answers the question."""
    parameters: tuple[tuple[str, Cell], ...] = ()
    """Values for the statement, sorted by name."""
    missing: tuple[str, ...] = ()
    """What to ask back, one question for each required parameter not given."""
    linked: tuple[str, ...] = ()
    """Words of the question that were used as values, as they stand there."""
    unknown: tuple[str, ...] = ()
    """Stems of the question that the query neither used nor knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a database gives back for one statement."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool = False
    """True when the row cap cut the result."""
    plan: tuple[str, ...] = field(default=(), compare=False)
    """How the database goes about it, a line a step; empty when it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The result of one database query, with its provenance."""

    name: str
    """Name of the catalogue query that produced it; empty for SQL written for the question."""
    statement: str
    parameters: tuple[tuple[str, Cell], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool = False
    """True when the row cap cut the result."""
    description: str = ""
    """What the query answers, for people."""
    answer: str | None = None
    """Sentence with {column} and {parameter} fields, filled from a single row."""
    empty: str | None = None
    """Sentence with {parameter} fields for a result without rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to a language model."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a language model is asked, rendered."""

    name: str
    """What it is for, such as `plan` or `write`."""
    messages: tuple[Message, ...]

    @property
    def hash(self) -> str:
        """Identify the rendered text: twelve hexadecimal digits of its SHA-256."""
        told = "\x1e".join(f"{message.role}\x1f{message.text}" for message in self.messages)
        return sha256(f"{self.name}\x1e{told}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFailure:
    """A file that could not be ingested."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What one ingest run did to one knowledge base; counts are documents except `chunks`."""

    knowledge_base: str
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    chunks: int = 0
    """Chunks written in this run."""
    failed: tuple[FileFailure, ...] = ()
    seconds: float = 0.0


Note: TypeAlias = str
"""One sentence for the reader about something missing or degraded."""

Status = Literal["answered", "partial", "clarify", "unanswerable", "declined"]
Mode = Literal["local", "llm"]
