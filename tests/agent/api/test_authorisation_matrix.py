"""Every route is tried with everything that must not open it: a new one is, too, as soon as it is there."""

import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from agent.access.caller import SCOPES
from agent.access.visitors import TOKEN_SECONDS, Visitors
from agent.api.app import check_policies, create_app
from agent.api.security import Declared, declared
from agent.hosting import VISITORS, Host, Listening
from agent.sections_server import Server
from tests.agent.api.hosts import (
    EVERYWHERE,
    HERE,
    LOOPBACK,
    OPERATOR,
    QUESTION,
    SHOP,
    SITES,
    client_of,
    issued,
    open_fake_host,
    visitor_token,
)

OPEN = {
    "/",
    "/demo",
    "/debug",
    "/widget.js",
    "/static/{version}/{name}",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/api/widget/session",
}
"""Whoever adds to the routes that everybody may use, adds here."""
NAME = "assistant.example"
"""A configured name of the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A server, and what Ben keeps there."""

    host: Host
    app: FastAPI
    thread_id: str
    run_id: str
    key: str
    """Ben's, of every scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A request as somebody would send it who may not."""

    headers: tuple[tuple[str, str], ...] = ()
    peer: str = "127.0.0.1"
    base_url: str = HERE
    denied: int = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Attempts that are alike, one for each route they are for."""

    attempt: Callable[[World, Declared], Any]
    """Returns the attempt, as a coroutine."""
    listening: Listening = EVERYWHERE
    routes: Callable[[Declared], bool] = field(default=lambda _: True)


@asynccontextmanager
async def opened(folder: Path, listening: Listening = EVERYWHERE) -> AsyncIterator[World]:
    """Open a server where Ben had a question answered."""
    server = Server(
        sites=SITES, origins=("https://desk.example",), hosts=(NAME,), requests_per_minute=100_000
    )
    async with open_fake_host(folder, listening=listening, server=server) as host:
        key = (await issued(host, owner="ben")).secret
        app = create_app(host)
        async with client_of(app, key=key) as client:
            thread_id = (await client.post("/api/threads")).json()["thread_id"]
            answer = await client.post(f"/api/threads/{thread_id}/messages", json={"content": QUESTION})
        run_id = answer.json()["run_id"]
        yield World(host=host, app=app, thread_id=thread_id, run_id=run_id, key=key)


@pytest.fixture(scope="module")
async def worlds(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[Listening, World]]:
    """Return servers that listen on loopback and everywhere; what is denied changes neither."""
    async with (
        opened(tmp_path_factory.mktemp("everywhere"), EVERYWHERE) as everywhere,
        opened(tmp_path_factory.mktemp("loopback"), LOOPBACK) as loopback,
    ):
        yield {EVERYWHERE: everywhere, LOOPBACK: loopback}


def operations(world: World) -> Iterator[tuple[str, Declared]]:
    """Yield every method of every route that is not for everybody."""
    for route in declared(world.app):
        if route.path not in OPEN:
            for method in sorted(route.methods or {"GET", "POST", "DELETE"}):
                yield method, route


async def send(world: World, method: str, route: Declared, attempt: Attempt) -> httpx2.Response:
    """Send what a route takes, of the resources that are Ben's."""
    known = {"thread_id": world.thread_id, "run_id": world.run_id, "other_id": world.run_id, "number": "1"}
    path = re.sub(r"\{(\w+)\}", lambda name: known.get(name[1], name[0]), route.path)
    body = body_of(world.app.openapi(), route.path, method)
    async with client_of(world.app, peer=attempt.peer, base_url=attempt.base_url) as client:
        return await client.request(method, path, headers=list(attempt.headers), json=body)


