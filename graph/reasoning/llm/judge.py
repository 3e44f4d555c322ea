"""The judge with a language model: entailment of the claims that no rule can decide.

A claim goes through three sieves. The deterministic checks reject what cites nothing of this run, and
numbers and quotations that do not stand in what is cited. A claim that says nearly all in words of its
evidence, and denies what the evidence denies, is entailed without asking. Only what is left is put to the
model, all claims in one call:

    faithfulness = claims that hold / claims
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from graph.plan import Plan
from graph.reasoning.checks import Cited, check_claims, cited_by
from graph.reasoning.llm.entailment import Entailment
from graph.reasoning.llm.prompts import judge_prompt
from graph.reasoning.llm.schemas import ClaimVerdict, JudgeReply
from graph.reasoning.llm.shortfalls import told
from graph.reasoning.local.judge import LocalJudge
from graph.state import Assessment, Claim, Draft, Evidence, Verdict, Verification
from tools.errors import BudgetExceeded, ModelError
from tools.metering import Meter
from tools.ports import Chat
from tools.types import Note

LONGEST_LEAD_IN = 16
"""Words of a line that introduces a list."""
UNJUDGED = "it was not judged"
UNSUPPORTED = "its evidence does not say so"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubt:
    """A claim that a model has to decide, with what it cites."""

    claim: str
    cited: tuple[Cited, ...]

    @property
    def evidence(self) -> str:
        """Everything that it cites, as text."""
        return "\n\n".join(source.everything for source in self.cited)

    @property
    def key(self) -> tuple[str, str]:
        """What a verdict on it depends on."""
        return self.claim, self.evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmJudge:
    """Judges by rules first and asks a model about the rest. Implements `Judge`."""

    chat: Chat
    local: LocalJudge
    marked: bool = True
    """Whether untrusted text is interleaved with a marker."""

    async def assess(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        """Leave it to the writer whether the evidence answers; only what is ambiguous is told apart here."""
        return await asyncio.to_thread(self.local.tell_apart, plan, evidence)

    async def verify(
        self,
        draft: Draft,
        evidence: Sequence[Evidence],
        *,
        question: str,
        before: Verification,
        meter: Meter,
    ) -> Verification:
        """Check every claim; what the local mode quoted in the model's stead must be quoted truly."""
        if draft.shortfall and not draft.text:
            return await self.local.verify(draft, evidence, question=question, before=before, meter=meter)
        checked = check_claims(draft, evidence, quoted=False, question=question)
        words = Entailment(question=question, lexicon=self.local.lexicon)
        doubts = _doubts(draft, evidence, checked, words)
        known = {(one.claim, one.evidence): one for one in before.verdicts}
        new = [doubt for doubt in dict.fromkeys(doubts.values()) if doubt.key not in known]
        shortfall, objections = await self._judged(new, words, meter)
        fresh = {
            doubt.key: Verdict(claim=doubt.claim, evidence=doubt.evidence, objection=objection)
            for doubt, objection in zip(new, objections, strict=True)
        }
        judged = {number: (known | fresh)[doubt.key].objection for number, doubt in doubts.items()}
        rejected = dict(checked.rejected) | {number: reason for number, reason in judged.items() if reason}
        total = len(draft.claims)
        return Verification(
            faithfulness=(total - len(rejected)) / total if total else 1.0,
            rejected=tuple(sorted(rejected.items())),
            verdicts=tuple((known if shortfall else known | fresh).values()),
            shortfall=shortfall,
        )

    async def _judged(
        self, doubts: Sequence[_Doubt], words: Entailment, meter: Meter
    ) -> tuple[Note | None, list[str | None]]:
        """Return what the model has against each; without it, words have to decide."""
        if not doubts:
            return None, []
        prompt = judge_prompt([doubt.key for doubt in doubts], question=words.question, marked=self.marked)
        try:
            reply = await self.chat.typed(prompt, JudgeReply, meter=meter)
        except (ModelError, BudgetExceeded) as error:
            enough = [words.enough(doubt.claim, doubt.cited) for doubt in doubts]
            return told("checked", error), [None if one else UNSUPPORTED for one in enough]
        given = {one.number: one for one in reply.claims}
        return None, [_objection(given.get(number)) for number in range(1, len(doubts) + 1)]


def _doubts(
    draft: Draft, evidence: Sequence[Evidence], checked: Verification, words: Entailment
) -> dict[int, _Doubt]:
    """Return the claims, by position, that neither a check nor their words decide.

    A table shows the cells of its rows and claims nothing else; a short line that introduces a list says no
    more than the list.
    """
    settled = {number for number, _ in checked.rejected} | _lead_ins(draft.claims)
    return {
        number: _Doubt(claim=claim.text, cited=cited)
        for number, (claim, cited) in enumerate(zip(draft.claims, cited_by(draft, evidence), strict=True))
        if number not in settled and claim.kind != "table" and not words.plain(claim.text, cited)
    }


def _lead_ins(claims: Sequence[Claim]) -> set[int]:
    """Return the positions of the claims that only introduce the list or table behind them."""
    return {
        number
        for number, (claim, following) in enumerate(pairwise(claims))
        if claim.text.endswith(":")
        and following.kind != "sentence"
        and len(claim.text.split()) <= LONGEST_LEAD_IN
    }


def _objection(verdict: ClaimVerdict | None) -> str | None:
    """Return what the model has against a claim; one that it passed over does not hold."""
    if verdict is None:
        return UNJUDGED
    return None if verdict.verdict == "supported" else verdict.reason or UNSUPPORTED
