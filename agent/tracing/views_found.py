"""What people see of what a step found, asked of the database and claimed, as JSON."""

from typing import Literal

from agent.answer import Public
from agent.recording.recording import Json


class Found(Public):
    """One search that found a passage."""

    query: str
    family: str
    knowledge_base: str
    rank: int
    dense: float | None
    bm25: float | None
    fused: float | None


class PassageSeen(Public):
    """One passage on its way from the searches to the evidence."""

    chunk_id: str
    source: str
    title: str
    section: str
    knowledge_base: str
    text: str
    valid_from: str | None
    valid_to: str | None
    superseded_by: str | None
    found: list[Found]
    fusion: float
    fusion_rank: int
    cross_encoder: float | None
    factors: dict[str, float]
    """What each rule multiplied its score by; rules that left it alone are left out."""
    score: float
    rank: int | None
    """In the evidence; None when it was dropped."""
    kept: bool
    why: str
    """Why it stands where it does, or was dropped."""


class PartRetrieval(Public):
    """How the evidence of one part came about."""

    question: str
    passages: list[PassageSeen]
    """Those that were kept first, then by the place of fusion."""


class Retrieval(Public):
    """How the evidence of every part came about."""

    parts: list[PartRetrieval]


class HitGiven(Public):
    """One hit of one search."""

    rank: int
    chunk_id: str
    source: str
    title: str
    section: str
    text: str
    score: float
    dense: float | None
    bm25: float | None
    fused: float | None


class SearchGiven(Public):
    """What one search found."""

    query: str
    knowledge_base: str
    shortfall: str | None
    hits: list[HitGiven]


class SqlGiven(Public):
    """One statement that was to run."""

    call: int
    statement: str
    parameters: dict[str, Json]
    named: str | None
    """Name of the query, when it comes from the catalogue."""
    decision: Literal["allowed", "refused", "failed"]
    reason: str | None
    normalized: str | None
    """As the guard writes it anew."""
    plan: list[str]
    columns: list[str]
    rows: list[list[Json]]
    truncated: bool


class EvidenceGiven(Public):
    """What one citation of a claim stands for."""

    citation: int
    kind: Literal["passage", "rows"]
    source: str | None
    title: str | None
    quote: str | None
    statement: str | None


class ClaimGiven(Public):
    """One statement of a draft, and what became of it."""

    number: int
    text: str
    part: int
    kind: str
    verdict: Literal["holds", "rejected", "cut"] | None
    """None when the draft was never checked."""
    reason: str | None
    evidence: list[EvidenceGiven]
