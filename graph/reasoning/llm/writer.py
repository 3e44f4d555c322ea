"""The writer with a language model: streams a draft, and reads it back as claims with citations."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from graph.plan import Plan
from graph.reasoning.llm.drafting import read_draft
from graph.reasoning.llm.examples import Example, Examples
from graph.reasoning.llm.prompts import revise_prompt, write_prompt
from graph.reasoning.llm.shortfalls import told
from graph.reasoning.llm.sources import Source, number_sources
from graph.reasoning.llm.streaming import DraftStream
from graph.reasoning.local.writer import LocalWriter
from graph.reasoning.ports import Emit, Judge
from graph.state import Assessment, Claim, Draft, Evidence, Token, Verification
from tools.errors import BudgetExceeded, ModelError, ModelOutputError, ModelUnavailable
from tools.metering import Meter
from tools.ports import Chat
from tools.types import Note, Prompt

EXAMPLES = 2
"""Worked examples that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmWriter:
    """Has a model write from numbered sources; without it, the local mode quotes. Implements `Writer`."""

    chat: Chat
    local: LocalWriter
    local_judge: Judge
    """Finds the spans that the local writer quotes."""
    examples: Examples
    faithfulness: float
    """Share of a draft that must hold."""
    name: str
    """How the assistant calls itself."""
    marked: bool = True
    """Whether untrusted text is interleaved with a marker."""
    plain: bool = False
    """Whether it is told as little as possible, and shown no examples."""

    async def write(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        assessments: Sequence[Assessment],
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Stream a draft from all sources; when the model fails, void what was streamed and quote instead."""
        del assessments
        sources = number_sources(evidence)
        shown = await self._shown(plan)
        prompt = write_prompt(
            plan, sources, name=self.name, examples=shown, marked=self.marked, plain=self.plain
        )
        try:
            return await self._drafted(prompt, plan, sources, emit, meter)
        except (ModelError, BudgetExceeded) as error:
            return await self._instead(plan, evidence, told("written", error), emit, meter)

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
        """Have the draft written anew with what was wrong with it.

        When the model fails, now or when it had to judge the draft, a draft of which enough holds stays as it
        is and is cut; of another the local mode quotes the answer. The former also stays when the model has
        no other.
        """
        enough = verification.faithfulness >= self.faithfulness
        if draft.shortfall or (verification.shortfall and enough):
            return draft
        if verification.shortfall:
            return await self._instead(plan, evidence, verification.shortfall, emit, meter)
        sources = number_sources(evidence)
        shown = await self._shown(plan)
        prompt = revise_prompt(
            plan,
            sources,
            draft.text,
            [(draft.claims[number].text, reason) for number, reason in verification.rejected],
            name=self.name,
            examples=shown,
            marked=self.marked,
            plain=self.plain,
        )
        emit(Token(restart=True))
        shortfall = None
        try:
            again = await self._drafted(prompt, plan, sources, emit, meter)
        except (ModelError, BudgetExceeded) as error:
            shortfall = told("revised", error)
            if not enough:
                return await self._instead(plan, evidence, shortfall, emit, meter)
        else:
            if again.claims or not enough:
                return again
        emit(Token(text=self.render(draft.claims), restart=True))
        return replace(draft, shortfall=shortfall)

    def render(self, claims: Sequence[Claim]) -> str:
        """Return claims as harmless Markdown with `[n]` markers."""
        return self.local.render(claims)

    async def _shown(self, plan: Plan) -> Sequence[Example]:
        if self.plain:
            return ()
        return await asyncio.to_thread(self.examples.nearest, plan.question, limit=EXAMPLES)

    async def _drafted(
        self, prompt: Prompt, plan: Plan, sources: Sequence[Source], emit: Emit, meter: Meter
    ) -> Draft:
        text = await self._streamed(prompt, sources, emit, meter)
        draft = replace(read_draft(text, sources, parts=len(plan.parts)), text=text)
        if draft.claims and not draft.citations:
            raise ModelOutputError("the model's answer cites nothing; ask another model")
        return draft

    async def _streamed(self, prompt: Prompt, sources: Sequence[Source], emit: Emit, meter: Meter) -> str:
        """Return the whole text; a stream that breaks off is begun anew once, and the reader is told."""
        pieces: list[str] = []
        try:
            await self._receive(prompt, sources, emit, meter, pieces)
        except ModelUnavailable:
            if not pieces:
                raise
            pieces.clear()
            emit(Token(restart=True))
            await self._receive(prompt, sources, emit, meter, pieces)
        return "".join(pieces)

    async def _receive(
        self, prompt: Prompt, sources: Sequence[Source], emit: Emit, meter: Meter, pieces: list[str]
    ) -> None:
        """Collect the pieces of a reply, and pass on what is harmless already."""
        draft = DraftStream(sources)
        async with aclosing(self.chat.stream(prompt, meter=meter)) as stream:
            async for piece in stream:
                pieces.append(piece)
                if safe := draft.feed(piece):
                    emit(Token(text=safe))
        if safe := draft.close():
            emit(Token(text=safe))

    async def _instead(
        self, plan: Plan, evidence: Sequence[Evidence], shortfall: Note, emit: Emit, meter: Meter
    ) -> Draft:
        """Void what was streamed and answer as the local mode does."""
        emit(Token(restart=True))
        assessments = await self.local_judge.assess(plan, evidence)
        draft = await self.local.write(plan, evidence, assessments, emit=lambda _: None, meter=meter)
        emit(Token(text=self.render(draft.claims)))
        lacking = dict.fromkeys(found.note for found in assessments if found.note)
        return replace(draft, shortfall=shortfall, notes=tuple(lacking))
