"""What is known of a recording without opening it: what lists show, sort and filter by."""

from dataclasses import dataclass
from datetime import datetime

from agent.recording.recording import Kind, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One line of the list of recordings."""

    run_id: str
    thread_id: str
    owner: str
    kind: Kind = "run"
    parent: str | None = None
    """The run that a fork comes from."""
    question: str
    outcome: Outcome
    status: str
    """Of the answer; the outcome where there is none."""
    route: str
    """The likeliest destination; empty when it was never planned."""
    mode: str
    degraded: bool
    faithfulness: float | None
    """None without an answer."""
    exit_reason: str
    error: str | None
    started: datetime
    duration_ms: float
    steps: int
    calls: int
    model_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    scrubbed: bool = False
    imported: bool = False
    """True when it was recorded elsewhere."""
    bytes: int = 0
    """What it takes in the database, without what it shares with others."""
    thumb: str | None = None
    """What its owner said of the answer, `up` or `down`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which recordings to list; every condition that is given must hold."""

    text: str | None = None
    """Occurs in the question, or is the beginning of the run's or is the thread's id; case does not count."""
    status: str | None = None
    """Of the answer, or `failed` or `cancelled`."""
    route: str | None = None
    slower_than_ms: float | None = None
    degraded: bool | None = None
    faithfulness_below: float | None = None
    thumb: str | None = None
    kind: Kind | None = None
    parent: str | None = None
    """Forks of this run."""
    thread_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A recording as it is kept: what lists need, the rest packed, and what it shares with others."""

    summary: Summary
    document: bytes
    attachments: tuple[str, ...]
    """Digests of what it refers to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many recordings are kept, the latest first; None is without limit."""

    days: float | None = 30.0
    runs: int | None = 10_000
    megabytes: float | None = 512.0
