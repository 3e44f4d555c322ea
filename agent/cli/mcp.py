"""plumbline mcp: the tools for one editor or agent, over standard input and output."""

import asyncio

from agent.cli.indexing import holder_named, ingest_sample, is_sample, library_of
from agent.cli.options import ConfigOption, settings_for
from agent.running_server import running_server
from agent.settings import Settings


def mcp(config: ConfigOption = None) -> int:
    """Serve the tools ask, search and query_data to the program that started this command.

    It speaks the Model Context Protocol over standard input and output, and ends when its input does. With a
    server of the installation running it works by way of it; else it holds the embedded store itself.
    """
    from agent.cli.workers import quieten

    quieten()
    asyncio.run(_serve(settings_for(config)))
    return 0


async def _serve(settings: Settings) -> None:
    from agent.mcp.server import serve_over_stdio

    async with running_server(settings.folder) as server:
        if server is not None:
            await serve_over_stdio(settings, server)
            return
    if is_sample(settings):
        with library_of(settings) as library:
            ingest_sample(library)
    from agent.access.caller import SCOPES, Caller, Limits
    from agent.hosting import Listening, open_host
    from agent.mcp.work import HostWork
    from agent.owners import LOCAL

    nowhere = Listening(host="127.0.0.1", port=0)
    limits = Limits(requests_per_minute=None, runs=settings.server.runs)
    caller = Caller(owner=LOCAL, scopes=SCOPES, limits=limits)
    with holder_named(settings):
        async with open_host(settings, listening=nowhere) as host:
            await serve_over_stdio(settings, HostWork(host, caller))
