"""What every request passes: sizes and types of bodies, origins, headers, and errors in our words."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from agent.api.app import create_app
from agent.api.bodies import DEEPEST, JsonBodies, clean_json
from agent.api.errors import KINDS, problem_of
from agent.api.middleware import SAFE
from agent.sections_server import Server
from tests.agent.api.hosts import HERE, SHOP, SITES, client_of, open_fake_host, visitor_token
from tools.errors import ConfigurationError, PlumblineError, StoreInUse, TooManyRequests, Unauthenticated

DESK = "https://desk.example"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FastAPI]:
    """Return an application that takes 16 kB, and knows a page that may use keys."""
    async with open_fake_host(tmp_path, server=Server(sites=SITES, origins=(DESK,), body_kb=16)) as host:
        yield create_app(host)


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        pytest.param(b" " * 16_385, JSON, 413, "too_large", id="too large, as announced"),
        pytest.param(b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type", id="no JSON"),
        pytest.param(b"{}", {}, 415, "unsupported_media_type", id="no type"),
        pytest.param(b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, None, id="a form"),
        pytest.param(b"{", JSON, 400, "invalid_request", id="half a body"),
        pytest.param(b"\xff", JSON, 400, "invalid_request", id="not UTF-8"),
        pytest.param(b'{"a": NaN}', JSON, 400, "invalid_request", id="not a number"),
        pytest.param(b"[" * 5_000, JSON, 400, "invalid_request", id="open lists"),
        pytest.param(b"[" * 900 + b"]" * 900, JSON, 400, "invalid_request", id="too deep"),
        pytest.param(b"9" * 9_000, JSON, 400, "invalid_request", id="too long a number"),
        pytest.param(b"[]", JSON, 422, "invalid_input", id="another form"),
        pytest.param(b'{"site": 7}', JSON, 422, "invalid_input", id="another type"),
    ],
)
async def test_a_body_that_cannot_be_used_is_refused(
    app: FastAPI, body: bytes, headers: dict[str, str], status: int, kind: str | None
) -> None:
    """With what to do; nothing of the body is repeated."""
    async with client_of(app) as client:
        response = await client.post("/api/widget/session", content=body, headers=headers)
    error = response.json()["error"]
    assert (response.status_code, error["id"]) == (status, response.headers["X-Request-ID"])
    assert kind is None or error["type"] == kind


async def test_a_body_that_never_says_its_size_is_cut_off_on_the_way(app: FastAPI) -> None:
    """Not read to its end first."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 1024

    async with client_of(app) as client:
        response = await client.post("/api/threads", content=endless(), headers=JSON)
    assert response.status_code == 413
    assert sent <= 20


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    """Whoever sends a letter an hour holds nothing for ever."""

    async def receive() -> dict[str, object]:
        await asyncio.sleep(3600)
        return {}

    async def app(*_: object) -> None:
        raise AssertionError("nothing may be passed on")

    async def send(_: object) -> None:
        raise AssertionError("nothing may be answered")

    bodies = JsonBodies(app, largest=100, seconds=0.01)
    scope = {"type": "http", "path": "/", "headers": [(b"content-length", b"2")]}
    with pytest.raises(HTTPException) as caught:
        await bodies(scope, receive, send)
    assert caught.value.status_code == 408


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


@given(JSONS)
def test_clean_json_stays_as_it_is(value: object) -> None:
    """All but NUL, which PostgreSQL cannot keep."""
    text = json.dumps(value)
    cleaned = json.loads(clean_json(text.encode()))
    assert cleaned == json.loads(text.replace("\\u0000", "\\ufffd"))


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_halves_of_characters_do_not_get_in(name: str, value: str) -> None:
    """Neither as names nor as values, however deep."""
    cleaned = clean_json(json.dumps({name: [{name: value}]}).encode()).decode()
    assert "\\u0000" not in cleaned
    assert cleaned.encode()


def test_json_may_be_so_deep_and_no_deeper() -> None:
    """Lists and objects alike."""
    assert clean_json(b"[" * DEEPEST + b"]" * DEEPEST)
    for deeper in (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), b'{"a":' * 33 + b"1" + b"}" * 33):
        with pytest.raises(HTTPException, match="nested deeper"):
            clean_json(deeper)


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/api/threads", "/openapi.json"])
async def test_every_response_keeps_browsers_careful(app: FastAPI, path: str) -> None:
    """Errors as well; each has an id of its own."""
    async with client_of(app, headers={"X-Request-ID": "mine"}) as client:
        first, second = await client.get(path), await client.get(path)
    assert {name: first.headers[name] for name in SAFE} == SAFE
    assert len({first.headers["X-Request-ID"], second.headers["X-Request-ID"], "mine"}) == 3


@pytest.mark.parametrize(
    ("origin", "path", "allowed"),
    [
        pytest.param(DESK, "/v1/models", True, id="a named origin, everywhere"),
        pytest.param(SHOP, "/api/threads", True, id="a site's page, the API"),
        pytest.param(SHOP, "/v1/models", False, id="a site's page, elsewhere"),
        pytest.param("https://evil.example", "/api/threads", False, id="a foreign page"),
        pytest.param("null", "/api/threads", False, id="a page of no origin"),
    ],
)
async def test_pages_may_ask_what_they_may_read(app: FastAPI, origin: str, path: str, allowed: bool) -> None:
    """Never by cookie, and never any origin."""
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Headers"] = "authorization, x-stainless-os"
    async with client_of(app) as client:
        response = await client.options(path, headers=asked)
    assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert (response.status_code == 200) is allowed
    assert "Access-Control-Allow-Credentials" not in response.headers


