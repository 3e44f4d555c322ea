"""Thousands of requests made up from the OpenAPI, right ones and wrong ones: none may break the server."""

import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import requests
import schemathesis
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from agent.api.app import create_app
from agent.api.description import STREAM
from agent.sections_server import Server
from tests.agent.api.hosts import QUESTION, SITES, client_of, issued, open_fake_host
from tests.agent.api.serving import serving

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
SECONDS = 10.0
UNLIMITED = 1_000_000_000
HEAVY = {"/api/ingest": 0.1}
"""Operations that get a smaller share of the requests, because each of them takes long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A server, and what is there to be asked for."""

    url: str
    key: str
    """Of every scope."""
    known: dict[str, str]
    """Values of path parameters, by name."""


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[World]:
    """Serve a host with a question that was answered."""
    server = Server(sites=SITES, requests_per_minute=UNLIMITED)
    async with open_fake_host(folder, server=server) as host:
        app = create_app(host)
        key = (await issued(host)).secret
        async with client_of(app, key=key) as client:
            thread = (await client.post("/api/threads")).json()["thread_id"]
            answer = (await client.post(f"/api/threads/{thread}/messages", json={"content": QUESTION})).json()
        async with serving(app) as client:
            yield World(
                url=str(client.base_url).rstrip("/"),
                key=key,
                known={
                    "thread_id": thread,
                    "run_id": answer["run_id"],
                    "other_id": answer["run_id"],
                    "number": "1",
                    "model": "plumbline",
                },
            )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Serve from a thread of its own."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(served(tmp_path)) as world:
        yield world


def operations(world: World) -> list[Operation]:
    """Return every operation, those with the fewest ways to call them first, and those that delete last."""
    config = SchemathesisConfig()
    config.projects.default.generation.update(allow_extra_parameters=False, with_security_parameters=False)
    schema = schemathesis.openapi.from_url(f"{world.url}/openapi.json", config=config)
    found = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert len(found) == len(list(schema.get_all_operations()))
    return sorted(
        found,
        key=lambda one: (one.method == "delete", len(one.body), sum(1 for _ in one.iter_parameters())),
    )


# The server runs in this process and draws numbers while a request is being made up.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
def test_no_request_breaks_the_server(world: World, request: pytest.FixtureRequest) -> None:
    """Every reply is one that the OpenAPI announces, and none is a server's error."""
    wanted = int(request.config.getoption("--api-cases"))
    left, sent = operations(world), 0
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {world.key}"
        while left:
            operation = left.pop(0)
            share = (wanted - sent) / (len(left) + 1) * HEAVY.get(operation.path, 1)
            sent += try_out(operation, world, session, most=max(1, round(share)))
    assert sent >= wanted


def try_out(operation: Operation, world: World, session: requests.Session, *, most: int) -> int:
    """Send about so many requests of one operation, fewer where there are not as many; return the number."""
    sent = 0
    ways = [operation.as_strategy(GenerationMode.POSITIVE)]
    if operation.body or any(True for _ in operation.iter_parameters()):
        ways.append(operation.as_strategy(GenerationMode.NEGATIVE))
    variants = variants_of(operation, world)

    @settings(
        max_examples=max(1, math.ceil(most / len(variants))),
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[*HealthCheck],
    )
    @given(case=st.one_of(ways))
    def each(case: Case[Any]) -> None:
        nonlocal sent
        for headers, parameters in variants:
            case.path_parameters = {**(case.path_parameters or {}), **parameters}
            case.call_and_validate(
                base_url=world.url,
                session=session,
                headers=headers,
                checks=CHECKS,
                timeout=SECONDS,
                allow_redirects=False,
            )
            sent += 1
        if operation.method == "delete":
            opened = {"thread_id": world.known["thread_id"]}
            session.post(f"{world.url}/api/threads", json=opened, timeout=SECONDS).raise_for_status()

    each()
    return sent


def variants_of(operation: Operation, world: World) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Return headers and path parameters with which the same request is sent again: it costs less to send.

    First as it was made up, then of what is there, then as a stream.
    """
    variants: list[tuple[dict[str, str], dict[str, str]]] = [({}, {})]
    here = {name: world.known[name] for name in world.known if f"{{{name}}}" in operation.path}
    if here:
        variants.append(({}, here))
    if any(STREAM in reply.get("content", {}) for reply in operation.definition.raw["responses"].values()):
        variants.append(({"Accept": STREAM}, here))
    return variants
