"""What is known of one asked case: what was observed, and what was measured of it."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent.answer import Answer
from agent.evaluation.cases import Case
from tools.types import Cell


class Kept(BaseModel):
    """A value that is kept as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Passage(Kept):
    """A passage as it was found. Offsets count characters of the document's text."""

    chunk_id: str
    knowledge_base: str
    source: str
    start: int
    end: int
    text: str
    score: float


class Table(Kept):
    """Rows that a statement gave."""

    statement: str
    parameters: Mapping[str, Cell] = {}
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Stated(Kept):
    """One claim as it was written, with the evidence that it cites."""

    text: str
    quotes: tuple[str, ...] = ()
    """Quotations it cites."""
    sources: tuple[str, ...] = ()
    """Documents it cites, and `database` where it cites rows."""
    cells: tuple[str, ...] = ()
    """Cells of the rows that it cites, in words."""
    kept: bool = True
    """Whether the checks left it in the answer."""


class Observed(Kept):
    """A case, its answer, and what the graph had in its hands on the way."""

    case: Case
    answer: Answer
    wrong: tuple[str, ...] = ()
    """What is wrong with the answer, in words; empty when it is right."""
    found: tuple[Passage, ...] = ()
    """Everything the searches found: what the answer was written from, best first, then the rest as fused."""
    evidence: tuple[Passage, ...] = ()
    """Passages that the answer was written from, best first."""
    tables: tuple[Table, ...] = ()
    """Rows that the answer was written from."""
    claims: tuple[Stated, ...] = ()
    """What was written, also where it was withheld."""
    confidence: float | None = None
    """Least confidence, over the parts, that the evidence answers; None where nothing was weighed."""
    written: bool = False
    """Whether anything was drafted."""

    @property
    def correct(self) -> bool:
        """Whether facts, sources, status and steps are all right."""
        return not self.wrong


Axis = Literal["context", "behaviour"]
"""What a failure lacks: the model lacked the context, or misbehaved with it."""
Loss = Literal[
    "not indexed",
    "not retrieved",
    "ranked out",
    "packed out",
    "misrouted",
    "wrong SQL",
    "not used",
    "unfaithful",
    "wrong status",
]


class Lost(Kept):
    """Which step lost a failed case."""

    loss: Loss
    axis: Axis
    step: str
    """Node of the graph."""
    reason: str
    """In words, with what is missing."""


class Measured(Observed):
    """A case with its metrics."""

    metrics: Mapping[str, float] = {}
    """Value by name of metric; see `agent.evaluation.metrics.NAMES`."""
    unmeasured: Mapping[str, str] = {}
    """Why a metric has no value, by its name."""
    lost: Lost | None = None
    """None for a right answer."""

    @classmethod
    def of(
        cls,
        observed: Observed,
        *,
        metrics: Mapping[str, float],
        unmeasured: Mapping[str, str],
        lost: Lost | None,
    ) -> "Measured":
        """Return what was observed together with what was measured of it."""
        return cls(
            **{name: getattr(observed, name) for name in Observed.model_fields},
            metrics=metrics,
            unmeasured=unmeasured,
            lost=lost,
        )
