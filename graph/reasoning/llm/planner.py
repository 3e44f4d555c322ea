"""The planner with a language model: it is asked where rules and the trained router are not sure."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from graph.plan import Part, Plan, Query, Route, Turn, without_places
from graph.reasoning.harmless.sanitizing import sanitize
from graph.reasoning.llm.prompts import plan_prompt, resolve_prompt
from graph.reasoning.llm.schemas import PartReply, PlanReply, ResolveReply
from graph.reasoning.llm.shortfalls import told
from graph.reasoning.llm.sources import addresses_of, number_sources
from graph.reasoning.local.planner import LocalPlanner, Occasion, overall
from graph.state import Evidence
from tools.errors import BudgetExceeded, ModelError
from tools.metering import Meter
from tools.ports import Chat
from tools.types import ANYONE, Principal

SURE = 0.6
"""A route at or above this probability needs no second opinion: of 220 sample questions whose local plan was
that sure, the right place was missing from two."""
EDGES = "\"'()<>[].,;:!?"
"""What may stand around an address in a question."""
NEVER_SURE = 0.02
"""The model's zeros and ones are taken for this and its complement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmPlanner:
    """Plans locally first, and asks a model only where that is not plain. Implements `Planner`."""

    chat: Chat
    local: LocalPlanner
    bases: Mapping[str, str]
    """Names of the knowledge bases with their descriptions."""
    queries: Sequence[tuple[str, str]]
    """Names of the database's queries with their descriptions."""
    tables: Sequence[tuple[str, str]] = ()
    """Names of the tables that SQL may be written over, with their columns."""
    marked: bool = True
    """Whether untrusted text is interleaved with a marker."""

    async def plan(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Plan locally, and anew with the model where the local plan is unsure or the question compound."""
        local = await self.local.plan(question, history, today=today, meter=meter, principal=principal)
        if is_plain(local, question):
            return local
        prompt = plan_prompt(
            question,
            history,
            about=self.local.about,
            bases=self.bases,
            queries=self.queries,
            tables=self.tables,
            today=today,
            marked=self.marked,
        )
        try:
            reply = await self.chat.typed(prompt, PlanReply, meter=meter, optional=True)
        except (ModelError, BudgetExceeded) as error:
            return replace(local, shortfall=told("planned", error))
        said = " ".join((question, *(turn.question for turn in history)))
        occasion = Occasion(today=today, principal=principal)
        return await asyncio.to_thread(self._merged, local, _harmless_plan(reply, said), occasion)

    async def carry_on(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Have the model fill what was found into the sub-questions that waited for it."""
        needed = {need for number in plan.waiting for need in plan.parts[number].needs}
        found = [seen if number in needed else Evidence() for number, seen in enumerate(evidence)]
        waiting = [(number + 1, plan.parts[number].question) for number in plan.waiting]
        sources = number_sources(found)
        prompt = resolve_prompt(waiting, sources, marked=self.marked)
        shortfall, complete = None, {}
        try:
            reply = await self.chat.typed(prompt, ResolveReply, meter=meter, optional=True)
        except (ModelError, BudgetExceeded) as error:
            shortfall = told("carried on", error)
        else:
            kept = addresses_of(sources)
            complete = {one.part - 1: sanitize(one.question, kept=kept) for one in reply.questions}
        occasion = Occasion(today=today, principal=principal)
        parts = await asyncio.to_thread(self._completed, plan, complete, occasion)
        route = overall([part.route for part in parts])
        return replace(plan, parts=parts, route=route, shortfall=shortfall)

    def _completed(self, plan: Plan, complete: Mapping[int, str], occasion: Occasion) -> tuple[Part, ...]:
        """Return the parts, of which none waits any longer: what was not found is asked about in general."""

        def part(number: int) -> Part:
            known = plan.parts[number]
            if number not in plan.waiting:
                return known
            question = complete.get(number) or known.in_general
            return self.local.part(without_places(question), occasion)

        return self.local.families.applied([part(number) for number in range(len(plan.parts))])

    def _merged(self, local: Plan, reply: PlanReply, occasion: Occasion) -> Plan:
        """Return the model's plan as far as it is one: what it cannot know stays as the local one has it."""
        replies = reply.parts if self.local.families.sub_questions else _whole(reply)
        whole = reply.standalone_question or local.question
        parts = [self._part(one, number, whole, reply, occasion) for number, one in enumerate(replies)]
        if not parts:
            return local
        return Plan(
            question=whole,
            route=overall([part.route for part in parts]),
            parts=self.local.families.applied(parts),
            as_of=_past(reply.as_of, occasion.today) or local.as_of,
            small_talk=self.local.about if reply.small_talk else None,
        )

    def _part(self, reply: PartReply, number: int, whole: str, plan: PlanReply, occasion: Occasion) -> Part:
        question = reply.question or whole
        if needs := tuple(sorted({need - 1 for need in reply.needs if 0 < need <= number})):
            return Part(question=question, route=self._route(reply, plan), needs=needs)
        part = self.local.part(without_places(question), occasion, route=self._route(reply, plan))
        queries = [
            *part.queries,
            *(Query(text=text, family="rewrite") for text in reply.rewrites),
            *(Query(text=text, family="hypothetical") for text in [reply.hypothetical_answer] if text),
        ]
        lexicon = self.local.router.lexicon
        products = lexicon.products_in(" · ".join(reply.products))
        revisions = lexicon.revisions_in(" · ".join(f"revision {version}" for version in reply.versions))
        return replace(
            part,
            queries=tuple(queries),
            products=tuple(dict.fromkeys((*part.products, *products))),
            revisions=tuple(dict.fromkeys((*part.revisions, *revisions))),
        )

    def _route(self, reply: PartReply, plan: PlanReply) -> Route:
        """Return the model's probabilities for places that exist."""
        given = {one.name: _bounded(one.probability) for one in reply.knowledge_bases}
        return Route(
            knowledge_bases={name: given.get(name, NEVER_SURE) for name in self.bases},
            database=_bounded(reply.database) if self.local.catalog or self.local.composer else 0.0,
            in_scope=_bounded(plan.in_scope),
        )


def is_plain(plan: Plan, asked: str) -> bool:
    """Tell whether a local plan needs no second opinion.

    It is one part that stands alone as asked, and one place is sure, by vectors; or nothing is asked; or it
    is surely not for us.
    """
    if plan.small_talk is not None:
        return True
    if len(plan.parts) != 1 or plan.question != asked or plan.parts[0].shortfall:
        return False
    route = plan.parts[0].route
    return route.in_scope >= SURE and max((route.database, *route.knowledge_bases.values())) >= SURE


def _bounded(probability: float) -> float:
    return min(max(probability, NEVER_SURE), 1 - NEVER_SURE)


def _whole(reply: PlanReply) -> list[PartReply]:
    """Return the plan as a single part that asks everything."""
    first = reply.parts[:1]
    return [part.model_copy(update={"question": reply.standalone_question, "needs": []}) for part in first]


def _past(day: str | None, today: date) -> date | None:
    """Return a day of the past; the model is asked for ISO and may write anything."""
    try:
        read = date.fromisoformat((day or "").strip()[:10])
    except ValueError:
        return None
    return read if read < today else None


def _harmless_plan(reply: PlanReply, said: str) -> PlanReply:
    """Return the model's plan without addresses that the asker never wrote: readers see what was searched."""
    kept = frozenset(word.strip(EDGES) for word in said.split())
    parts = [
        part.model_copy(
            update={
                "question": sanitize(part.question, kept=kept),
                "rewrites": [sanitize(text, kept=kept) for text in part.rewrites],
                "hypothetical_answer": sanitize(part.hypothetical_answer, kept=kept),
            }
        )
        for part in reply.parts
    ]
    question = sanitize(reply.standalone_question, kept=kept)
    return reply.model_copy(update={"standalone_question": question, "parts": parts})
