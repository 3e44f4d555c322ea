"""What the tools give besides an answer, as structured output."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True)


class PassageFound(_Given):
    """A passage: characters `start` to `end` of a document's text."""

    source: str
    knowledge_base: str
    title: str
    section: str
    text: str
    start: int
    end: int
    score: float
    """Higher is better; comparable only within one search."""
    explanation: dict[str, float | str]


class PassagesFound(_Given):
    """Passages, best first."""

    hits: list[PassageFound]
    remark: str | None = None


class RowsFound(_Given):
    """Rows of the database, or why there are none."""

    statement: str | None
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    attempts: int
    named: str | None = None
    parameters: dict[str, Any] = {}
    description: str = ""
    sentence: str | None = None
    """What the rows say, when they say little."""
    truncated: bool = False
    chart: dict[str, str] | None = None
    notes: list[str] = []
    error: str | None = None
    """Why there are no rows, and what to ask instead."""
