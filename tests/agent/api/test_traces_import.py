"""Recordings from elsewhere over HTTP: whose they become, and files that are none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.api import traces
from agent.api.app import create_app
from agent.hosting import Host
from agent.sections_server import Server
from tests.agent.api.hosts import EVERYWHERE, QUESTION, client_of, issued, open_fake_host
from tests.agent.api.recordings import FILE, HOSTILE, asked, exported, spoiled, taken_in
from tests.agent.api.serving import error_of


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A server where Anna asked something, and a file of it."""

    host: Host
    app: FastAPI
    anna: httpx2.AsyncClient
    run: str
    file: bytes = field(repr=False)
    admin: httpx2.AsyncClient
    """Carl, who may import."""


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Open the server; what the tests import is of other runs each."""
    folder, server = tmp_path_factory.mktemp("host"), Server(requests_per_minute=1_000_000)
    async with open_fake_host(folder, listening=EVERYWHERE, server=server) as host:
        app = create_app(host)
        keys = [await issued(host), await issued(host, "traces", "admin", owner="carl")]
        async with client_of(app, key=keys[0].secret) as anna, client_of(app, key=keys[1].secret) as admin:
            run = await asked(anna)
            file = await exported(anna, run)
            yield World(host=host, app=app, anna=anna, run=run, file=file, admin=admin)


async def test_a_recording_moves_to_another_machine(world: World, tmp_path: Path) -> None:
    """It belongs to whoever imports it, and everything that could be seen can be seen there."""
    before = (await world.anna.get(f"/api/traces/{world.run}")).json()
    async with open_fake_host(tmp_path) as elsewhere, client_of(create_app(elsewhere)) as client:
        taken = await taken_in(client, world.file)
        assert taken.status_code == 201
        summary = taken.json()
        assert (summary["run_id"], summary["owner"], summary["imported"]) == (world.run, "local", True)
        after = (await client.get(f"/api/traces/{world.run}")).json()
        changed = {"summary", "feedback"}
        assert {name: before[name] for name in before.keys() - changed} == {
            name: after[name] for name in after.keys() - changed
        }
        for step in before["steps"]:
            path = f"/api/traces/{world.run}/steps/{step['number']}"
            assert (await client.get(path)).json() == (await world.anna.get(path)).json()
        assert (await client.post(f"/api/traces/{world.run}/replay")).status_code == 200
        listed = (await client.get("/api/traces", params={"text": QUESTION})).json()["traces"]
        assert listed == [summary]


async def test_a_run_that_is_there_is_nobody_elses(world: World) -> None:
    """Whoever imports it again is told so, and it stays whose it is and what it is."""
    before = (await world.anna.get(f"/api/traces/{world.run}")).json()
    for client in (world.admin, world.anna):
        assert error_of(await taken_in(client, world.file)) == (409, "conflict")

    def other(file: dict[str, Any]) -> None:
        file["recording"] |= {"run_id": world.run, "owner": "carl", "question": "Mine now?"}

    assert error_of(await taken_in(world.admin, spoiled(world.file, other))) == (409, "conflict")
    assert (await world.anna.get(f"/api/traces/{world.run}")).json() == before


async def test_a_file_says_nothing_of_whose_it_becomes(world: World) -> None:
    """Neither its owner's name nor that of a thread gets it into what others have."""
    thread = (await world.anna.get("/api/traces")).json()["traces"][0]["thread_id"]

    def annas(file: dict[str, Any]) -> None:
        file["recording"] |= {"run_id": "e" * 32, "owner": "anna", "thread_id": thread}

    taken = (await taken_in(world.admin, spoiled(world.file, annas))).json()
    assert taken["owner"] == "carl"
    listed = (await world.anna.get("/api/traces", params={"thread_id": thread})).json()["traces"]
    assert [one["run_id"] for one in listed] == [world.run]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_file_that_says_what_cannot_be_is_refused(name: str, world: World) -> None:
    """With one line of what is wrong; nothing of it is kept."""
    content = spoiled(world.file, HOSTILE[name])
    refused = await taken_in(world.admin, content)
    assert error_of(refused) == (400, "invalid_request"), refused.text
    message = refused.json()["error"]["message"]
    assert len(message) < 400
    assert "\n" not in message
    gone = await world.admin.get(f"/api/traces/{'f' * 32}")
    assert error_of(gone) == (404, "not_found")


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"PK\x03\x04"],
    ids=["half", "a list", "nothing", "an object", "not UTF-8", "open lists", "open objects", "an archive"],
)
async def test_what_is_no_recording_is_refused(content: bytes, world: World) -> None:
    """However it is made."""
    assert error_of(await taken_in(world.admin, content)) == (400, "invalid_request")


