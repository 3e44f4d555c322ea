"""Writes SQL for a question without a language model."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from graph.reasoning.local.sql.accounting import account, decide_ways
from graph.reasoning.local.sql.binding import bind
from graph.reasoning.local.sql.describing import describe
from graph.reasoning.local.sql.elements import Elements
from graph.reasoning.local.sql.frame import Days, Frame
from graph.reasoning.local.sql.joins import Joins
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import ASKING_WHETHER
from graph.reasoning.local.sql.meanings import Meaning, meanings
from graph.reasoning.local.sql.planning import Planner
from graph.reasoning.local.sql.query import Essence, NotUnderstood, Query, essence
from graph.reasoning.local.sql.reading import read
from graph.reasoning.local.sql.rendering import Renderer
from graph.reasoning.local.sql.shelf import Shelf
from graph.reasoning.local.sql.soundness import keep_sound
from graph.reasoning.local.sql.values import Values
from graph.reasoning.local.sql.words import MOST_TOKENS, Token, tokens_of
from graph.reasoning.ports import Attempt, Statement, Written
from tools.database.calendar.periods import find_periods
from tools.database.schema import Dialect, ReflectedDatabase, Schema
from tools.metering import Meter
from tools.types import Principal

_MEANINGS = 4
_AMBIGUOUS = 0.12
_MOST_DOUBT = 2.4
_SMALL_SCHEMA = 40
_NEIGHBOURS = 40
_SCHEMAS = 8
"""Sets of tables and columns, of which most principals see the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to understand a question, as SQL."""

    statement: Statement
    score: float
    """About the number of words, less doubts; comparable only within one question."""
    doubt: float
    """Words skipped, parts of names left out, tables nobody named; 0 when every word was read in full."""
    essence: Essence
    """Equal for statements that must give the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is kept of the tables and columns that some principals see."""

    schema: Schema
    elements: Elements
    joins: Joins


class LocalSqlWriter:
    """Understands questions over the reflected schema; implements `SqlWriter`."""

    def __init__(self, database: ReflectedDatabase) -> None:
        """Ask nothing of the database yet."""
        self.database = database
        self._known: list[_Known] = []
        """The one that was asked for last comes last."""
        self._shelf = Shelf()
        self._lock = threading.Lock()

    async def write(
        self,
        question: str,
        *,
        today: date,
        principal: Principal,
        failed: Sequence[Attempt],
        meter: Meter,
    ) -> Written:
        """Write at most one statement; none when the question was not understood entirely, or it failed.

        Raises:
            PlumblineError: The database cannot tell what is in it.
        """
        del meter  # nothing here costs a model call
        statement = await asyncio.to_thread(self.compose, question, today=today, principal=principal)
        tried = {attempt.statement for attempt in failed}
        return Written(statements=() if statement is None or statement.text in tried else (statement,))

    def compose(self, question: str, *, today: date, principal: Principal) -> Statement | None:
        """Return the statement for a question, or None when it is not entirely and surely understood.

        Raises:
            PlumblineError: The database cannot tell what is in it.
        """
        readings = self.readings(question, today=today, principal=principal)
        best = next(readings, None)
        if best is None or best.doubt > _MOST_DOUBT:
            return None
        for other in readings:
            if best.score - other.score >= _AMBIGUOUS:
                break
            if other.essence != best.essence and other.statement.text != best.statement.text:
                return None
        return best.statement

    def readings(self, question: str, *, today: date, principal: Principal) -> Iterator[Reading]:
        """Yield the ways to understand a question, best first; each is worked out when it is asked for."""
        tokens = tokens_of(question)
        if not tokens or len(tokens) > MOST_TOKENS or tokens[0].folded in ASKING_WHETHER:
            return
        known = self._look(principal)
        values = Values(self.database, known.elements, principal, self._shelf)
        values.prepare(_relevant(tokens, known))
        periods = _periods(question, tokens, today)
        lattice = Lattice(tokens, known.elements, known.joins, values, periods)
        renderer = Renderer(known.elements, values, self._dialect)
        for frame, meaning in _by_score(lattice, known.joins):
            try:
                query: Query = Planner(frame, meaning, known.elements, known.joins).plan()
                account(frame, tokens, query, known.joins)
                decide_ways(tokens, query, known.joins)
                bind(frame, meaning, lattice, query)
                keep_sound(frame, meaning, lattice, query)
                text = renderer.write(query)
            except NotUnderstood:
                continue
            statement = describe(query, text, known.elements, renderer)
            yield Reading(
                statement=statement,
                score=meaning.score,
                doubt=len(tokens) - meaning.score,
                essence=essence(query, known.joins),
            )

    @property
    def _dialect(self) -> Dialect:
        return "postgres" if self.database.dialect == "postgres" else "sqlite"

    def _look(self, principal: Principal) -> _Known:
        """Return what is known of the tables that a principal sees, the same for all who see the same."""
        schema = self.database.schema(principal)
        with self._lock:
            known = next((one for one in self._known if one.schema is schema or one.schema == schema), None)
            if known is not None:
                self._known.remove(known)
            else:
                elements = Elements(schema)
                known = _Known(schema=schema, elements=elements, joins=Joins(elements))
            self._known = [*self._known, known][-_SCHEMAS:]
            return known


def _by_score(lattice: Lattice, joins: Joins) -> list[tuple[Frame, Meaning]]:
    found = [
        (state.frame, meaning)
        for state in read(lattice)
        for meaning in meanings(state.frame, joins, score=state.score, most=_MEANINGS)
    ]
    return sorted(found, key=lambda pair: -pair[1].score)


def _relevant(tokens: Sequence[Token], known: _Known) -> Sequence[int]:
    """Return the tables whose values may matter: all of a small schema, else those named and next to them.

    What has no key and is tied to nothing may be a view that is slow to read; it matters when it is named.
    """
    named: dict[int, None] = {}
    for token in tokens:
        tables, columns = known.elements.find((token.stem,))
        for candidate in (*tables[:5], *columns[:5]):
            named.setdefault(candidate.element.table)
    if len(known.schema.tables) <= _SMALL_SCHEMA:
        return [
            place
            for place, table in enumerate(known.schema.tables)
            if place in named or table.primary_key or known.joins.around(place)
        ]
    near = [edge.across(table) for table in named for edge in known.joins.around(table)]
    return list(dict.fromkeys([*named, *near]))[:_NEIGHBOURS]


def _periods(question: str, tokens: Sequence[Token], today: date) -> dict[int, tuple[int, Days]]:
    """Return the periods of time by the place of their first token."""
    found = {}
    start = 0
    for period in find_periods(question, today):
        start = question.find(period.text, start)
        end = start + len(period.text)
        inside = [place for place, token in enumerate(tokens) if token.start < end and token.end > start]
        if start >= 0 and inside:
            found[inside[0]] = (inside[-1] + 1, Days(period.start, period.end))
    return found