def body_of(description: Mapping[str, Any], path: str, method: str) -> Any:  # noqa: ANN401  # JSON
    """Return the least body that a route takes; None when it takes none."""
    operation = description["paths"].get(path, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return None if content is None else sample(content["schema"], description)


def sample(schema: Mapping[str, Any], description: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """Return a value of a JSON schema, without what may be left out."""
    if "$ref" in schema:
        return sample(description["components"]["schemas"][schema["$ref"].rpartition("/")[2]], description)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return sample(choices[0], description)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(properties[name], description) for name in schema.get("required", ())}
    if kind == "array":
        return [sample(schema["items"], description)] * max(1, schema.get("minItems", 0))
    return {"string": "How long does it boil?", "integer": 1, "number": 1, "boolean": True}[str(kind)]


def bearer(secret: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """Return headers with a secret."""
    return (("Authorization", f"Bearer {secret}"), *more)


def plain(*headers: tuple[str, str], **attempt: Any) -> Callable[[World, Declared], Any]:  # noqa: ANN401
    """Return an attempt that is the same for every route."""

    async def made(world: World, route: Declared) -> Attempt:
        return Attempt(headers=headers, **attempt)

    return made


def with_bens_key(*headers: tuple[str, str], denied: int) -> Callable[[World, Declared], Any]:
    """Return an attempt with a key that is good, if it were not for the headers."""

    async def made(world: World, route: Declared) -> Attempt:
        return Attempt(headers=bearer(world.key, *headers), denied=denied)

    return made


async def wrong_secret(world: World, route: Declared) -> Attempt:
    """Send the id of a key with another secret."""
    last = "A" if world.key[-10] != "A" else "B"
    return Attempt(headers=bearer(world.key[:-10] + last + world.key[-9:]))


async def unknown_key(world: World, route: Declared) -> Attempt:
    """Send a key that was never made."""
    return Attempt(headers=bearer("pl_0123456789abcdef_" + "x" * 43))


async def revoked(world: World, route: Declared) -> Attempt:
    """Send a key of every scope that was revoked a moment ago."""
    made = await issued(world.host, owner="ben")
    await world.host.storage.keys.revoke(made.key.id)
    return Attempt(headers=bearer(made.secret))


async def wrong_scope(world: World, route: Declared) -> Attempt:
    """Send a key of every scope but the one that would do."""
    made = await issued(world.host, *sorted(SCOPES - route.policies), owner="ben")
    return Attempt(headers=bearer(made.secret), denied=403)


async def expired(world: World, route: Declared) -> Attempt:
    """Send a visitor's token of half an hour ago."""
    secret = await world.host.storage.secrets.get_or_make(VISITORS)
    ago = Visitors(SITES, secret, clock=lambda: time.time() - TOKEN_SECONDS - 1)
    host = replace(world.host, visitors=ago)
    return Attempt(headers=bearer(visitor_token(host), ("Origin", SHOP)))


def visitor(*headers: tuple[str, str], denied: int = 401) -> Callable[[World, Declared], Any]:
    """Return an attempt with the token of a visitor of the shop."""

    async def made(world: World, route: Declared) -> Attempt:
        return Attempt(headers=bearer(visitor_token(world.host), *headers), denied=denied)

    return made


async def credential(world: World, route: Declared) -> Attempt:
    """Send what a visitor is recognised by, in place of a token."""
    granted = world.host.visitors.exchange("shop", origin=SHOP, own_origin=HERE, visitor=None, identity=None)
    return Attempt(headers=bearer(granted.visitor, ("Origin", SHOP)))


def beyond_visitors(route: Declared) -> bool:
    """Tell whether a route is for none of the scopes of a visitor."""
    return "chat" not in route.policies


CASES = {
    "no key": Case(attempt=plain()),
    "no key, from the machine itself": Case(attempt=plain(base_url="http://localhost:8000")),
    "a key with another secret": Case(attempt=wrong_secret),
    "a key that never was": Case(attempt=unknown_key),
    "a revoked key": Case(attempt=revoked),
    "a key without the scope": Case(attempt=wrong_scope),
    "a key in the page of an origin that is not named": Case(
        attempt=with_bens_key(("Origin", "https://evil.example"), denied=403)
    ),
    "a key in the page of a site": Case(attempt=with_bens_key(("Origin", SHOP), denied=403)),
    "a key in a page of no origin": Case(attempt=with_bens_key(("Origin", "null"), denied=403)),
    "two keys": Case(attempt=with_bens_key(("Authorization", "Bearer x"), denied=401)),
    "another scheme": Case(attempt=plain(("Authorization", "Basic YmVuOmJlbg=="))),
    "an empty key": Case(attempt=plain(("Authorization", "Bearer "))),
    "no scheme": Case(attempt=plain(("Authorization", OPERATOR))),
    "the operator's secret in a page": Case(
        attempt=plain(*bearer(OPERATOR, ("Origin", "https://desk.example")), denied=403)
    ),
    "nearly the operator's secret": Case(attempt=plain(*bearer(OPERATOR[:-1]))),
    "an expired token of a visitor": Case(attempt=expired),
    "a visitor's token in another page": Case(attempt=visitor(("Origin", "https://evil.example"))),
    "a visitor's token in another site's page": Case(attempt=visitor(("Origin", "https://closed.example"))),
    "a visitor's token in no page": Case(attempt=visitor()),
    "a visitor's token beyond conversations": Case(
        attempt=visitor(("Origin", SHOP), denied=403), routes=beyond_visitors
    ),
    "what a visitor is recognised by": Case(attempt=credential),
    "another name of the server": Case(
        attempt=plain(base_url="http://evil.example", denied=421), listening=LOOPBACK
    ),
    "another name, with a key": Case(attempt=with_bens_key(("Host", "evil.example"), denied=421)),
    "an address of another machine, on loopback": Case(
        attempt=plain(base_url="http://10.0.0.7:8000", denied=421), listening=LOOPBACK
    ),
    "a configured name, without a key": Case(attempt=plain(base_url=f"http://{NAME}"), listening=LOOPBACK),
    "a page of a foreign origin": Case(attempt=plain(("Origin", "https://evil.example")), listening=LOOPBACK),
    "a page of no origin": Case(attempt=plain(("Origin", "null")), listening=LOOPBACK),
    "a page of another port": Case(attempt=plain(("Origin", "http://127.0.0.1:3000")), listening=LOOPBACK),
    "a link or an image of another site": Case(
        attempt=plain(("Sec-Fetch-Site", "cross-site")), listening=LOOPBACK
    ),
    "a page of the same machine": Case(attempt=plain(("Sec-Fetch-Site", "same-site")), listening=LOOPBACK),
    "another machine": Case(attempt=plain(peer="10.0.0.7"), listening=LOOPBACK),
    "a wrong key on the machine itself": Case(attempt=plain(*bearer("not-needed")), listening=LOOPBACK),
    **{
        f"a proxy that sends {name}": Case(attempt=plain((name, value)), listening=LOOPBACK)
        for name, value in {
            "Forwarded": "for=10.0.0.7",
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Host": "assistant.example",
            "X-Forwarded-Proto": "https",
            "X-Real-IP": "10.0.0.7",
            "Via": "1.1 proxy",
            "CF-Connecting-IP": "10.0.0.7",
            "True-Client-IP": "10.0.0.7",
            "X-Original-Host": "assistant.example",
            "X_Forwarded_For": "10.0.0.7",
        }.items()
    },
}


@pytest.mark.parametrize("name", CASES)
async def test_no_route_opens_for(name: str, worlds: Mapping[Listening, World]) -> None:
    """Every route that is not for everybody, each with the status that says why."""
    case = CASES[name]
    world, tried, wrong = worlds[case.listening], 0, {}
    for method, route in operations(world):
        if not case.routes(route):
            continue
        attempt = await case.attempt(world, route)
        response = await send(world, method, route, attempt)
        tried += 1
        if response.status_code != attempt.denied or "error" not in response.json():
            wrong[method, route.path] = (response.status_code, response.text)
    assert wrong == {}
    assert tried > 0


async def others(world: World) -> dict[str, Attempt]:
    """Return who might want to see what is Ben's."""
    key = (await issued(world.host, *sorted(SCOPES - {"admin"}), owner="anna")).secret
    return {
        "another key": Attempt(headers=bearer(key)),
        "another key of every scope": Attempt(
            headers=bearer((await issued(world.host, owner="anna")).secret)
        ),
        "this machine": Attempt(headers=bearer(OPERATOR)),
        "a visitor": Attempt(headers=bearer(visitor_token(world.host), ("Origin", SHOP))),
    }


def is_somebodys(route: Declared, who: str) -> bool:
    """Tell whether a route is for one thing that is somebody's, and not for this caller's eyes as well.

    Recordings are for all who have the scope admin; visitors have not the one that they take.
    """
    names = ("{thread_id}", "{run_id}")
    return any(name in route.path for name in names) and (
        "traces" not in route.policies or who == "another key"
    )


@pytest.mark.parametrize("who", ["another key", "another key of every scope", "this machine", "a visitor"])
async def test_what_is_somebody_elses_is_not_there_for(who: str, worlds: Mapping[Listening, World]) -> None:
    """Not found, rather than forbidden, whatever the scopes; and it stays as it was."""
    world = worlds[EVERYWHERE]
    attempts = await others(world)
    paths = (f"/api/threads/{world.thread_id}", f"/api/traces/{world.run_id}")
    async with client_of(world.app, key=world.key) as client:
        before = [(await client.get(path)).json() for path in paths]
        wrong = {
            (method, route.path): response.text
            for method, route in operations(world)
            if is_somebodys(route, who)
            if (response := await send(world, method, route, attempts[who])).status_code != 404
        }
        after = [(await client.get(path)).json() for path in paths]
    assert wrong == {}
    assert before == after
    assert before[0]["messages"]
    assert before[1]["summary"]["run_id"] == world.run_id


async def test_every_route_opens_for_a_key_with_its_scope_alone(tmp_path: Path) -> None:
    """Or the others were denied for another reason than theirs."""
    async with opened(tmp_path) as world:
        wrong = {}
        last = ("DELETE", "/api/threads/{thread_id}")  # takes everything else with it
        ordered = sorted(operations(world), key=lambda one: (one[0] == last[0], one[1].path == last[1]))
        for method, route in ordered:
            for policy in route.policies if route.methods else ():
                made = await issued(world.host, policy, owner="ben")
                response = await send(world, method, route, Attempt(headers=bearer(made.secret)))
                gone = response.status_code == 404 and "_id}" in route.path
                if response.status_code in (401, 403, 421) or response.status_code >= 500 or gone:
                    wrong[method, route.path] = response.text
    assert wrong == {}


async def test_on_loopback_no_key_is_needed(worlds: Mapping[Listening, World]) -> None:
    """Neither by its own pages, nor by the names of this machine."""
    for base in (HERE, "http://localhost:8000", "http://[::1]:8000", "http://plumb.localhost"):
        for headers in ({}, {"Origin": base, "Sec-Fetch-Site": "same-origin"}):
            async with client_of(worlds[LOOPBACK].app, base_url=base, headers=headers) as client:
                assert (await client.get("/api/threads")).status_code == 200


async def test_where_it_is_turned_off_this_machine_needs_a_key_too(tmp_path: Path) -> None:
    """A proxy may be on it; the command line has the operator's secret."""
    async with open_fake_host(tmp_path, server=Server(local=False)) as host:
        app = create_app(host)
        async with client_of(app) as client, client_of(app, key=OPERATOR) as operator:
            assert (await client.get("/api/threads")).status_code == 401
            assert (await operator.get("/api/threads")).status_code == 200


async def test_only_known_routes_are_for_everybody(worlds: Mapping[Listening, World]) -> None:
    """Each of them answers without a key; the OpenAPI says of every route what it asks."""
    world = worlds[EVERYWHERE]
    assert {route.path for route in declared(world.app) if "public" in route.policies} == OPEN
    async with client_of(world.app) as client:
        described = (await client.get("/openapi.json")).json()
        for path in ("/", "/debug", "/widget.js", "/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200
    policies = {
        path: {operation["x-plumbline-access"] for operation in operations.values()}
        for path, operations in described["paths"].items()
    }
    assert {path for path, found in policies.items() if found == {"public"}} == OPEN - {"/openapi.json"}
    assert set().union(*policies.values()) <= {"public", *SCOPES}


async def test_a_new_route_without_a_policy_does_not_pass(tmp_path: Path) -> None:
    """Neither this matrix, in which it opens for everybody, nor the start of the server."""
    async with opened(tmp_path) as world:

        @world.app.get("/api/new")
        async def new() -> None:
            """Ask nothing of anybody."""

        silent = [route for _, route in operations(world) if not route.policies]
        assert [route.path for route in silent] == ["/api/new"]
        assert (await send(world, "GET", silent[0], Attempt())).status_code == 200
        with pytest.raises(AssertionError, match="without a policy: /api/new"):
            check_policies(world.app)
        assert "x-plumbline-access" not in world.app.openapi()["paths"]["/api/new"]["get"]
