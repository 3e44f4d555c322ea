"""plumbline serve: the chat page, the widget and the APIs, until it is told to stop."""

import asyncio
import os
import secrets
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from agent.bootstrap import make_data_folder
from agent.cli.indexing import holder_named, ingest_sample, is_sample, library_of
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.running_server import Announced, announced
from agent.settings import Settings
from tools.errors import ConfigurationError

if TYPE_CHECKING:
    from agent.cli.workers import Serving

BACKLOG = 2048
"""Connections that may wait to be taken."""


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Serve the chat page, the widget for web pages, the HTTP API, OpenAI's API and MCP.

    Beyond loopback only with a key (plumbline keys create) or a site in the configuration. SIGTERM and
    Ctrl-C end it; what is being answered then is finished at the next start.
    """
    settings = settings_for(config)
    given = {"host": host, "port": port, "workers": workers}
    changed = {name: value for name, value in given.items() if value is not None}
    server = settings.server.model_copy(update=changed)
    serve_installation(settings.model_copy(update={"server": server}), as_json=json)
    return 0


def serve_installation(settings: Settings, *, as_json: bool = False) -> None:
    """Serve an installation until a signal ends it.

    Raises:
        ConfigurationError: It cannot be served like this; the message says what to change.
    """
    from agent.cli.workers import Serving, serve_alone, serve_together

    _check_workers(settings)
    asyncio.run(_check_access(settings))
    if is_sample(settings):
        with library_of(settings) as library:
            ingest_sample(library)
    with ExitStack() as stack:
        listener = stack.enter_context(_bound(settings.server.host, settings.server.port))
        serving = Serving(
            settings=settings,
            host=settings.server.host,
            port=listener.getsockname()[1],
            operator=secrets.token_urlsafe(32),
        )

        def tell() -> None:
            stack.enter_context(announced(settings.folder, _announcement(serving)))
            _show(serving, as_json=as_json)

        with holder_named(settings):
            run = serve_alone if settings.server.workers == 1 else serve_together
            run(serving, listener, on_ready=tell)


def _check_workers(settings: Settings) -> None:
    if settings.server.workers > 1 and settings.storage.qdrant_url is None:
        raise ConfigurationError(
            f"server.workers is {settings.server.workers}, and the embedded store serves one process; "
            "use one worker, or give storage.qdrant_url a Qdrant server"
        )


async def _check_access(settings: Settings) -> None:
    """Refuse to listen where others are while there is nothing by which to tell them apart."""
    if _is_loopback(settings.server.host) or settings.server.sites:
        return
    from agent.storage.opening import open_storage

    make_data_folder(settings.folder)
    async with open_storage(settings.storage_url) as storage:
        if any(key.revoked is None for key in await storage.keys.all()):
            return
    raise ConfigurationError(
        f"server.host {settings.server.host!r} can be reached by others, and there is no key yet; "
        "make one with: plumbline keys create NAME, or listen on 127.0.0.1"
    )


def _is_loopback(host: str) -> bool:
    from agent.api.addresses import is_loopback

    return is_loopback(host)


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ConfigurationError: The address is in use, or none of this machine's.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Named as TCP: else asyncio does not know it for that, and lets small packets wait (TCP_NODELAY).
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ConfigurationError(
            f"server.host {host!r} is no address of this machine ({error.strerror}); correct it"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen on {host} port {port} ({error.strerror}); "
            "choose another with --port (0 takes a free one), or end what uses it"
        ) from error
    return listener


def _announcement(serving: "Serving") -> Announced:
    return Announced(url=_url(serving, local=True), pid=os.getpid(), secret=serving.operator)


def _url(serving: "Serving", *, local: bool = False) -> str:
    """Return where to reach the server; from this machine when it listens on all its addresses."""
    host = serving.host
    if local or host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not listened on
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{serving.port}" if ":" in host else f"http://{host}:{serving.port}"


def _show(serving: "Serving", *, as_json: bool) -> None:
    url = _url(serving)
    if as_json:
        emit({"url": url, "pid": os.getpid()})
        return
    places = {
        "Chat page": "/",
        "Widget example": "/demo",
        "API": "/api",
        "OpenAI's API": "/v1",
        "MCP": "/mcp",
    }
    if not serving.settings.server.sites:
        del places["Widget example"]
    screen = console()
    for name, path in places.items():
        screen.print(f"{name:<16}{url}{path}", markup=False)
    screen.print("Ctrl-C ends it.")