PLACES = st.lists(st.integers(min_value=0, max_value=10_000), min_size=1, max_size=12)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(places=PLACES, value=VALUES)
async def test_no_file_breaks_the_server(world: World, places: list[int], value: object) -> None:
    """Whatever one value is replaced by, the file is refused, or the recording can be looked at."""

    def spoil(file: dict[str, Any]) -> None:
        _replace(file["recording"], places, value)

    taken = await taken_in(world.admin, spoiled(world.file, spoil))
    assert taken.status_code in (201, 400), taken.text
    if taken.status_code == 400:
        return
    run = taken.json()["run_id"]
    path = f"/api/traces/{run}"
    try:
        trace = await world.admin.get(path)
        assert trace.status_code == 200, trace.text
        steps = [f"{path}/steps/{step['number']}" for step in trace.json()["steps"]]
        for one in [*steps, f"{path}/export?scrub=true", f"{path}/diff/{world.run}", f"{path}/diff/{run}"]:
            assert (await world.admin.get(one)).status_code == 200, one
        for work in ("replay", "fork"):
            reply = await world.admin.post(f"{path}/{work}", json={"step": 1} if work == "fork" else None)
            assert reply.status_code < 500, reply.text
        assert (await world.admin.post(f"{path}/keep", json={"id": run})).status_code < 500
    finally:
        await world.admin.delete(path)


def _replace(place: Any, places: list[int], value: object) -> None:  # noqa: ANN401  # JSON
    """Replace the value to which the places lead."""
    for depth, number in enumerate(places, start=1):
        keys = [*range(len(place))] if isinstance(place, list) else [*place]
        key = keys[number % len(keys)]
        inner = place[key]
        if depth == len(places) or not isinstance(inner, list | dict) or not inner:
            place[key] = value
            return
        place = inner


async def test_a_file_may_be_so_large_and_no_larger(world: World) -> None:
    """Beyond, it is not read to its end; nor is it below what other bodies may be."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 2**20

    refused = await world.admin.post("/api/traces/import", content=endless(), headers=FILE)
    assert error_of(refused) == (413, "too_large")
    assert sent <= traces.LARGEST_FILE // 2**20 + 2
    longer = {**FILE, "Content-Length": str(traces.LARGEST_FILE + 1)}
    announced = await world.admin.post("/api/traces/import", content=b"", headers=longer)
    assert error_of(announced) == (413, "too_large")
    padded = b" " * (2 * 256 * 1024) + world.file
    assert error_of(await taken_in(world.admin, padded)) == (409, "conflict")


async def test_a_file_is_read_of_those_alone_who_may_import(world: World) -> None:
    """Others are refused before the first byte."""
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield world.file

    async with client_of(world.app) as nobody, client_of(world.app) as reader:
        assert (await nobody.post("/api/traces/import", content=body(), headers=FILE)).status_code == 401
        key = (await issued(world.host, "traces")).secret
        headers = {**FILE, "Authorization": f"Bearer {key}"}
        assert (await reader.post("/api/traces/import", content=body(), headers=headers)).status_code == 403
    assert read == []


async def test_what_is_sent_as_something_else_is_no_file(world: World) -> None:
    """A form of a foreign page could not be sent as JSON."""
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        refused = await world.admin.post(
            "/api/traces/import", content=world.file, headers={"Content-Type": kind}
        )
        assert error_of(refused) == (415, "unsupported_media_type")
