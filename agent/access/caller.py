"""Whoever sent a request, once it is known who that is."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from tools.types import ANYONE, Principal

Scope = Literal["chat", "search", "data", "traces", "metrics", "admin"]
"""What a key may be for: conversations, passages, questions to the database, recordings of answers, figures,
everything else."""
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one caller may do in a while."""

    requests_per_minute: int | None
    """None when they are not counted."""
    runs: int
    """Answers under way at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, by whatever credentials."""

    owner: str
    """Threads, runs and feedback belong to an owner and are seen by that owner alone."""
    scopes: frozenset[Scope]
    limits: Limits
    principal: Principal = field(default=ANYONE)
    """Which documents, rows and columns may be seen."""
    site: str | None = None
    """Site whose widget it came from."""
