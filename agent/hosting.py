"""What a server needs, opened together and closed in reverse: every front is given a `Host`."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass

from agent.access.caller import Limits
from agent.access.keys import Keys
from agent.access.limits import Limiter
from agent.access.visitors import Visitors
from agent.assistant import open_threads
from agent.bootstrap import Adapters, Library, make_deps, open_adapters, open_library, outside_of
from agent.conversations.conversations import Conversations, open_conversations
from agent.data_desk import DataDesk, make_data_desk
from agent.ingestion import Ingestion, open_ingestion
from agent.recording.recorder import Recorder
from agent.session import Session
from agent.settings import Settings
from agent.storage.opening import Storage, open_storage
from agent.tracing.desk import TraceDesk
from agent.tracing.keeper import Keeper, open_keeper
from agent.tracing.scrubbing import scrubber_for
from graph.deps import Deps

OPERATOR_BYTES = 32
VISITORS = "visitors"
"""Names the secret that signs what a site's visitors are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where a server listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Everything that the fronts of one installation are made of. Opened by `open_host`."""

    settings: Settings
    listening: Listening
    library: Library
    deps: Deps
    """What the graph was given at the start; its adapters are those that readiness asks."""
    session: Session
    storage: Storage
    conversations: Conversations
    traces: TraceDesk
    ingestion: Ingestion
    keys: Keys
    visitors: Visitors
    limiter: Limiter
    desk: DataDesk | None
    """None when no database is configured."""
    operator: str
    """Secret of this machine's command line, which reads it from the data folder."""


@asynccontextmanager
async def open_host(
    settings: Settings, *, listening: Listening, operator: str | None = None
) -> AsyncIterator[Host]:
    """Open an installation for serving; its documents must have been ingested.

    Args:
        settings: The installation.
        listening: Where the server will listen.
        operator: Secret of the command line where several processes share one; a new one by default.

    Raises:
        ConfigurationError: Something is set up wrongly, or a knowledge base was never ingested.
        StoreInUse: Another process holds the embedded store.
        TransientError: The place where conversations are kept is away.
    """
    server = settings.server
    async with AsyncExitStack() as stack:
        library = stack.enter_context(open_library(settings))
        library.check_ingested()
        adapters = await stack.enter_async_context(open_adapters(library))
        deps = make_deps(library, adapters)
        storage = await stack.enter_async_context(open_storage(settings.storage_url))
        keeper = await stack.enter_async_context(open_keeper(settings, lambda: nullcontext(storage)))
        session = await stack.enter_async_context(open_threads(library, deps, keeper=keeper))
        ingestion = await stack.enter_async_context(open_ingestion(library, adapters, session))
        conversations = await stack.enter_async_context(
            open_conversations(
                storage,
                session,
                runs=server.runs,
                single_process=settings.storage.qdrant_url is None,
            )
        )
        yield Host(
            settings=settings,
            listening=listening,
            library=library,
            deps=deps,
            session=session,
            storage=storage,
            conversations=conversations,
            traces=_traces(storage, library, adapters, keeper),
            ingestion=ingestion,
            keys=Keys(
                storage.keys,
                limits=Limits(requests_per_minute=server.requests_per_minute, runs=server.runs_per_caller),
            ),
            visitors=Visitors(server.sites, await storage.secrets.get_or_make(VISITORS)),
            limiter=Limiter(),
            desk=_desk(settings, adapters),
            operator=operator or secrets.token_urlsafe(OPERATOR_BYTES),
        )


def _traces(storage: Storage, library: Library, adapters: Adapters, keeper: Keeper | None) -> TraceDesk:
    scrub = scrubber_for(library.settings.tracing)
    recorder = Recorder(scrub=scrub) if keeper is None else keeper.recorder
    return TraceDesk(
        storage,
        library.settings,
        recorder,
        keeper=keeper,
        live=lambda: outside_of(library, adapters),
    )


def _desk(settings: Settings, adapters: Adapters) -> DataDesk | None:
    if adapters.database is None:
        return None
    return make_data_desk(
        settings,
        database=adapters.database,
        catalog=adapters.catalog,
        embedder=adapters.embedder,
        endpoint=adapters.endpoint,
    )
