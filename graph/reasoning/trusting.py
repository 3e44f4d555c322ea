"""A judge that lets every draft out: what answers are worth unchecked."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.plan import Plan
from graph.reasoning.ports import Judge
from graph.state import Assessment, Draft, Evidence, Verification
from tools.metering import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusting:
    """Weighs evidence as another judge does, and believes every claim. Implements `Judge`."""

    judge: Judge

    async def assess(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        """Say for each part whether its evidence answers it."""
        return await self.judge.assess(plan, evidence)

    async def verify(
        self, draft: Draft, evidence: Sequence[Evidence], *, question: str, before: Verification, meter: Meter
    ) -> Verification:
        """Reject nothing."""
        del draft, evidence, question, before, meter
        return Verification(faithfulness=1.0)
