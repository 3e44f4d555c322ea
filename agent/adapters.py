"""Makes each adapter from its part of the configuration. Every function imports what it opens.

All of it together takes seconds to import, and no command needs all.
"""

from datetime import date, datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from agent.named_queries import named_queries
from agent.settings import Settings
from tools.errors import ConfigurationError

if TYPE_CHECKING:
    from tools.database.named.catalog import QueryCatalog
    from tools.database.schema import ReflectedDatabase
    from tools.database.worker.isolated import IsolatedDatabase
    from tools.metering import Budget
    from tools.ports import Embedder, Reranker, Store


EMBEDDING_SHARE = 0.2
"""Longest wait for vectors, as a share of the time that a question has."""


class PinnedClock:
    """Tells a pinned day, or the real one. Implements `Clock`."""

    def __init__(self, pinned: date | None) -> None:
        """Pin the day, or do not."""
        self._pinned = pinned

    def today(self) -> date:
        """Return the day that "today" means."""
        return self._pinned or datetime.now().astimezone().date()


def open_sql_database(settings: Settings) -> "IsolatedDatabase":
    """Open the configured database for reading; a relative SQLite path is relative to the configuration.

    Returns at once: what is wrong with the database is told when it is first used.
    """
    from tools.database.guarding.policy import AccessRule
    from tools.database.worker.isolated import open_isolated

    section = settings.database
    if section is None:
        raise ConfigurationError(f"{settings.file}: there is no [database]; add one with a url")
    url = section.url.get_secret_value()
    prefix, separator, path = url.partition(":///")
    if prefix.startswith("sqlite") and separator and path not in ("", ":memory:"):
        url = f"{prefix}:///{settings.resolve(Path(path))}"
    return open_isolated(
        url,
        workers=section.workers,
        memory_mb=section.memory_mb,
        tables=section.tables,
        deadline_seconds=section.seconds,
        rules=tuple(AccessRule(**access.model_dump()) for access in section.access),
        descriptions=section.descriptions,
        most_cost=section.most_cost,
        allow_writable_role=section.allow_writable_role,
    )


def budget_for(settings: Settings) -> "Budget":
    """Return what one question may spend."""
    from tools.metering import Budget

    budget = settings.assistant.budget
    return Budget(
        seconds=budget.seconds,
        model_calls=budget.model_calls,
        tokens=inf if budget.tokens is None else budget.tokens,
        usd=inf if budget.usd is None else budget.usd,
    )


def catalog_for(
    settings: Settings, database: "ReflectedDatabase", embedder: "Embedder"
) -> "QueryCatalog | None":
    """Open the catalogue of named queries; None when there are none."""
    from tools.database.named.catalog import QueryCatalog

    if settings.database is None or not settings.database.queries:
        return None
    return QueryCatalog.open(
        named_queries(settings.database.queries),
        database=database,
        embedder=embedder,
        max_rows=settings.database.max_rows,
        memory=settings.folder / "catalog.npz",
    )


def embedder_for(settings: Settings) -> "Embedder":
    """Return the configured embedder; its model is loaded, or its endpoint asked, when first used."""
    models = settings.models
    kind, _, model = models.embedding.partition(":")
    if kind == "openai":
        from tools.models.embedding import OpenAIEmbedder

        return OpenAIEmbedder(
            model,
            base_url=models.base_url,
            api_key=models.api_key,
            dimension=models.embedding_dimension,
            timeout_seconds=models.seconds,
            attempts=models.attempts,
        )
    from tools.knowledge.embedding import FastEmbedder, MiniLM

    if models.embedding == "bundled":
        return MiniLM()
    folder = settings.resolve(Path(models.embedding))
    return FastEmbedder(folder if folder.is_dir() else models.embedding)


def embedder_for_questions(settings: Settings, embedder: "Embedder") -> "Embedder":
    """Return the embedder as questions use it: an endpoint must leave time to answer without vectors."""
    from tools.models.embedding import OpenAIEmbedder

    if not isinstance(embedder, OpenAIEmbedder):
        return embedder
    return embedder.hurried(settings.assistant.budget.seconds * EMBEDDING_SHARE)


def reranker_for(settings: Settings) -> "Reranker | None":
    """Return the configured cross-encoder; its model is loaded when first used."""
    from tools.ranking.crossencoder import CrossEncoder

    name = settings.models.reranker
    if name is None:
        return None
    folder = settings.resolve(Path(name))
    return CrossEncoder(str(folder) if folder.is_dir() else name)


def store_for(settings: Settings, embedder: "Embedder") -> "Store":
    """Open the configured store, embedded or on a server."""
    from tools.knowledge.embedding import speaks

    languages = {name: base.language for name, base in settings.knowledge_bases.items()}
    dense = {name: speaks(embedder, language) for name, language in languages.items()}
    if settings.storage.qdrant_url is not None:
        from tools.knowledge.store_server import ServerStore, connect

        key = settings.storage.qdrant_api_key
        client = connect(settings.storage.qdrant_url, api_key=key.get_secret_value() if key else None)
        return ServerStore.open(
            client,
            settings.storage.qdrant_collection,
            embedder_name=embedder.name,
            dimension=embedder.dimension,
            languages=languages,
            dense=dense,
        )
    from tools.knowledge.store_edge import EdgeStore

    return EdgeStore.open(
        settings.folder / "store",
        embedder_name=embedder.name,
        dimension=embedder.dimension,
        languages=languages,
        dense=dense,
    )
