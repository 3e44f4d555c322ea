"""The public answer: the JSON object that every front of Plumbline returns."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from tools.types import Mode, Status

ExitReason = Literal[
    "completed",
    "clarification",
    "out_of_time",
    "out_of_tokens",
    "out_of_money",
    "out_of_calls",
    "model_unavailable",
]


def _whole(value: object) -> object:
    if isinstance(value, str):
        return (
            value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list | tuple) else value


class Public(BaseModel):
    """A value that goes out as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _writable(cls, values: Any) -> Any:  # noqa: ANN401 - whatever the fields will be validated from
        """Replace half surrogate pairs, which models and databases can give and no encoder accepts."""
        return _whole(values)


class PassageQuote(Public):
    """A quotation from a document: characters `start` to `end` of its text."""

    id: int
    kind: Literal["passage"] = "passage"
    knowledge_base: str
    source: str
    title: str
    section: str
    quote: str
    start: int
    end: int
    before: str = ""
    """Text of the same passage that leads to the quotation, and `after` what follows it."""
    after: str = ""
    url: str | None = None


class ChartHint(Public):
    """How rows can be drawn: one bar or point a row."""

    kind: Literal["bar", "line"]
    label: str
    """Column that names each row."""
    value: str
    """Column of numbers."""


class RowsQuote(Public):
    """Rows of one executed statement."""

    id: int
    kind: Literal["rows"] = "rows"
    statement: str
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    cells: list[tuple[int, str]] = []
    """Row, counted from 0, and column of each cell that the answer shows."""
    chart: ChartHint | None = None
    """Given when a drawing says more than the table: a time series or a ranking."""


class RouteTaken(Public):
    """Where the question was sent; probabilities in [0, 1]."""

    category: str
    knowledge_bases: dict[str, float]
    database: float
    in_scope: float


class ModelCall(Public):
    """One call of a language model."""

    prompt: str
    """Name of the prompt."""
    prompt_hash: str
    """Identifies its rendered text."""
    model: str
    attempts: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    estimated: bool
    """True when the endpoint did not say how many tokens it used."""
    cost_usd: float
    milliseconds: float
    error: str | None
    """Class of the error that ended it."""


class Usage(Public):
    """What the language model cost; all zero in local mode."""

    model_calls: int = 0
    sequential_model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    calls: list[ModelCall] = []
    """Every call in order; `sequential_model_calls` is the longest chain of calls one after another."""


class Timings(Public):
    """Milliseconds since the question arrived; `nodes` gives each node's own span."""

    total: float
    first_token: float | None
    nodes: dict[str, float]


class Answer(Public):
    """An answer with everything needed to check it."""

    answer: str
    status: Status
    citations: list[PassageQuote | RowsQuote]
    route: RouteTaken
    queries: list[str]
    faithfulness: float
    mode: Mode
    degraded: bool
    notes: list[str]
    choices: list[str] = []
    """With status `clarify`: the answers to choose from, when there are few."""
    exit_reason: ExitReason
    """Why the answer is no better than it is: `completed` when nothing was lacking."""
    usage: Usage = Usage()
    timings_ms: Timings
    thread_id: str
    run_id: str
