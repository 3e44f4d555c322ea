"""The composition root: settings become adapters, adapters become `Deps`, and the graph is compiled.

Everything that lives as long as the process is opened here, in one place, and closed in reverse order.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.named_queries import named_queries
from agent.settings import Settings
from tools.errors import ConfigurationError
from tools.types import IngestReport

if TYPE_CHECKING:  # each function imports what it opens: all of it takes seconds, no command needs all
    from graph.deps import Deps, Limits
    from tools.database.catalog import QueryCatalog
    from tools.database.engine import SqlDatabase
    from tools.knowledge.embedding import FastEmbedder
    from tools.knowledge.ingest import Progress
    from tools.knowledge.manifest import Manifest
    from tools.knowledge.reading import BaseConfig
    from tools.ports import Embedder, Reranker, Store


class PinnedClock:
    """Tells a pinned day, or the real one. Implements `Clock`."""

    def __init__(self, pinned: date | None) -> None:
        """Pin the day, or do not."""
        self._pinned = pinned

    def today(self) -> date:
        """Return the day that "today" means."""
        return self._pinned or datetime.now().astimezone().date()


@dataclass(frozen=True)
class Library:
    """The knowledge side of an installation: what `ingest` and `search` need, and no graph."""

    settings: Settings
    embedder: "Embedder"
    store: "Store"
    manifest: "Manifest"

    def ingest(
        self,
        name: str,
        *,
        only: tuple[Path, ...] = (),
        on_progress: Callable[["Progress"], None] = lambda _: None,
    ) -> IngestReport:
        """Bring one knowledge base in line with its files."""
        from tools.knowledge.ingest import ingest

        return ingest(
            self._base(name),
            store=self.store,
            embedder=self.embedder,
            manifest=self.manifest,
            only=only,
            on_progress=on_progress,
        )

    def verify(self, name: str) -> list[str]:
        """Compare the store with the manifest; an empty list means that they agree."""
        from tools.knowledge.ingest import verify

        return verify(name, store=self.store, manifest=self.manifest)

    def check_ingested(self) -> None:
        """Raise when a knowledge base was never ingested."""
        missing = [
            name
            for name, base in self.settings.knowledge_bases.items()
            if base.paths and not self.count(name)
        ]
        if missing:
            raise ConfigurationError(
                f"knowledge base {missing[0]!r} has no documents yet; "
                f"run: plumbline ingest --config {self.settings.file}"
            )

    def count(self, name: str) -> int:
        """Return how many documents of a base are ingested."""
        return len(self.manifest.entries(name))

    def _base(self, name: str) -> "BaseConfig":
        from tools.knowledge.reading import BaseConfig

        base = self.settings.knowledge_bases[name]
        return BaseConfig(
            name=name,
            paths=tuple(self.settings.resolve(path) for path in base.paths),
            capacity=base.chunking.tokens,
            language=base.language,
        )


@contextmanager
def open_library(settings: Settings) -> Iterator[Library]:
    """Open store and manifest; the embedding model is loaded when first used.

    Raises:
        ConfigurationError: The data folder cannot be used, or the store fits another embedder.
        StoreInUse: Another process holds the embedded store.
    """
    from tools.knowledge.manifest import Manifest

    with ExitStack() as stack:
        embedder = embedder_for(settings)
        _make_folder(settings.folder)
        store = stack.enter_context(closing(_store(settings, embedder)))
        manifest = stack.enter_context(closing(Manifest(settings.folder / "manifest.db")))
        yield Library(settings=settings, embedder=embedder, store=store, manifest=manifest)


@asynccontextmanager
async def open_deps(library: Library) -> AsyncIterator["Deps"]:
    """Open the database and teach the router; what is left is given to the graph as `Deps`."""
    from agent.learning import router_for
    from graph.deps import Deps
    from graph.reasoning.local.judge import LocalJudge
    from graph.reasoning.local.planner import LocalPlanner
    from graph.reasoning.local.supports import SpanFinder
    from graph.reasoning.local.writer import LocalWriter
    from tools.ranking.rules import Rule

    settings = library.settings
    if settings.assistant.mode == "llm":
        raise ConfigurationError(
            'assistant.mode = "llm" is not part of this release; set it to "local" or leave it at "auto"'
        )
    async with AsyncExitStack() as stack:
        catalog = None
        if settings.database is not None:
            database = stack.enter_context(closing(open_sql_database(settings)))
            catalog = catalog_for(settings, database, library.embedder)
        router = router_for(
            settings, store=library.store, manifest=library.manifest, embedder=library.embedder
        )
        finder = SpanFinder(router.lexicon, library.embedder)
        about = settings.assistant.description or _about(settings)
        yield Deps(
            knowledge_bases={name: base.description for name, base in settings.knowledge_bases.items()},
            store=library.store,
            embedder=library.embedder,
            catalog=catalog,
            clock=PinnedClock(settings.assistant.today),
            planner=LocalPlanner(router=router, embedder=library.embedder, catalog=catalog, about=about),
            judge=LocalJudge(lexicon=router.lexicon, finder=finder, abstain=settings.assistant.abstain),
            writer=LocalWriter(),
            rules=[Rule(**rule.model_dump()) for rule in settings.ranking.rules],
            reranker=_reranker(settings.models.reranker, settings),
            limits=_limits(settings),
            about=about,
        )


def _limits(settings: Settings) -> "Limits":
    from graph.deps import Limits

    return Limits(
        hits_per_query=settings.ranking.hits,
        passages_per_part=settings.ranking.passages,
        evidence_tokens=settings.ranking.evidence_tokens,
        faithfulness=settings.assistant.faithfulness,
        in_scope=settings.assistant.in_scope,
        seconds=settings.assistant.budget.seconds,
    )


def open_sql_database(settings: Settings) -> "SqlDatabase":
    """Open the configured database for reading; a relative SQLite path is relative to the configuration."""
    from tools.database.engine import open_database

    if settings.database is None:
        raise ConfigurationError(f"{settings.file}: there is no [database]; add one with a url")
    url = settings.database.url.get_secret_value()
    prefix, separator, path = url.partition(":///")
    if prefix.startswith("sqlite") and separator and path not in ("", ":memory:"):
        url = f"{prefix}:///{settings.resolve(Path(path))}"
    return open_database(url, tables=settings.database.tables, deadline_seconds=settings.database.seconds)


def catalog_for(settings: Settings, database: "SqlDatabase", embedder: "Embedder") -> "QueryCatalog | None":
    """Open the catalogue of named queries; None when there are none."""
    from tools.database.catalog import QueryCatalog

    if settings.database is None or not settings.database.queries:
        return None
    return QueryCatalog.open(
        named_queries(settings.database.queries),
        database=database,
        embedder=embedder,
        max_rows=settings.database.max_rows,
        memory=settings.folder / "catalog.npz",
    )


def embedder_for(settings: Settings) -> "FastEmbedder":
    """Return the configured embedder; its model is loaded when first used."""
    from tools.knowledge.embedding import FastEmbedder, MiniLM

    name = settings.models.embedding
    if name == "bundled":
        return MiniLM()
    folder = settings.resolve(Path(name))
    return FastEmbedder(folder if folder.is_dir() else name)


def _reranker(name: str | None, settings: Settings) -> "Reranker | None":
    from tools.ranking.crossencoder import CrossEncoder

    if name is None:
        return None
    folder = settings.resolve(Path(name))
    return CrossEncoder(str(folder) if folder.is_dir() else name)


def _store(settings: Settings, embedder: "Embedder") -> "Store":
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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"storage.folder {folder} cannot be made ({error.strerror}); choose a folder that can be written"
        ) from error


def _about(settings: Settings) -> str:
    """Say what can be asked, from the descriptions in the configuration."""
    topics = [base.description.rstrip(".") for base in settings.knowledge_bases.values() if base.description]
    if settings.database is not None and settings.database.description:
        topics.append(settings.database.description.rstrip("."))
    return (
        f"You can ask me about: {'; '.join(topics)}." if topics else "Ask me about the documents I was given."
    )
