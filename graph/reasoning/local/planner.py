"""The local planner: stand-alone question, parts, routes and queries, without a language model."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Protocol

from graph.plan import Families, Part, Plan, Query, Route, Turn
from graph.reasoning.local.followups import codes_in, has_dangling_pronoun, inherit, standalone
from graph.reasoning.local.hypothetical import opening
from graph.reasoning.local.lookups import LIKELY, UNDERSTOOD, Choice, both, choose, sql_says_more, write_sql
from graph.reasoning.local.router import Classifier
from graph.reasoning.local.small_talk import courtesy
from graph.reasoning.local.splitting import split
from graph.reasoning.ports import Statement
from graph.state import WORDS_ALONE, Evidence
from tools.database.calendar.periods import find_periods
from tools.errors import ModelError
from tools.metering import Meter
from tools.ports import Catalog, Embedder
from tools.text.words import stems
from tools.types import ANYONE, Match, Note, Principal

UNSURE = 0.1
"""With no database answer in sight, a base at or above this is searched as well: looking is cheap."""
UNKNOWN = 0.5
"""What a place or the scope is given when there are no vectors to judge by: even odds."""
NO_QUERY: Note = "The embedding model gave no vectors; no query of the database could be chosen."


class Composer(Protocol):
    """Writes SQL by rules."""

    def compose(self, question: str, *, today: date, principal: Principal) -> Statement | None:
        """Return SQL for a question that was understood entirely, else None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When a question is asked, and by whom."""

    today: date
    principal: Principal = ANYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPlanner:
    """Plans by the trained router, the query catalogue and rules of language. Implements `Planner`."""

    router: Classifier
    embedder: Embedder
    catalog: Catalog | None
    about: str
    composer: Composer | None = None
    """None when only named queries may be run."""
    families: Families = field(default_factory=Families)
    hypothetical: bool = False
    """Whether each part is also searched for by the beginning of its answer, made by rules."""

    async def plan(
        self,
        question: str,
        history: Sequence[Turn],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Plan in a worker thread: embedding takes milliseconds that the event loop should keep."""
        del meter
        occasion = Occasion(today=today, principal=principal)
        return await asyncio.to_thread(self._plan, question, history, occasion)

    async def carry_on(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        *,
        today: date,
        meter: Meter,
        principal: Principal = ANYONE,
    ) -> Plan:
        """Return the plan as it is: rules split questions only into parts that need nothing."""
        del evidence, today, meter, principal
        return plan

    def _plan(self, question: str, history: Sequence[Turn], occasion: Occasion) -> Plan:
        today = occasion.today
        reply = courtesy(question, about=self.about)
        turns = self._resolved(history, today)
        complete = standalone(question, turns, self.router.lexicon, today=today)
        context = (f"{turns[-1].question} {question}",) if complete != question else ()
        parts: list[Part] = []
        for piece in split(complete) if self.families.sub_questions else [complete]:
            said = [part.question for part in parts]
            whole = self._complete(piece, said, today)
            wider = context if whole == piece else (*context, f"{said[-1]} {piece}")
            try:
                part = self._further(whole, wider, parts, occasion)
            except ModelError:
                part = self._without_vectors(whole, wider, occasion)
            if part is not None:
                parts.append(part)
        return Plan(
            question=complete,
            route=overall([part.route for part in parts]),
            parts=self.families.applied(parts),
            as_of=_as_of(complete, today),
            small_talk=reply,
        )

    def _resolved(self, history: Sequence[Turn], today: date) -> list[Turn]:
        """Make each earlier question stand alone: it may have leaned on the one before it."""
        said: list[Turn] = []
        for turn in history:
            question = standalone(turn.question, said, self.router.lexicon, today=today)
            said.append(replace(turn, question=question))
        return said

    def _complete(self, piece: str, said: Sequence[str], today: date) -> str:
        """Make one part of a compound question stand alone."""
        if said and has_dangling_pronoun(piece) and len(stems(piece)) < 2:
            return f"{said[-1]} {piece}"
        turns = [Turn(question=question, answer="") for question in said]
        lexicon = self.router.lexicon
        return inherit(standalone(piece, turns, lexicon, today=today), said, lexicon)

    def part(self, question: str, occasion: Occasion, *, route: Route | None = None) -> Part:
        """Route a question about one thing; without vectors, say so and search every base.

        Args:
            question: Stands alone.
            occasion: When it is asked, and by whom.
            route: What somebody better knows of its route; the router's judgment by default.
        """
        try:
            return self._routed(question, self._proposed(question, occasion.today), (), occasion, route)
        except ModelError:
            return self._without_vectors(question, (), occasion, route)

    def _further(
        self, question: str, context: Sequence[str], before: Sequence[Part], occasion: Occasion
    ) -> Part | None:
        """Route a further part; None when the database query of an earlier one answers it already."""
        proposed = self._proposed(question, occasion.today)
        running = {(match.query, match.parameters) for part in before for match in part.matches}
        if not proposed or (proposed[0].query, proposed[0].parameters) not in running:
            return self._routed(question, proposed, context, occasion)
        part = self._routed(question, [], context, occasion)
        leans = bool(before) and question.startswith(before[-1].question)
        likely = max(part.route.knowledge_bases.values(), default=0.0)
        return part if likely >= (LIKELY if leans else UNSURE) else None

    def _proposed(self, question: str, today: date) -> list[Match]:
        if self.catalog is None:
            return []
        return self.catalog.match(question, self.embedder.embed([question]), today=today)

    def _without_vectors(
        self, question: str, context: Sequence[str], occasion: Occasion, route: Route | None = None
    ) -> Part:
        """Route by the rules alone: which query fits a question is mostly told by its vector."""
        bases = dict.fromkeys(self.router.bases, UNKNOWN)
        unknown = Route(knowledge_bases=bases, database=0.0, in_scope=UNKNOWN)
        part = self._routed(question, [], context, occasion, route or unknown)
        return replace(part, shortfall=NO_QUERY if self.catalog else WORDS_ALONE)

    def _routed(
        self,
        question: str,
        proposed: Sequence[Match],
        context: Sequence[str],
        occasion: Occasion,
        route: Route | None = None,
    ) -> Part:
        lexicon = self.router.lexicon
        if route is None:
            bases, in_scope = self.router.probabilities(question, self.embedder)
            route = Route(knowledge_bases=bases, database=0.0, in_scope=in_scope)
        else:
            proposed = [replace(match, score=both(match.score, route.database)) for match in proposed]
        chosen = choose(question, proposed, route.knowledge_bases)
        written = write_sql(route.knowledge_bases, likely=max(UNDERSTOOD, route.database))
        if written is not None and self._may_write(chosen, question, route, occasion):
            chosen = written
        strange = [code for code in codes_in(question) if not any(map(lexicon.known, stems(code)))]
        bare = lexicon.without_names(question, also=strange)
        return Part(
            question=question,
            route=Route(
                knowledge_bases=dict(chosen.bases),
                database=max(route.database, chosen.probability),
                in_scope=max(route.in_scope, chosen.probability if chosen.asks_database else 0.0),
            ),
            queries=(
                Query(text=question),
                *(Query(text=text, family="rewrite") for text in (*context, bare)),
                *([Query(text=opening(question), family="hypothetical")] if self.hypothetical else ()),
            ),
            knowledge_bases=() if chosen.must_ask else to_search(chosen),
            matches=chosen.matches,
            writes_sql=chosen.writes_sql,
            products=lexicon.products_in(question),
            revisions=lexicon.revisions_in(question),
        )

    def _may_write(self, chosen: Choice, question: str, route: Route, occasion: Occasion) -> bool:
        """Tell whether SQL is the better way: rules can say all of it, or somebody better thinks so."""
        best = chosen.matches[0] if chosen.matches else None
        if self.composer is None:
            return False
        compose = partial(self.composer.compose, question, today=occasion.today, principal=occasion.principal)
        return (best is None and route.database >= LIKELY) or sql_says_more(best, compose)


def to_search(chosen: Choice) -> tuple[str, ...]:
    """Return the bases to search, likeliest first; at least one unless the database can answer."""
    ranked = sorted(chosen.bases, key=lambda name: -chosen.bases[name])
    threshold = LIKELY if chosen.asks_database else UNSURE
    likely = tuple(name for name in ranked if chosen.bases[name] >= threshold)
    return likely if likely or chosen.asks_database else tuple(ranked)


def overall(routes: Sequence[Route]) -> Route:
    """Return the route of a whole question: the largest probability over its parts."""
    return Route(
        knowledge_bases={
            name: max(route.knowledge_bases[name] for route in routes) for name in routes[0].knowledge_bases
        },
        database=max(route.database for route in routes),
        in_scope=max(route.in_scope for route in routes),
    )


def _as_of(question: str, today: date) -> date:
    """Return the day whose truth is asked for: the end of a past period in the question, else today."""
    past = [period.end for period in find_periods(question, today) if period.end < today]
    return past[0] if past else today
