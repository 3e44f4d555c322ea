"""How a request becomes a caller, and what each route asks of callers."""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from agent.access.caller import SCOPES, Caller, Limits, Scope
from agent.access.keys import PREFIX
from agent.access.origins import origin_of
from agent.api.addresses import host_name, is_forwarded, is_loopback, own_origin
from agent.hosting import Host
from agent.owners import LOCAL
from tools.errors import AccessDenied, Unauthenticated

Policy = Scope | Literal["public"]
TOKEN_DOTS = 2
"""Of a JSON Web Token, which is what visitors have; no key of anybody looks like that."""
CALLER = "plumbline.caller"
"""Where a guarded application finds its caller in the connection's scope."""


async def host_of(request: Request) -> Host:
    """Return what the server is made of.

    FastAPI sends a dependency that is no coroutine to a thread, to queue there behind the work of the graphs.
    """
    host: Host = request.app.state.host
    return host


TheHost = Annotated[Host, Depends(host_of)]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Lets callers with one scope pass; a dependency of routes."""

    policy: Scope

    async def __call__(self, request: Request) -> Caller:
        """Return the caller.

        Raises:
            AccessDenied: It may not.
            TooManyRequests: It asked too often.
        """
        return await admit(await host_of(request), request, self.policy)


@dataclass(frozen=True, slots=True)
class Public:
    """Lets everybody pass; a dependency of routes that say so."""

    policy: Policy = "public"

    async def __call__(self) -> None:
        """Ask nothing."""


PUBLIC = Depends(Public())
ChatCaller = Annotated[Caller, Depends(Allowed("chat"))]
SearchCaller = Annotated[Caller, Depends(Allowed("search"))]
DataCaller = Annotated[Caller, Depends(Allowed("data"))]
TracesCaller = Annotated[Caller, Depends(Allowed("traces"))]
MetricsCaller = Annotated[Caller, Depends(Allowed("metrics"))]
AdminCaller = Annotated[Caller, Depends(Allowed("admin"))]


class Guard:
    """Lets callers with one of its policies pass to an application that checks their scopes further."""

    def __init__(self, app: ASGIApp, host: Host, *policies: Scope) -> None:
        """Stand in front of an application; callers have one of the scopes, and are found under `CALLER`."""
        self._app = app
        self._host = host
        self.policies = policies

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Admit, and pass on."""
        scope[CALLER] = await admit(self._host, HTTPConnection(scope), *self.policies)
        await self._app(scope, receive, send)


async def admit(host: Host, connection: HTTPConnection, *policies: Scope) -> Caller:
    """Return who sends a request, if they have one of the scopes.

    Raises:
        Unauthenticated: There are no valid credentials.
        AccessDenied: They are for something else.
        TooManyRequests: They were used too often.
    """
    caller = await _caller_of(host, connection)
    host.limiter.admit(caller.owner, caller.limits.requests_per_minute)
    if caller.scopes.isdisjoint(policies):
        raise AccessDenied(f"this needs the scope {' or '.join(policies)}; use a key that has it")
    return caller


async def _caller_of(host: Host, connection: HTTPConnection) -> Caller:
    """Return who sends a request; credentials decide alone, and wrong ones are never "local"."""
    sent = connection.headers.getlist("authorization")
    if not sent:
        return _local(host, connection)
    scheme, _, secret = sent[0].partition(" ")
    if len(sent) > 1 or scheme.lower() != "bearer":
        raise Unauthenticated("the Authorization header is not understood; send one: Bearer, and a key")
    secret = secret.strip()
    if hmac.compare_digest(secret.encode(), host.operator.encode()):
        _check_origin(connection, ())
        return _this_machine(host)
    if secret.startswith(PREFIX):
        caller = await host.keys.caller_of(secret)
        _check_origin(connection, host.settings.server.origins)
        return caller
    if secret.count(".") != TOKEN_DOTS:
        raise Unauthenticated("the API key is not valid; one of ours begins with pl_ (plumbline keys create)")
    own = own_origin(connection)
    return host.visitors.caller_of(secret, origin=connection.headers.get("origin", own))


def _check_origin(connection: HTTPConnection, allowed: tuple[str, ...]) -> None:
    """A key in a page of the web is used by pages that the operator named, or not at all."""
    origin = connection.headers.get("origin")
    if origin is None or origin == own_origin(connection):
        return
    written = origin_of(origin)
    if written is None or written not in map(origin_of, allowed):
        raise AccessDenied("pages of this origin may not use keys; name it in server.origins")


def _local(host: Host, connection: HTTPConnection) -> Caller:
    """Return this machine's own caller, if nothing speaks against it.

    A configured name is one that a proxy serves under, so whoever uses it may be anywhere. HTTP/1.0 is what
    proxies speak that were told no more than where to: nothing in such a request says that it was forwarded.
    """
    headers, peer = connection.headers, connection.client
    name = host_name(headers)
    here = (
        host.settings.server.local
        and connection.scope["http_version"] != "1.0"
        and is_loopback(host.listening.host)
        and peer is not None
        and is_loopback(peer.host)
        and not is_forwarded(headers)
        and name is not None
        and is_loopback(name)
    )
    own_page = headers.get("origin") in (None, own_origin(connection)) and headers.get("sec-fetch-site") in (
        None,
        "none",
        "same-origin",
    )
    if not (here and own_page):
        raise Unauthenticated("there are no credentials; send a key as Authorization: Bearer KEY")
    return _this_machine(host)


def _this_machine(host: Host) -> Caller:
    return Caller(
        owner=LOCAL,
        scopes=SCOPES,
        limits=Limits(requests_per_minute=None, runs=host.settings.server.runs),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a route asks of callers."""

    path: str
    methods: frozenset[str]
    """Empty when it takes any."""
    policies: frozenset[Policy]
    """One of them is enough. Empty when it says nothing, which no route may."""


def declared(app: FastAPI) -> Iterator[Declared]:
    """Yield every route of an application with what it asks."""
    for context in iter_route_contexts(app.routes):
        yield Declared(
            path=context.path_format or context.path or "",
            methods=frozenset(context.methods or ()),
            policies=_policies(context, app),
        )


def _policies(context: RouteContext, app: FastAPI) -> frozenset[Policy]:
    if isinstance(context.endpoint, Guard):
        return frozenset(context.endpoint.policies)
    if context.path == app.openapi_url:
        return frozenset({"public"})
    dependant = getattr(context, "dependant", None)
    calls = (one.call for one in dependant.dependencies) if isinstance(dependant, Dependant) else ()
    return frozenset(call.policy for call in calls if isinstance(call, Allowed | Public))
