"""The local planner: stand-alone question, parts, routes and queries, without a language model."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from graph.reasoning.local.followups import codes_in, has_dangling_pronoun, inherit, standalone
from graph.reasoning.local.lookups import LIKELY, choose
from graph.reasoning.local.router import Router
from graph.reasoning.local.small_talk import courtesy
from graph.reasoning.local.splitting import split
from graph.state import Part, Plan, Route, Turn
from tools.database.periods import find_periods
from tools.ports import Catalog, Embedder
from tools.text.words import stems
from tools.types import Match

UNSURE = 0.1
"""With no database answer in sight, a base at or above this is searched as well: looking is cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPlanner:
    """Plans by the trained router, the query catalogue and rules of language. Implements `Planner`."""

    router: Router
    embedder: Embedder
    catalog: Catalog | None
    about: str

    async def plan(self, question: str, history: Sequence[Turn], *, today: date) -> Plan:
        """Plan in a worker thread: embedding takes milliseconds that the event loop should keep."""
        return await asyncio.to_thread(self._plan, question, history, today)

    def _plan(self, question: str, history: Sequence[Turn], today: date) -> Plan:
        reply = courtesy(question, about=self.about)
        turns = self._resolved(history, today)
        complete = standalone(question, turns, self.router.lexicon, today=today)
        context = (f"{turns[-1].question} {question}",) if complete != question else ()
        parts: list[Part] = []
        for piece in split(complete):
            said = [part.question for part in parts]
            whole = self._complete(piece, said, today)
            wider = context if whole == piece else (*context, f"{said[-1]} {piece}")
            if (part := self._part(whole, wider, parts, today)) is not None:
                parts.append(part)
        return Plan(
            question=complete,
            route=_overall([part.route for part in parts]),
            parts=tuple(parts),
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

    def _part(
        self, question: str, context: Sequence[str], before: Sequence[Part], today: date
    ) -> Part | None:
        """Route one part; None when the database query of an earlier part answers it already."""
        lexicon, vector = self.router.lexicon, self.embedder.embed([question])
        bases, in_scope = self.router.probabilities(question, self.embedder)
        proposed = self.catalog.match(question, vector, today=today) if self.catalog else []
        running = {(match.query, match.parameters) for part in before for match in part.matches}
        repeated = bool(proposed) and (proposed[0].query, proposed[0].parameters) in running
        leans = bool(before) and question.startswith(before[-1].question)
        if repeated and max(bases.values(), default=0.0) < (LIKELY if leans else UNSURE):
            return None
        chosen = choose(question, [] if repeated else proposed, bases)
        strange = [code for code in codes_in(question) if not any(map(lexicon.known, stems(code)))]
        bare = lexicon.without_names(question, also=strange)
        return Part(
            question=question,
            route=Route(
                knowledge_bases=dict(chosen.bases),
                database=chosen.probability,
                in_scope=max(in_scope, chosen.probability if chosen.matches else 0.0),
            ),
            queries=tuple(dict.fromkeys((question, *context, bare))),
            knowledge_bases=() if chosen.must_ask else _to_search(chosen.bases, chosen.matches),
            matches=chosen.matches,
            products=lexicon.products_in(question),
            revisions=lexicon.revisions_in(question),
        )


def _to_search(bases: Mapping[str, float], chosen: Sequence[Match]) -> tuple[str, ...]:
    """Return the bases to search, likeliest first; at least one unless the database can answer."""
    ranked = sorted(bases, key=lambda name: -bases[name])
    threshold = LIKELY if chosen else UNSURE
    likely = tuple(name for name in ranked if bases[name] >= threshold)
    return likely if likely or chosen else tuple(ranked)


def _overall(routes: Sequence[Route]) -> Route:
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
