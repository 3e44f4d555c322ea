"""The use case of asking the database alone: named queries first, else SQL written for the question.

It needs no knowledge base, no store and no graph.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from agent.adapters import (
    PinnedClock,
    budget_for,
    catalog_for,
    embedder_for,
    embedder_for_questions,
    open_sql_database,
)
from agent.sections import Database
from agent.settings import Settings
from tools.errors import ModelError
from tools.private import make_folder
from tools.text.words import stem_set, words
from tools.types import ANYONE, Cell, Match, Note, Principal, Rows

if TYPE_CHECKING:
    from graph.reasoning.local.sql.writer import LocalSqlWriter
    from graph.reasoning.ports import Attempt, SqlWriter
    from tools.database.schema import ReflectedDatabase, Schema
    from tools.metering import Meter
    from tools.models.endpoint import Endpoint
    from tools.ports import Catalog, Clock, Embedder

_TABLES_NAMED = 8
"""In a message; a schema may have a thousand."""
NO_VECTORS: Note = "The embedding model gave no vectors, so no named query could be chosen."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Rows that answer a question."""

    rows: Rows
    attempts: "tuple[Attempt, ...]"
    """Every statement that was tried, the one that gave the rows among them."""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Why there are no rows, and what the asker can do."""

    message: str
    attempts: "tuple[Attempt, ...]" = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """The named queries, and what chooses among them."""

    catalog: "Catalog"
    embedder: "Embedder"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDesk:
    """Answers questions from one database. Opened by `open_data_desk`."""

    database: "ReflectedDatabase"
    clock: "Clock"
    meter: "Callable[[], Meter]"
    """Makes the meter of one question."""
    lookups: Lookups | None = None
    """None when there are no named queries."""
    composer: "LocalSqlWriter | None" = None
    """Tells whether rules can say all of a question; None when only named queries may be run."""
    writer: "SqlWriter | None" = None
    """Writes SQL; None when only named queries may be run."""
    repairs: int
    most_rows: int

    async def ask(self, question: str, principal: Principal = ANYONE) -> Answered | Unanswered:
        """Answer a question that stands alone.

        A named query that fits is run and nothing else. One that does not fit entirely gives way to SQL that
        says all of the question; without such, it is run, or asks for the variable that it lacks.

        Raises:
            InvalidInput: The question cannot be used.
            PlumblineError: The database cannot serve.
        """
        from agent.questions import clean

        question = clean(question)
        matches, notes = await asyncio.to_thread(self._named, question)
        if not matches or await asyncio.to_thread(self._composes, question, matches[0], principal):
            return await self._written(question, principal, notes)
        if matches[0].missing:
            return Unanswered(message=" ".join(matches[0].missing), notes=notes)
        return await self._looked_up(question, matches, principal)

    def _named(self, question: str) -> tuple[Sequence[Match], tuple[Note, ...]]:
        """Return the fillings of the named query that fits, if any."""
        from graph.reasoning.local.lookups import choose

        if self.lookups is None:
            return (), ()
        try:
            vector = self.lookups.embedder.embed([question])
            proposed = self.lookups.catalog.match(question, vector, today=self.clock.today())
        except ModelError:
            return (), (NO_VECTORS,)
        return choose(question, proposed, {}).matches, ()

    async def _looked_up(self, question: str, matches: Sequence[Match], principal: Principal) -> Answered:
        """Run the named query, and say which words of the question it took no account of."""
        from graph.reasoning.ports import Attempt

        if self.lookups is None:
            raise AssertionError("a match comes from the named queries")
        results = [
            await asyncio.to_thread(self.lookups.catalog.run, match, principal=principal) for match in matches
        ]
        ignored = [word for word in words(question) if not stem_set(word).isdisjoint(matches[0].unknown)]
        return Answered(
            rows=_together(results),
            attempts=tuple(Attempt(statement=one.statement) for one in results),
            notes=(f"{matches[0].query} takes no account of: {', '.join(ignored)}",) if ignored else (),
        )

    def _composes(self, question: str, match: Match, principal: Principal) -> bool:
        """Tell whether rules can say in SQL what a named query cannot answer entirely."""
        from graph.reasoning.local.lookups import sql_says_more

        if self.composer is None:
            return False
        compose = partial(self.composer.compose, question, today=self.clock.today(), principal=principal)
        return sql_says_more(match, compose)

    async def _written(
        self, question: str, principal: Principal, notes: tuple[Note, ...]
    ) -> Answered | Unanswered:
        from graph.querying import find_rows

        if self.writer is None:
            return Unanswered(
                message="no named query fits; plumbline sql tables lists them, and "
                "database.asking.enabled = true lets SQL be written",
                notes=notes,
            )
        found = await find_rows(
            question,
            writer=self.writer,
            database=self.database,
            today=self.clock.today(),
            principal=principal,
            meter=self.meter(),
            repairs=self.repairs,
            limit=self.most_rows,
        )
        attempts = tuple(found.attempts)
        notes += (found.shortfall,) if found.shortfall else ()
        if found.rows is not None:
            return Answered(rows=found.rows, attempts=attempts, notes=notes)
        schema = await asyncio.to_thread(self.database.schema, principal)
        return Unanswered(message=_not_understood(attempts, schema), attempts=attempts, notes=notes)


@asynccontextmanager
async def open_data_desk(settings: Settings) -> AsyncIterator[DataDesk]:
    """Open what answers from the database: the database, its named queries, and who writes SQL.

    Raises:
        ConfigurationError: There is no database, or something of it is set up wrongly.
    """
    async with AsyncExitStack() as stack:
        database = stack.enter_context(closing(open_sql_database(settings)))
        embedder = embedder_for_questions(settings, embedder_for(settings))
        with suppress(OSError):  # vectors are kept in it for the next start; they can do without
            make_folder(settings.folder)
        catalog, endpoint = catalog_for(settings, database, embedder), None
        if settings.mode == "llm" and _section(settings).asking.enabled:
            from agent.endpoints import open_endpoint

            endpoint = await stack.enter_async_context(open_endpoint(settings))
        yield make_data_desk(
            settings, database=database, catalog=catalog, embedder=embedder, endpoint=endpoint
        )


def make_data_desk(
    settings: Settings,
    *,
    database: "ReflectedDatabase",
    catalog: "Catalog | None",
    embedder: "Embedder",
    endpoint: "Endpoint | None",
) -> DataDesk:
    """Return a desk over what is open already.

    Args:
        settings: The installation.
        database: Where statements run.
        catalog: Its named queries, if any.
        embedder: The one that questions use.
        endpoint: That of the language models; without one, rules write all SQL.
    """
    from tools.metering import Meter

    section, budget = _section(settings), budget_for(settings)
    composer, writer = _writers(settings, database, embedder, endpoint)
    return DataDesk(
        database=database,
        clock=PinnedClock(settings.assistant.today),
        meter=lambda: Meter(budget=budget),
        lookups=Lookups(catalog=catalog, embedder=embedder) if catalog is not None else None,
        composer=composer,
        writer=writer,
        repairs=section.asking.repairs,
        most_rows=section.max_rows,
    )


def _writers(
    settings: Settings, database: "ReflectedDatabase", embedder: "Embedder", endpoint: "Endpoint | None"
) -> "tuple[LocalSqlWriter | None, SqlWriter | None]":
    """Return the writer of the rules, and that of the installation's mode."""
    if not _section(settings).asking.enabled:
        return None, None
    from graph.reasoning.local.sql.writer import LocalSqlWriter

    local = LocalSqlWriter(database)
    if endpoint is None:
        return local, local
    from agent.endpoints import chat_for
    from agent.kept_examples import example_store
    from agent.reasoning import llm_sql_writer
    from tools.knowledge.similarity import EmbeddedSimilarity

    writer = llm_sql_writer(
        settings,
        local,
        chat_for(settings, endpoint),
        examples=example_store(settings, embedder, dialect=database.dialect),
        similarity=EmbeddedSimilarity(embedder),
        calls_behind=0,
    )
    return local, writer


