"""The OpenAPI: what FastAPI knows of the routes, and what only we know."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from agent.api.errors import RESPONSES
from agent.api.security import declared

STREAM = "text/event-stream"
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}


def described(app: FastAPI) -> dict[str, Any]:
    """Return the description of all routes, each with what it asks of callers: `x-plumbline-access`."""
    description = get_openapi(title=app.title, version=app.version, routes=app.routes)
    schemes = description.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["key"] = {"type": "http", "scheme": "bearer"}
    for route in declared(app):
        for method in route.methods:
            operation = description["paths"].get(route.path, {}).get(method.lower())
            if operation is not None and route.policies:
                (policy,) = route.policies
                operation["x-plumbline-access"] = policy
                operation["security"] = [] if policy == "public" else [{"key": []}]
                _correct(operation["responses"])
    return description


def _correct(responses: dict[str, Any]) -> None:
    """Say what FastAPI takes to be as the route's own reply: errors are JSON, and streams are of events."""
    for status in RESPONSES:
        error = responses[str(status)]
        (content,) = error["content"].values()
        error["content"] = {"application/json": content}
    for response in responses.values():
        stream = response.get("content", {}).get(STREAM)
        if stream is not None:
            stream.pop("schema", None)
            stream["itemSchema"] = _EVENT
