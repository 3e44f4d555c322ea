"""plumbline doctor: say in one line each what works and what does not, before the first question."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import partial
from urllib.parse import urlsplit

from agent.adapters import open_sql_database
from agent.bootstrap import Library
from agent.cli.indexing import library_of
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.running_server import running_server
from agent.settings import Settings
from tools.errors import PlumblineError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    check: str
    good: bool
    message: str


def doctor(config: ConfigOption = None, json: JsonOption = False) -> int:
    """Check configuration, models, store, knowledge bases, database and named queries."""
    findings = list(_examine(config))
    good = all(finding.good for finding in findings)
    if json:
        emit({"healthy": good, "checks": [asdict(finding) for finding in findings]})
    else:
        screen = console()
        for finding in findings:
            mark = "[green]ok[/green]     " if finding.good else "[red]problem[/red]"
            screen.print(f"{mark} {finding.check}: ", end="")
            screen.print(finding.message, markup=False)
    return 0 if good else 2


def _examine(config: ConfigOption) -> Iterator[Finding]:
    try:
        settings = settings_for(config)
    except PlumblineError as error:
        yield Finding(check="configuration", good=False, message=str(error))
        return
    yield Finding(check="configuration", good=True, message=str(settings.file))
    yield _try("embedding model", lambda: _embed(settings))
    serving = asyncio.run(_server(settings))
    yield from serving or _library(settings)
    if settings.mode == "llm":
        yield from _language_models(settings)
    if settings.database is not None:
        yield _try("database", lambda: _ping_database(settings))
        yield _try("named queries", lambda: _open_catalog(settings))


async def _server(settings: Settings) -> list[Finding]:
    """Have the server of the installation, if one runs, look after what it holds."""
    async with running_server(settings.folder) as server:
        if server is None:
            return []
        state = await server.ready()
        serves = {True: "the server reaches it", False: "the server does not reach it; its log says why"}
        runs = Finding(check="server", good=True, message=f"process {server.pid} serves this installation")
        return [
            runs,
            *(
                Finding(check=name, good=good, message=serves[good])
                for name, good in state.items()
                if name != "database"  # which is looked at from here
            ),
        ]


def _library(settings: Settings) -> Iterator[Finding]:
    with ExitStack() as stack:
        try:
            library = stack.enter_context(library_of(settings))
        except PlumblineError as error:
            yield Finding(check="store", good=False, message=str(error))
            return
        yield _try("store", lambda: _ping_store(library))
        for name in settings.knowledge_bases:
            yield _try(f"knowledge base {name}", partial(_base, library, name))
        yield _try("conversations", lambda: _conversations(library))


def _try(check: str, action: Callable[[], str]) -> Finding:
    try:
        return Finding(check=check, good=True, message=action())
    except PlumblineError as error:
        return Finding(check=check, good=False, message=" ".join(str(error).split()))


def _language_models(settings: Settings) -> Iterator[Finding]:
    """Ask each model that is configured once whether it can serve, and whether it can fill in a form."""
    models = settings.models
    roles = {
        "writes": models.chat,
        "plans": models.planner or models.chat,
        "judges": models.judge or models.chat,
    }
    for name in dict.fromkeys(roles.values()):
        does = " and ".join(role for role, model in roles.items() if model == name)
        yield _try(f"language model that {does}", partial(_ask_model, settings, name))


def _ask_model(settings: Settings, name: str) -> str:
    from agent.endpoints import chat_for, open_endpoint

    async def asked() -> None:
        async with open_endpoint(settings) as endpoint:
            chat = chat_for(settings, endpoint, name)
            await chat.ping()
            await chat.check_typed()

    asyncio.run(asked())
    return "answers, and fills in forms"


def _embed(settings: Settings) -> str:
    from agent.adapters import embedder_for

    embedder = embedder_for(settings)
    embedder.embed(["ready"])
    return f"{embedder.name}, {embedder.dimension} dimensions"


def _ping_store(library: Library) -> str:
    library.store.ping()
    url = library.settings.storage.qdrant_url
    return f"Qdrant server {urlsplit(url).hostname}" if url else f"embedded, in {library.settings.folder}"


def _base(library: Library, name: str) -> str:
    paths = [library.settings.resolve(path) for path in library.settings.knowledge_bases[name].paths]
    if missing := [str(path) for path in paths if not path.exists()]:
        raise PlumblineError(f"there is no {', '.join(missing)}; correct knowledge_bases.{name}.paths")
    findings = library.verify(name)
    if findings:
        raise PlumblineError(findings[0])
    if not library.count(name):
        raise PlumblineError("no documents yet; run plumbline ingest")
    return f"{library.count(name)} documents"


def _conversations(library: Library) -> str:
    from agent.assistant import count_threads

    return f"{count_threads(library)} kept"


def _ping_database(settings: Settings) -> str:
    with closing(open_sql_database(settings)) as database:
        database.ping()
        return f"{database.dialect}, {len(database.schema().tables)} tables, read-only"


def _open_catalog(settings: Settings) -> str:
    from agent.adapters import catalog_for, embedder_for

    with closing(open_sql_database(settings)) as database:
        catalog_for(settings, database, embedder_for(settings))
    return f"{len(settings.database.queries) if settings.database else 0} queries"
