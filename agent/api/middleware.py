"""What every request passes on its way in, outermost first. Plain ASGI: streams stay streams."""

import uuid
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.api.addresses import host_name, is_address, is_loopback
from agent.api.errors import REQUEST_ID, response_to

REQUEST_HEADER = "X-Request-ID"
STATIC = ("/widget.js", "/static/")
"""What pages of any origin may load: it is the same for everybody."""
API = "/api/"
SAFE = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""Headers of every response that has not its own; pages allow themselves what they need."""


class Envelope:
    """Names every request, and gives every response the headers that keep browsers careful."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add to the response's head as it passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[REQUEST_ID] = uuid.uuid4().hex

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers[REQUEST_HEADER] = scope[REQUEST_ID]
                for name, value in SAFE.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(STATIC):
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            await send(message)

        await self._app(scope, receive, send_on)


class Boundary:
    """Turns errors that nothing further in has answered into responses."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an error, unless part of another answer is on its way already."""
        started = False

        async def send_on(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            # The process edge: the server goes on, the log has the traceback, the caller an id to name.
            if started or scope["type"] != "http":
                raise
            await response_to(scope, error)(scope, receive, send)


class Cors:
    """Lets pages of other origins read what they may: never by cookie, for there is none."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str], sites: Collection[str]) -> None:
        """Take origins whose pages may use keys, and those of sites whose pages show the widget."""

        def allowing(allowed: Collection[str]) -> CORSMiddleware:
            return CORSMiddleware(
                app,
                allow_origins=allowed,
                allow_methods=("GET", "POST", "DELETE"),
                allow_headers=("*",),
                expose_headers=(REQUEST_HEADER, "Retry-After", "Location"),
            )

        self._static = CORSMiddleware(app, allow_origins=("*",))
        self._api = allowing({*origins, *sites})
        self._other = allowing(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose by path."""
        path = scope.get("path", "")
        chosen = self._other
        if path.startswith(STATIC):
            chosen = self._static
        elif path.startswith(API):
            chosen = self._api
        await chosen(scope, receive, send)


class HostCheck:
    """Refuses requests for a server of another name.

    A page may have its own name resolve to this machine (DNS rebinding); its browser then sends that name.
    """

    def __init__(self, app: ASGIApp, *, listening: str, names: Collection[str]) -> None:
        """Take the address listened on, and further names of the server."""
        self._app = app
        self._open = not is_loopback(listening)
        self._names = {name.lower() for name in (listening, *names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is meant for this server."""
        if scope["type"] in ("http", "websocket"):
            name = host_name(Headers(scope=scope))
            if name is None:
                raise HTTPException(400, "the Host header is missing or wrong; send one")
            if not self._is_ours(name):
                raise HTTPException(421, "this server has another name; add this one to server.hosts")
        await self._app(scope, receive, send)

    def _is_ours(self, name: str) -> bool:
        return is_loopback(name) or name in self._names or (self._open and is_address(name))
