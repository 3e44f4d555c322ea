"""The composition root: settings become adapters, adapters become `Deps`, and the graph is compiled.

Everything that lives as long as the process is opened here, in one place, and closed in reverse order.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.adapters import (
    PinnedClock,
    budget_for,
    catalog_for,
    embedder_for,
    embedder_for_questions,
    open_sql_database,
    reranker_for,
    store_for,
)
from agent.settings import Settings
from tools.errors import ConfigurationError
from tools.private import make_folder
from tools.types import ANYONE, IngestReport, Principal

if TYPE_CHECKING:
    from agent.reasoning import Outside
    from graph.deps import Deps, Limits
    from graph.reasoning.ports import Judgments
    from tools.database.schema import ReflectedDatabase
    from tools.knowledge.ingest import Progress
    from tools.knowledge.manifest import Manifest
    from tools.knowledge.reading import BaseConfig
    from tools.models.endpoint import Endpoint
    from tools.ports import Catalog, Embedder, Store
    from tools.ranking.rules import Rule


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
        """Raise when a knowledge base was never ingested, or by a version that wrote another index."""
        for name, base in self.settings.knowledge_bases.items():
            if base.paths and not self.is_ingested(name):
                state = "was ingested by an older version" if self.count(name) else "has no documents yet"
                raise ConfigurationError(
                    f"knowledge base {name!r} {state}; run: plumbline ingest --config {self.settings.file}"
                )

    def is_ingested(self, name: str) -> bool:
        """Tell whether any document of a base can be found by this version."""
        return any(entry.current for entry in self.manifest.entries(name).values())

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
            method=base.chunking.method,
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
        make_data_folder(settings.folder)
        store = stack.enter_context(closing(store_for(settings, embedder)))
        manifest = stack.enter_context(closing(Manifest(settings.folder / "manifest.db")))
        yield Library(settings=settings, embedder=embedder, store=store, manifest=manifest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """What questions need besides the library; every one of them is on tape while a run is recorded."""

    database: "ReflectedDatabase | None"
    """None when none is configured."""
    catalog: "Catalog | None"
    """None when there are no named queries."""
    embedder: "Embedder"
    """The library's, as questions use it."""
    endpoint: "Endpoint | None"
    """Of the language models; None in local mode."""


@asynccontextmanager
async def open_adapters(library: Library) -> AsyncIterator[Adapters]:
    """Open the database, its named queries, and the endpoint of the language models.

    The database goes first: its process starts while everything else is imported.

    Raises:
        ConfigurationError: A language model is wanted and none is configured, or wrongly.
    """
    settings = library.settings
    async with AsyncExitStack() as stack:
        database: ReflectedDatabase | None = None
        if settings.database is not None:
            opened = stack.enter_context(closing(open_sql_database(settings)))
            from agent.recording.ports import TapedDatabase

            database = TapedDatabase(opened)
        from agent.endpoints import open_endpoint
        from agent.recording.ports import TapedCatalog, TapedEmbedder

        embedder = TapedEmbedder(embedder_for_questions(settings, library.embedder))
        catalog = catalog_for(settings, database, embedder) if database is not None else None
        local = settings.mode == "local"
        yield Adapters(
            database=database,
            catalog=TapedCatalog(catalog) if catalog is not None else None,
            embedder=embedder,
            endpoint=None if local else await stack.enter_async_context(open_endpoint(settings)),
        )


def make_deps(library: Library, adapters: Adapters) -> "Deps":
    """Teach the router from what the library holds now, and return what the nodes are given.

    Blocks the thread: learning takes about a second, and nothing when it was learned before.
    """
    return assemble(library.settings, outside_of(library, adapters))


def outside_of(library: Library, adapters: Adapters) -> "Outside":
    """Return everything that is outside of the graph, on tape; blocks the thread as `make_deps` does."""
    from agent.learning import routers_for
    from agent.reasoning import Outside, live_models
    from agent.recording import ports
    from agent.recording.judging import TapedClassifier
    from tools.knowledge.similarity import EmbeddedSimilarity

    settings, embedder, reranker = library.settings, adapters.embedder, reranker_for(library.settings)
    routers = routers_for(settings, store=library.store, manifest=library.manifest, embedder=library.embedder)
    return Outside(
        store=ports.TapedStore(library.store),
        embedder=embedder,
        similarity=ports.TapedSimilarity(EmbeddedSimilarity(embedder)),
        catalog=adapters.catalog,
        database=adapters.database,
        reranker=None if reranker is None else ports.TapedReranker(reranker),
        clock=ports.TapedClock(PinnedClock(settings.assistant.today)),
        classifier=lambda principal: TapedClassifier(routers.of(principal)),
        models=live_models(settings, adapters.endpoint, embedder, adapters.database),
    )


def assemble(settings: Settings, outside: "Outside") -> "Deps":
    """Make the judgments of a configuration over what is outside of the graph; nothing is asked yet."""
    from agent.reasoning import local_reasoning, reasoning_for, unclassified
    from agent.recording.setup import setup_of
    from graph.deps import Deps
    from tools.metering import Meter

    about = settings.assistant.description or _about(settings)
    outside = outside if settings.assistant.classify else unclassified(outside)
    local = local_reasoning(settings, outside, about=about)
    reasoning = reasoning_for(settings, local, outside)

    def judgments(principal: Principal) -> "Judgments":
        return reasoning.judgments(outside.classifier(principal))

    anyone = judgments(ANYONE)
    return Deps(
        knowledge_bases={name: base.description for name, base in settings.knowledge_bases.items()},
        store=outside.store,
        embedder=outside.embedder,
        catalog=outside.catalog,
        clock=outside.clock,
        planner=anyone.planner,
        judge=anyone.judge,
        writer=anyone.writer,
        knowledge=anyone.knowledge,
        setup={
            **setup_of(settings),
            "tables": outside.models.tables if outside.models is not None else (),
            "dialect": outside.database.dialect if outside.database is not None else None,
        },
        judgments=judgments,
        database=outside.database,
        sql_writer=reasoning.sql_writer,
        rules=_rules(settings),
        reranker=outside.reranker,
        limits=_limits(settings),
        mode=settings.mode,
        meter=Meter(budget=budget_for(settings)),
        about=about,
    )


@asynccontextmanager
async def open_deps(library: Library) -> AsyncIterator["Deps"]:
    """Open all that the graph needs besides the library."""
    async with open_adapters(library) as adapters:
        yield make_deps(library, adapters)


def _rules(settings: Settings) -> "list[Rule]":
    from tools.ranking.rules import Rule

    return [Rule(**rule.model_dump()) for rule in settings.ranking.rules]


def _limits(settings: Settings) -> "Limits":
    from graph.deps import Limits

    return Limits(
        hits_per_query=settings.ranking.hits,
        by_words=settings.ranking.search == "hybrid",
        reranks=settings.ranking.rerank,
        passages_per_part=settings.ranking.passages,
        evidence_tokens=settings.ranking.evidence_tokens,
        faithfulness=settings.assistant.faithfulness,
        in_scope=settings.assistant.in_scope,
        **_of_database(settings),
    )


def _of_database(settings: Settings) -> dict[str, int]:
    if settings.database is None:
        return {}
    return {"rows": settings.database.max_rows, "repairs": settings.database.asking.repairs}


def make_data_folder(folder: Path) -> None:
    """Make the folder of an installation.

    Raises:
        ConfigurationError: It cannot be made.
    """
    try:
        make_folder(folder)
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
