"""Connections on which nothing is said, or too slowly, or of which there are too many."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from agent.api.app import create_app
from agent.api.connections import HttpConnection
from agent.sections_server import Server
from tests.agent.api.hosts import open_fake_host
from tests.agent.api.serving import serving

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
PATIENCE_SECONDS = 5.0
"""Of a test that would otherwise wait for ever."""


class Impatient(HttpConnection):
    """Waits for a head for a moment only."""

    head_seconds = 0.05


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer after a while that is longer than heads are waited for."""
    del receive
    assert scope["type"] == "http"
    await asyncio.sleep(3 * Impatient.head_seconds)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def connected(
    client: httpx2.AsyncClient,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection to the server of a client."""
    address = client.base_url
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):  # the server was first
            await writer.wait_closed()


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server closes the connection."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HEAD, id="half a head"),
        pytest.param(b"\r\n", id="an empty line"),
    ],
)
async def test_who_never_ends_a_head_is_not_waited_for(sent: bytes) -> None:
    """The connection is closed without a word."""
    async with serving(echo, connection=Impatient) as client, connected(client) as (reader, writer):
        writer.write(sent)
        assert await all_of(reader) == b""


@pytest.mark.parametrize("answered", [False, True])
async def test_a_letter_now_and_then_does_not_keep_a_connection(answered: bool) -> None:
    """Neither a new one, nor one that had an answer, which may be longer in coming than heads."""
    async with serving(echo, connection=Impatient) as client, connected(client) as (reader, writer):
        if answered:
            writer.write(HEAD + b"\r\n")
            assert b"200 OK" in await reader.readuntil(b"ok")

        async def drip() -> None:
            while True:
                writer.write(b"a")
                await asyncio.sleep(Impatient.head_seconds / 5)

        writer.write(HEAD)
        dripping = asyncio.create_task(drip())
        assert await all_of(reader) == b""
        dripping.cancel()


async def test_there_are_only_so_many_connections() -> None:
    """One too many is closed; those that are there are served, and a place that is free is taken again."""
    async with serving(echo, most=3) as client:
        assert (await client.get("/")).status_code == 200  # and stays open
        async with connected(client):
            async with connected(client) as (beyond, _):
                assert await all_of(beyond) == b""
            assert (await client.get("/")).status_code == 200
        async with connected(client) as (reader, writer):
            writer.write(HEAD + b"\r\n")
            assert b"200 OK" in await reader.readuntil(b"ok")


async def test_an_upgrade_is_answered_like_any_request(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There are no web sockets here: by a foreign name nothing is upgraded, and nothing is logged."""
    async with open_fake_host(tmp_path) as host, serving(create_app(host)) as client:
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for name, status in {"evil.example": 421, "localhost": 200}.items():
            response = await client.get("/healthz", headers={**upgrade, **key, "Host": name})
            assert response.status_code == status
    assert caplog.records == []


@pytest.mark.parametrize(("version", "status"), [("1.1", b"200"), ("1.0", b"401")])
async def test_what_speaks_an_older_protocol_may_be_a_proxy(
    tmp_path: Path, version: str, status: bytes
) -> None:
    """Of nginx, for one, nothing else tells that it speaks for somebody who may be anywhere."""
    async with (
        open_fake_host(tmp_path, server=Server()) as host,
        serving(create_app(host)) as client,
        connected(client) as (reader, writer),
    ):
        name = f"127.0.0.1:{client.base_url.port}"
        head = f"GET /api/threads HTTP/{version}\r\nHost: {name}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        received = await all_of(reader)
    assert received.split(b" ")[1] == status


@pytest.mark.parametrize("path", ["/", "/demo", "/widget.js", "/static/any/page.js", "/healthz", "/readyz"])
async def test_what_can_be_read_can_be_looked_after(tmp_path: Path, path: str) -> None:
    """Monitors and checkers of links send HEAD: they get the head of the same response, and no more."""
    async with open_fake_host(tmp_path) as host, serving(create_app(host)) as client:
        read, looked = await client.get(path), await client.head(path)
    assert looked.status_code == read.status_code == 200
    assert looked.content == b""
    assert looked.headers["Content-Type"] == read.headers["Content-Type"]
    assert looked.headers["Content-Security-Policy"] == read.headers["Content-Security-Policy"]
