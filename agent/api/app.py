"""The HTTP application: its table of contents."""

from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import Route

from agent.access.origins import check_origins, origin_of
from agent.api import data, handoffs, health, metrics, openai, pages, runs, threads, traces, widget
from agent.api.addresses import is_host_name
from agent.api.bodies import JsonBodies
from agent.api.description import described
from agent.api.errors import RESPONSES, install
from agent.api.metrics import CountRequests, Metrics
from agent.api.middleware import Boundary, Cors, Envelope, HostCheck
from agent.api.security import CALLER, Guard, declared
from agent.hosting import Host
from agent.mcp.server import mcp_front
from tools.errors import ConfigurationError

VERSION = "1"
PARTS = (threads, runs, handoffs, traces, data, widget, openai, pages, health, metrics)


def create_app(host: Host) -> FastAPI:
    """Make the application of an installation that is open."""
    figures = Metrics(host.conversations)
    tools = mcp_front(host, lambda scope: scope[CALLER])
    app = Application(
        title=host.settings.assistant.name,
        version=VERSION,
        docs_url=None,  # both load their scripts from elsewhere
        redoc_url=None,
        responses={**RESPONSES},
        middleware=_middleware(host, figures),
        lifespan=lambda _: tools.running,
    )
    app.state.host = host
    app.state.metrics = figures
    app.state.readiness = health.readiness_of(host)
    for part in PARTS:
        app.include_router(part.router)
    app.router.routes.append(Route("/mcp", Guard(tools.application, host, "chat", "search", "data")))
    install(app, {openai.router.prefix: openai.error_body})
    check_policies(app)
    return app


class Application(FastAPI):
    """FastAPI, with the policy of every route in its OpenAPI."""

    def openapi(self) -> dict[str, Any]:
        """Return the description of all routes; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = described(self)
        return self.openapi_schema


def _middleware(host: Host, figures: Metrics) -> list[Middleware]:
    server = host.settings.server
    check_origins(server.origins, setting="server.origins")
    if wrong := [name for name in server.hosts if not is_host_name(name)]:
        raise ConfigurationError(
            f"server.hosts: {wrong[0]!r} is no name of a host; write it without scheme and port, "
            "such as assistant.example"
        )
    origins = {written for origin in server.origins if (written := origin_of(origin))}
    return [
        Middleware(Envelope),
        Middleware(CountRequests, metrics=figures),
        Middleware(Cors, origins=origins, sites=host.visitors.origins()),
        Middleware(Boundary),
        Middleware(HostCheck, listening=host.listening.host, names=server.hosts),
        Middleware(JsonBodies, largest=server.body_kb * 1024, files=(traces.IMPORT,)),
    ]


def check_policies(app: FastAPI) -> None:
    """Refuse an application with a route that says nothing: it would be open to everybody."""
    if silent := [route.path for route in declared(app) if not route.policies]:
        raise AssertionError(
            f"routes without a policy: {', '.join(silent)}; give each one of agent.api.security"
        )
