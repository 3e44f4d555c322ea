"""A whole server over fakes: real storage, conversations and access; a graph whose answers cost nothing."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, nullcontext
from dataclasses import replace
from pathlib import Path

import httpx2
from fastapi import FastAPI
from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from pydantic import SecretStr

from agent.access.caller import SCOPES, Limits
from agent.access.keys import Issued, Keys, issue
from agent.access.limits import Limiter
from agent.access.visitors import Visitors
from agent.bootstrap import Adapters, Library
from agent.conversations.conversations import open_conversations
from agent.data_desk import DataDesk
from agent.hosting import VISITORS, Host, Listening
from agent.ingestion import open_ingestion
from agent.reasoning import Outside
from agent.recording.around import Recorded
from agent.recording.ports import TapedClock, TapedEmbedder, TapedStore
from agent.recording.recorder import Recorder
from agent.recording.setup import setup_of
from agent.sections import Assistant, KnowledgeBase
from agent.sections_server import Server, Site, Storage
from agent.session import Session
from agent.settings import Settings
from agent.storage.opening import open_storage
from agent.tracing.desk import TraceDesk
from agent.tracing.keeper import open_keeper
from graph.build import build
from graph.deps import Deps
from graph.state import CHECKPOINTED
from tests.fakes import FakeEmbedder
from tests.fakes_graph import BASES, chunk_of, deps_of, lexicon_of, store_with
from tools.knowledge.manifest import Manifest

OPERATOR = "the-operators-secret-of-these-tests"
IDENTITY_SECRET = "shared-with-the-server-of-the-shop-alone"  # noqa: S105  # of nobody
SHOP = "https://shop.example"
"""Origin of the site `shop`."""
HERE = "http://127.0.0.1:8000"
LOOPBACK = Listening(host="127.0.0.1", port=8000)
EVERYWHERE = Listening(host="0.0.0.0", port=8000)  # noqa: S104  # nothing listens; this is what it would say
QUESTION = "How long does the kettle boil?"
ANSWER = "The kettle boils for two minutes. [1]"
BOIL = chunk_of("The kettle boils for two minutes.")
SITES = {
    "shop": Site(
        origins=(SHOP,), groups=("customers",), identity_secret=SecretStr(IDENTITY_SECRET), title="Shop help"
    ),
    "closed": Site(origins=("https://closed.example",), handoff=False),
    "own": Site(origins=("self",)),
}


@asynccontextmanager
async def open_fake_host(
    folder: Path,
    *,
    deps: Deps | None = None,
    server: Server | None = None,
    listening: Listening = LOOPBACK,
    desk: DataDesk | None = None,
    live: Callable[[], Outside | None] = lambda: None,
) -> AsyncIterator[Host]:
    """Open a host whose graph is made of fakes; what it keeps is kept in the folder.

    Args:
        folder: An empty folder, or that of an earlier host of the same test.
        deps: What the nodes are given; by default they know how long the kettle boils.
        server: The section of the configuration; by default with `SITES`.
        listening: Where it would listen.
        desk: Answers questions from a database.
        live: What forks ask where the recording does not answer.
    """
    settings = settings_of(folder, server)
    given = deps or deps_of(store=store_with(BOIL))
    async with AsyncExitStack() as stack:
        manifest = stack.enter_context(closing(Manifest(folder / "manifest.db")))
        library = Library(settings=settings, embedder=FakeEmbedder(), store=given.store, manifest=manifest)
        adapters = Adapters(database=None, catalog=None, embedder=given.embedder, endpoint=None)
        storage = await stack.enter_async_context(open_storage(settings.storage_url))
        keeper = await stack.enter_async_context(open_keeper(settings, lambda: nullcontext(storage)))
        session = Session(
            build(
                MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED)), around=Recorded()
            ),
            on_tape(given, settings),
            keep=keeper.keep if keeper is not None else None,
        )
        limits = Limits(
            requests_per_minute=settings.server.requests_per_minute, runs=settings.server.runs_per_caller
        )
        yield Host(
            settings=settings,
            listening=listening,
            library=library,
            deps=given,
            session=session,
            storage=storage,
            conversations=await stack.enter_async_context(
                open_conversations(storage, session, runs=settings.server.runs, single_process=True)
            ),
            ingestion=await stack.enter_async_context(open_ingestion(library, adapters, session)),
            keys=Keys(storage.keys, limits=limits),
            visitors=Visitors(settings.server.sites, await storage.secrets.get_or_make(VISITORS)),
            limiter=Limiter(),
            desk=desk,
            traces=TraceDesk(storage, settings, Recorder(), keeper=keeper, live=live),
            operator=OPERATOR,
        )


def on_tape(deps: Deps, settings: Settings) -> Deps:
    """Return what nodes are given with every port on tape, as an installation has it."""
    return replace(
        deps,
        store=TapedStore(deps.store),
        embedder=TapedEmbedder(deps.embedder),
        clock=TapedClock(deps.clock),
        knowledge=lexicon_of(BOIL),
        setup=setup_of(settings),
    )


def settings_of(folder: Path, server: Server | None = None) -> Settings:
    """Return settings that keep everything in one folder; every knowledge base has an empty one there."""
    bases = {}
    for name, description in BASES.items():
        (folder / name).mkdir(exist_ok=True)
        bases[name] = KnowledgeBase(description=description, paths=(Path(name),))
    return Settings(
        assistant=Assistant(name="Kettle", mode="local"),
        knowledge_bases=bases,
        storage=Storage(folder=folder),
        server=server or Server(sites=SITES),
        file=folder / "plumbline.toml",
    )


def client_of(
    app: FastAPI,
    *,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
    peer: str = "127.0.0.1",
    base_url: str = HERE,
) -> httpx2.AsyncClient:
    """Return a client of an application in this process; streams reach it whole, when they have ended.

    Args:
        app: The application.
        key: Sent as a bearer; none by default.
        headers: Further headers of every request.
        peer: Address from which it seems to call.
        base_url: By what name it calls the server.
    """
    bearer = {"Authorization": f"Bearer {key}"} if key is not None else {}
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app, client=(peer, 50_000)),
        base_url=base_url,
        headers={**bearer, **(headers or {})},
    )


async def issued(
    host: Host, *scopes: str, owner: str = "anna", groups: tuple[str, ...] = (), name: str = "test"
) -> Issued:
    """Make a key that the host knows; of every scope when none is named."""
    made = issue(name, owner=owner, scopes=scopes or SCOPES, groups=groups)
    await host.storage.keys.add(made.key)
    return made


def visitor_token(host: Host, *, site: str = "shop", origin: str = SHOP, identity: str | None = None) -> str:
    """Return a fresh token of a visitor; it is good with this `Origin` header alone."""
    granted = host.visitors.exchange(site, origin=origin, own_origin=HERE, visitor=None, identity=identity)
    return granted.token
