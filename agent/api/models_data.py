"""What the API takes and gives where no conversation is held: passages, rows, ingestion. As JSON."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from agent.api.models import Given, Taken
from agent.lookups import FEW_HITS, MOST_HITS


class SearchTaken(Taken):
    """Looks for passages."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "warranty of batteries"}]})

    query: str
    knowledge_base: str | None = None
    """All of them by default."""
    limit: Annotated[int, Field(ge=1, le=MOST_HITS)] = FEW_HITS


class HitGiven(Given):
    """A passage that was found."""

    source: str
    knowledge_base: str
    title: str
    section: str
    text: str
    start: int
    end: int
    """The passage is characters `start` to `end` of the document's text."""
    score: float
    explanation: dict[str, float | str]
    """What the score is made of."""


class SearchGiven(Given):
    """The passages nearest in meaning and words, best first."""

    hits: list[HitGiven]
    remark: str = ""
    """There when words alone decided, with the reason."""


class QueryTaken(Taken):
    """A question to the database alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"question": "How many orders are open?"}]})

    question: str


class ChartGiven(Given):
    """How rows can be drawn: one bar or point a row."""

    kind: Literal["bar", "line"]
    label: str
    value: str


class RowsGiven(Given):
    """Rows, or under `error` why there are none and what to do."""

    statement: str | None
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    attempts: int
    """Statements that were tried."""
    named: str | None = None
    """The named query that was run."""
    parameters: Annotated[dict[str, str | int | float | bool | None], Field(default_factory=dict)]
    description: str = ""
    sentence: str | None = None
    """The rows in words."""
    truncated: bool = False
    chart: ChartGiven | None = None
    notes: tuple[str, ...] = ()
    error: str = ""


class IngestTaken(Taken):
    """Which files to bring in line; everything that is configured by default."""

    knowledge_base: str | None = None
    paths: tuple[str, ...] = ()
    """Read only these files or folders of the configured paths; relative to the configuration file."""


class FailureGiven(Given):
    """A file that could not be read."""

    knowledge_base: str
    path: str
    reason: str


class CountsGiven(Given):
    """What was done; documents, except `chunks`."""

    added: int
    updated: int
    unchanged: int
    removed: int
    chunks: int
    seconds: float


class IngestGiven(CountsGiven):
    """What an ingestion did."""

    failed: list[FailureGiven]
    knowledge_bases: dict[str, CountsGiven]
    remark: str = ""
    """There when some processes of the server do not know all of it yet."""