async def test_a_page_can_read_errors_too(app: FastAPI) -> None:
    """Those that are told before anything is done, as well."""
    async with client_of(app, headers={"Origin": SHOP}) as client:
        response = await client.post("/api/threads", content=b"{", headers=JSON)
    assert response.status_code == 400
    assert response.headers["Access-Control-Allow-Origin"] == SHOP


async def test_the_openai_front_tells_errors_in_openais_shape(app: FastAPI) -> None:
    """Whatever tells them: no route, no key, or a body that is none."""
    async with client_of(app, key="wrong") as client:
        replies = [
            await client.get("/v1/nowhere"),
            await client.get("/v1/models"),
            await client.post("/v1/chat/completions", content=b"{", headers=JSON),
        ]
    assert [one.status_code for one in replies] == [404, 401, 400]
    assert all(set(one.json()["error"]) == {"message", "type", "param", "code"} for one in replies)
    assert replies[1].headers["WWW-Authenticate"] == "Bearer"


def leaves(kind: type[PlumblineError]) -> list[type[PlumblineError]]:
    """Return all classes of errors."""
    return [kind, *(one for child in kind.__subclasses__() for one in leaves(child))]


def test_every_error_has_a_status_and_only_the_operators_are_kept_from_the_caller() -> None:
    """Their messages name files and settings; the caller is given an id to name."""
    hidden = {kind for kind in leaves(PlumblineError) if not any(one in KINDS for one in kind.__mro__)}
    assert hidden == {PlumblineError, ConfigurationError, StoreInUse}
    problem = problem_of(ConfigurationError("/etc/secret.toml: key x is wrong"), "0f")
    assert (problem.status, "secret" in problem.message, "0f" in problem.message) == (500, False, True)
    assert problem_of(TooManyRequests("slow down", 2.1), "").headers == {"Retry-After": "3"}
    assert problem_of(Unauthenticated("who?"), "").headers == {"WWW-Authenticate": "Bearer"}
    assert problem_of(Unauthenticated("a\nb \ud800" + "x" * 9999), "").message.startswith("a b ?xx")


async def test_what_goes_wrong_is_logged_and_not_told(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    """The caller gets the id under which the log has the traceback."""

    @app.get("/api/broken")
    async def broken(error: str) -> None:
        raise RuntimeError(error) if error == "unforeseen" else ConfigurationError(error)

    for kind in ("unforeseen", "misconfigured"):
        async with client_of(app) as client:
            response = await client.get("/api/broken", params={"error": kind})
        error = response.json()["error"]
        assert (response.status_code, error["type"]) == (500, "internal")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert kind not in response.text
        assert error["id"] in caplog.text
        assert kind in caplog.text


async def test_too_many_requests_of_a_visitor_are_refused_with_when_to_come_again(tmp_path: Path) -> None:
    """Of one visitor; another is not kept waiting."""
    shop = SITES["shop"].model_copy(update={"requests_per_minute": 2})
    async with open_fake_host(tmp_path, server=Server(sites={"shop": shop})) as host:
        app = create_app(host)
        async with client_of(app, key=visitor_token(host), headers={"Origin": SHOP}) as client:
            replies = [await client.get("/api/threads") for _ in range(3)]
        async with client_of(app, key=visitor_token(host), headers={"Origin": SHOP}) as other:
            assert (await other.get("/api/threads")).status_code == 200
    assert [one.status_code for one in replies] == [200, 200, 429]
    assert 1 <= int(replies[2].headers["Retry-After"]) <= 30
    assert replies[2].headers["Access-Control-Allow-Origin"] == SHOP


@pytest.mark.parametrize(
    ("section", "setting"),
    [
        pytest.param(Server(origins=("*",)), "server.origins", id="any origin"),
        pytest.param(Server(origins=("https://a.example/path",)), "server.origins", id="a page"),
        pytest.param(Server(hosts=("https://a.example",)), "server.hosts", id="an origin for a host"),
        pytest.param(Server(hosts=("a.example:443",)), "server.hosts", id="a host with a port"),
        pytest.param(Server(hosts=("*",)), "server.hosts", id="any host"),
    ],
)
async def test_names_that_would_never_match_are_refused_at_the_start(
    tmp_path: Path, section: Server, setting: str
) -> None:
    """Rather than left out, without a word."""
    async with open_fake_host(tmp_path, server=section) as host:
        with pytest.raises(ConfigurationError, match=setting):
            create_app(host)


async def test_a_key_of_another_service_is_called_one(app: FastAPI) -> None:
    """Not a visitor's token, which nobody meant to send."""
    async with client_of(app, key="sk-proj-0123456789") as client:
        error = (await client.get("/v1/models")).json()["error"]
    assert "API key is not valid" in error["message"]


async def test_a_visitors_page_gets_a_token_that_works(app: FastAPI) -> None:
    """With the title of the site, and whether there is a person to talk to."""
    async with client_of(app, headers={"Origin": SHOP}) as client:
        session = (await client.post("/api/widget/session", json={"site": "shop"})).json()
        assert (session["title"], session["handoff"], session["expires_in"]) == ("Shop help", True, 1800)
        token = {"Authorization": f"Bearer {session['token']}"}
        thread = (await client.post("/api/threads", headers=token)).json()["thread_id"]
        again = {"site": "shop", "visitor": session["visitor"]}
        renewed = (await client.post("/api/widget/session", json=again)).json()
        token = {"Authorization": f"Bearer {renewed['token']}"}
        assert (await client.get(f"/api/threads/{thread}", headers=token)).status_code == 200
    async with client_of(app, headers={"Origin": HERE}) as client:
        assert (await client.post("/api/widget/session", json={"site": "own"})).status_code == 200
        refused = await client.post("/api/widget/session", json={"site": "shop"})
        assert (refused.status_code, refused.json()["error"]["type"]) == (403, "access_denied")