def _section(settings: Settings) -> Database:
    if settings.database is None:
        raise AssertionError("a database was opened")
    return settings.database


def _together(results: Sequence[Rows]) -> Rows:
    """Return the rows of one query, run once for each value that the question names, as one result."""
    first, *others = results
    if not others:
        return first
    values: dict[str, dict[Cell, None]] = {}
    for one in results:
        for name, value in one.parameters:
            values.setdefault(name, {})[value] = None
    return replace(
        first,
        parameters=tuple(
            (name, next(iter(given)) if len(given) == 1 else ", ".join(map(str, given)))
            for name, given in values.items()
        ),
        rows=tuple(row for one in results for row in one.rows),
        truncated=any(one.truncated for one in results),
    )


def _not_understood(attempts: "Sequence[Attempt]", schema: "Schema") -> str:
    names = [table.name for table in schema.tables]
    more = f" and {len(names) - _TABLES_NAMED} more" if len(names) > _TABLES_NAMED else ""
    tables = f"{', '.join(names[:_TABLES_NAMED]) or 'none'}{more}"
    if attempts:
        return (
            f"no statement answered it ({attempts[-1].message}); ask in other words about the tables {tables}"
        )
    return (
        f"not every word of the question was understood; ask about the tables {tables}, "
        "in words of theirs (plumbline sql tables lists their columns)"
    )
