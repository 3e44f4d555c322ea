"""The judgments a node asks for; a node never asks which implementation answers.

An implementation that falls back on a lesser one says so in the `shortfall` of what it returns.
"""

from __future__ import annotations  # what asks the database alone must not load the graph library for a name

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol, TypeAlias

from tools.errors import Problem
from tools.metering import Meter
from tools.types import ANYONE, Note, Principal

if TYPE_CHECKING:
    from graph.plan import Plan, Turn
    from graph.state import Assessment, Claim, Draft, Evidence, Token, Verification

Emit: TypeAlias = "Callable[[Token], None]"
"""Takes a piece of a draft while it is written."""


class Planner(Protocol):
    """Decides how a question is answered."""

    async def plan(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Make the question stand alone, split it, and route each part."""

    async def carry_on(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Complete the parts that waited with what the parts they need have found.

        A part that cannot be completed goes on waiting.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL that may answer a question."""

    text: str
    """One SELECT; untrusted, the guard decides whether it runs."""
    description: str
    """What its rows are, in words, such as "Number of orders shipped in March 2026"."""
    answer: str | None = None
    """Sentence with {column} fields, filled from a single row."""
    empty: str | None = None
    """Sentence for a result without rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A statement that was tried, and what became of it."""

    statement: str
    problem: Problem | None = None
    """None when nothing is wrong with it: it gave rows, or the message says why it could not be run."""
    message: str = ""
    """The reason, for who writes the next one; empty when it gave rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a SQL writer has to say to a question."""

    statements: tuple[Statement, ...] = ()
    """Candidates for the same question, best first; none when it was not understood entirely."""
    shortfall: Note | None = None
    """Why a lesser writer wrote them than was asked for."""


class SqlWriter(Protocol):
    """Writes SQL for questions that no named query answers."""

    async def write(
        self,
        question: str,
        *,
        today: date,
        principal: Principal,
        failed: Sequence[Attempt],
        meter: Meter,
    ) -> Written:
        """Write statements for a question that stands alone.

        Args:
            question: What is asked.
            today: The day that relative dates count from.
            principal: Whose question it is; what it may not see is not mentioned.
            failed: What was tried before, oldest first, to be mended.
            meter: Admits model calls.

        Raises:
            PlumblineError: The database cannot tell what is in it.
        """


class Judge(Protocol):
    """Decides what evidence is worth."""

    async def assess(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        """Say for each part whether its evidence answers it, and which spans do."""

    async def verify(
        self, draft: Draft, evidence: Sequence[Evidence], *, question: str, before: Verification, meter: Meter
    ) -> Verification:
        """Check each claim against the evidence it cites.

        Args:
            draft: What was written.
            evidence: Everything this run found.
            question: What was asked, standing alone.
            before: The verification of an earlier draft of this answer, whose verdicts still hold.
            meter: Admits model calls.
        """


class Writer(Protocol):
    """Writes the answer."""

    async def write(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        assessments: Sequence[Assessment],
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Write an answer part by part in which every claim cites its evidence."""

    async def revise(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        draft: Draft,
        verification: Verification,
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Write a draft anew of which some claims do not hold, or return it unchanged."""

    def render(self, claims: Sequence[Claim]) -> str:
        """Return claims as Markdown with `[n]` markers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgments:
    """What is asked about one question, by what its asker may know."""

    planner: Planner
    judge: Judge
    writer: Writer
    knowledge: object = None
    """What they know of the words of the documents, as plain values; a recording keeps it."""
