"""The judgments a node asks for; a node never asks which implementation answers."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from graph.state import Assessment, Claim, Draft, Evidence, Plan, Turn, Verification


class Planner(Protocol):
    """Decides how a question is answered."""

    async def plan(self, question: str, history: Sequence[Turn], *, today: date) -> Plan:
        """Make the question stand alone, split it, and route each part."""


class Judge(Protocol):
    """Decides what evidence is worth."""

    async def assess(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        """Say for each part whether its evidence answers it, and which spans do."""

    async def verify(self, draft: Draft, evidence: Sequence[Evidence]) -> Verification:
        """Check each claim against the evidence it cites."""


class Writer(Protocol):
    """Writes the answer."""

    async def write(
        self, plan: Plan, evidence: Sequence[Evidence], assessments: Sequence[Assessment]
    ) -> Draft:
        """Write an answer part by part in which every claim cites its evidence."""

    def render(self, claims: Sequence[Claim]) -> str:
        """Return claims as Markdown with `[n]` markers."""
