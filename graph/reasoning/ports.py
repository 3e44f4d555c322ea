"""The judgments a node asks for; a node never asks which implementation answers.

An implementation that falls back on a lesser one says so in the `shortfall` of what it returns.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol, TypeAlias

from graph.plan import Plan, Turn
from graph.state import Assessment, Claim, Draft, Evidence, Token, Verification
from tools.metering import Meter

Emit: TypeAlias = Callable[[Token], None]
"""Takes a piece of a draft while it is written."""


class Planner(Protocol):
    """Decides how a question is answered."""

    async def plan(self, question: str, history: Sequence[Turn], *, today: date, meter: Meter) -> Plan:
        """Make the question stand alone, split it, and route each part."""

    async def carry_on(self, plan: Plan, evidence: Sequence[Evidence], *, today: date, meter: Meter) -> Plan:
        """Complete the parts that waited with what the parts they need have found.

        A part that cannot be completed goes on waiting.
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
