"""Recordings over HTTP: list, look, compare, keep, export, delete; and whose they are."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from agent.api.app import create_app
from agent.hosting import Host
from tests.agent.api.hosts import (
    EVERYWHERE,
    OPERATOR,
    QUESTION,
    SHOP,
    client_of,
    issued,
    open_fake_host,
    visitor_token,
)
from tests.agent.api.recordings import asked, exported
from tests.agent.api.serving import error_of, new_thread

NOWHERE = "0" * 32


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    """Open a host for which everybody needs a key."""
    async with open_fake_host(tmp_path, listening=EVERYWHERE) as host:
        yield host


@pytest.fixture
def app(host: Host) -> FastAPI:
    """Return its application."""
    return create_app(host)


@pytest.fixture
async def anna(host: Host, app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Return a client with a key that may ask and look at what was done, and no more."""
    async with client_of(app, key=(await issued(host, "chat", "traces")).secret) as client:
        yield client


async def test_a_run_is_listed_as_soon_as_it_is_answered(anna: httpx2.AsyncClient) -> None:
    """With what the list shows, and what it can be narrowed by."""
    run = await asked(anna)
    listed = (await anna.get("/api/traces")).json()
    assert listed["routes"] == ["guides", "rules", "out_of_scope"]
    assert listed["next"] is None
    (summary,) = listed["traces"]
    assert (summary["run_id"], summary["owner"], summary["kind"]) == (run, "anna", "run")
    assert (summary["question"], summary["status"], summary["route"]) == (QUESTION, "answered", "guides")
    assert summary["steps"] >= 5
    assert summary["bytes"] > 0


async def test_the_list_is_narrowed_by_everything_that_is_given(anna: httpx2.AsyncClient) -> None:
    """Each condition by itself finds the run, or finds nothing."""
    run = await asked(anna)
    (summary,) = (await anna.get("/api/traces")).json()["traces"]
    await anna.post(f"/api/runs/{run}/feedback", json={"thumb": "down"})
    thread = summary["thread_id"]
    conditions: list[tuple[dict[str, str | float | bool], bool]] = [
        ({"text": "KETTLE boil"}, True),
        ({"text": run[:8]}, True),
        ({"text": "100%"}, False),
        ({"status": "answered"}, True),
        ({"status": "failed"}, False),
        ({"route": "guides"}, True),
        ({"route": "rules"}, False),
        ({"slower_than_ms": 0}, True),
        ({"slower_than_ms": 1e9}, False),
        ({"degraded": False}, True),
        ({"degraded": True}, False),
        ({"faithfulness_below": 0.5}, False),
        ({"thumb": "down"}, True),
        ({"thumb": "up"}, False),
        ({"kind": "run"}, True),
        ({"kind": "fork"}, False),
        ({"parent": run}, False),
        ({"thread_id": thread}, True),
        ({"thread_id": "another"}, False),
        ({"text": "kettle", "status": "answered", "thumb": "up"}, False),
    ]
    for condition, is_there in conditions:
        listed = (await anna.get("/api/traces", params=condition)).json()["traces"]
        assert [one["run_id"] for one in listed] == ([run] if is_there else []), condition


async def test_the_list_is_read_page_by_page(anna: httpx2.AsyncClient) -> None:
    """Latest first, each once."""
    thread = await new_thread(anna)
    runs = [await asked(anna, thread=thread) for _ in range(5)]
    found, cursor = [], None
    while True:
        page = (
            await anna.get("/api/traces", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        found += [one["run_id"] for one in page["traces"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == runs[::-1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"slower_than_ms": "nan"},
        {"faithfulness_below": 7},
        {"thumb": "sideways"},
        {"kind": "copy"},
        {"parent": "a b"},
        {"text": "x" * 201},
        {"cursor": "x"},
        {"limit": 0},
        {"limit": 201},
        {"owner": "ben"},
    ],
    ids=str,
)
async def test_a_condition_that_is_none_is_refused(
    anna: httpx2.AsyncClient, wrong: dict[str, str | float]
) -> None:
    """Among them one that nobody may set."""
    assert error_of(await anna.get("/api/traces", params=wrong)) == (422, "invalid_input")


async def test_a_trace_shows_what_was_done(anna: httpx2.AsyncClient) -> None:
    """The way through the graph, every step and call; each step has its states and what it wrote."""
    run = await asked(anna)
    trace = (await anna.get(f"/api/traces/{run}")).json()
    assert trace["answer"]["run_id"] == run
    assert 'data-citation="1"' in trace["answer"]["html"]
    taken = {node["id"] for node in trace["graph"]["nodes"] if node["state"] == "taken"}
    assert {"prefetch", "classify", "rerank", "assess", "synthesize", "verify"} <= taken
    assert [step["number"] for step in trace["steps"]] == [*range(1, len(trace["steps"]) + 1)]
    assert {call["port"] for call in trace["calls"]} >= {"embedder", "store"}
    assert (trace["feedback"], trace["parent"], trace["forks"]) == (None, None, [])
    for entry in trace["steps"]:
        step = (await anna.get(f"/api/traces/{run}/steps/{entry['number']}")).json()
        assert entry.items() <= step.items()
        assert {*step["update"]} == {*entry["wrote"]} <= {*step["after"]}
        assert [call["number"] for call in step["calls"]] == [
            call["number"] for call in trace["calls"] if call["step"] == entry["number"]
        ]


async def test_a_step_that_a_run_has_not_is_not_found(anna: httpx2.AsyncClient) -> None:
    """And what is no number is no address."""
    run = await asked(anna)
    assert error_of(await anna.get(f"/api/traces/{run}/steps/99")) == (404, "not_found")
    assert error_of(await anna.get(f"/api/traces/{run}/steps/0")) == (422, "invalid_input")


async def test_what_the_asker_thinks_of_an_answer_shows_in_its_trace(anna: httpx2.AsyncClient) -> None:
    """With the reason, and what the answer should have been."""
    run = await asked(anna)
    opinion = {"thumb": "down", "reason": "out of date", "correction": "Three minutes."}
    await anna.post(f"/api/runs/{run}/feedback", json=opinion)
    trace = (await anna.get(f"/api/traces/{run}")).json()
    assert trace["feedback"] == opinion
    assert trace["summary"]["thumb"] == "down"


async def test_a_deleted_recording_is_gone_and_its_conversation_stays(anna: httpx2.AsyncClient) -> None:
    """A second time there is nothing to delete."""
    thread = await new_thread(anna)
    run = await asked(anna, thread=thread)
    assert (await anna.delete(f"/api/traces/{run}")).status_code == 204
    assert error_of(await anna.get(f"/api/traces/{run}")) == (404, "not_found")
    assert error_of(await anna.delete(f"/api/traces/{run}")) == (404, "not_found")
    assert len((await anna.get(f"/api/threads/{thread}")).json()["messages"]) == 2
    assert (await anna.get(f"/api/runs/{run}")).json()["status"] == "completed"


async def test_with_a_conversation_its_recordings_go(anna: httpx2.AsyncClient) -> None:
    """Forks among them, and no others."""
    thread, other = await new_thread(anna), await asked(anna)
    run = await asked(anna, thread=thread)
    fork = (await anna.post(f"/api/traces/{run}/fork", json={"step": 0})).json()["run_id"]
    assert (await anna.get("/api/traces", params={"parent": run})).json()["traces"][0]["run_id"] == fork
    assert (await anna.delete(f"/api/threads/{thread}")).status_code == 204
    assert [one["run_id"] for one in (await anna.get("/api/traces")).json()["traces"]] == [other]
    for gone in (run, fork):
        assert error_of(await anna.get(f"/api/traces/{gone}")) == (404, "not_found")


async def test_a_run_is_compared_with_another(anna: httpx2.AsyncClient) -> None:
    """With itself it is equal."""
    first, second = await asked(anna), await asked(anna, "How long does the toaster boil?")
    same = (await anna.get(f"/api/traces/{first}/diff/{first}")).json()
    assert same["first_difference"] is None
    other = (await anna.get(f"/api/traces/{first}/diff/{second}")).json()
    assert (other["a"]["run_id"], other["b"]["run_id"]) == (first, second)
    assert other["first_difference"] == 0
    assert error_of(await anna.get(f"/api/traces/{first}/diff/{NOWHERE}")) == (404, "not_found")


async def test_a_run_becomes_an_evaluation_case(anna: httpx2.AsyncClient, tmp_path: Path) -> None:
    """In the file that is configured; the same case is added once, and another one not under its name."""
    run, other = await asked(anna), await asked(anna, "How long does the red kettle boil?")
    for _ in range(2):
        kept = await anna.post(f"/api/traces/{run}/keep", json={"id": "boiling", "note": "by phone"})
        assert kept.json()["file"] == "cases.jsonl"
    (line,) = (tmp_path / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    case = kept.json()["case"]
    assert (case["id"], case["question"], case["note"]) == ("boiling", QUESTION, "by phone")
    assert json.loads(line)["id"] == "boiling"
    refused = await anna.post(f"/api/traces/{other}/keep", json={"id": "boiling"})
    assert error_of(refused) == (409, "conflict")
    assert (await anna.post(f"/api/traces/{other}/keep")).json()["case"]["id"] == other


async def test_a_run_is_exported_as_a_file(anna: httpx2.AsyncClient) -> None:
    """A browser saves it; without personal data when that is wanted."""
    run = await asked(anna, "How long does it boil? Tell mary.smith@shop.example")
    reply = await anna.get(f"/api/traces/{run}/export")
    assert reply.headers["content-disposition"] == f'attachment; filename="trace-{run}.json"'
    assert reply.headers["content-type"] == "application/json"
    assert b"mary.smith@shop.example" in reply.content
    assert b"mary.smith" not in await exported(anna, run, scrub=True)


ROUTES = [
    ("GET", "/api/traces/{run}"),
    ("GET", "/api/traces/{run}/steps/1"),
    ("GET", "/api/traces/{run}/export"),
    ("GET", "/api/traces/{own}/diff/{run}"),
    ("GET", "/api/traces/{run}/diff/{own}"),
    ("POST", "/api/traces/{run}/replay"),
    ("POST", "/api/traces/{run}/fork"),
    ("POST", "/api/traces/{run}/keep"),
    ("DELETE", "/api/traces/{run}"),
]
"""Of one recording; of two, the other is the caller's own."""


async def send(client: httpx2.AsyncClient, method: str, path: str) -> httpx2.Response:
    """Send what a route takes."""
    return await client.request(method, path, json={"step": 0} if path.endswith("/fork") else None)


async def test_others_recordings_are_not_there(
    anna: httpx2.AsyncClient, host: Host, app: FastAPI, tmp_path: Path
) -> None:
    """For no route; nothing is made of them, and they stay."""
    run = await asked(anna)
    scopes = ("chat", "search", "data", "traces", "metrics")
    async with client_of(app, key=(await issued(host, *scopes, owner="ben")).secret) as ben:
        own = await asked(ben)
        for method, path in ROUTES:
            refused = await send(ben, method, path.format(run=run, own=own))
            assert error_of(refused) == (404, "not_found"), (method, path)
            unknown = await send(ben, method, path.format(run=NOWHERE, own=own))
            told, untold = refused.json()["error"]["message"], unknown.json()["error"]["message"]
            assert told.replace(run, NOWHERE) == untold
        assert [one["run_id"] for one in (await ben.get("/api/traces")).json()["traces"]] == [own]
        assert (await ben.get("/api/traces", params={"parent": run})).json()["traces"] == []
        assert (await ben.get("/api/traces", params={"text": run[:8]})).json()["traces"] == []
        everybody = await ben.get("/api/traces", params={"everybody": True})
        assert error_of(everybody) == (403, "access_denied")
    listed = (await anna.get("/api/traces")).json()["traces"]
    assert [one["run_id"] for one in listed] == [run]
    assert not (tmp_path / "cases.jsonl").exists()


async def test_an_admin_may_use_everybodys(anna: httpx2.AsyncClient, host: Host, app: FastAPI) -> None:
    """A list of them is given on request alone; a fork belongs to whom its run belongs to."""
    run = await asked(anna)
    async with AsyncExitStack() as stack:
        key = (await issued(host, "chat", "traces", "admin", owner="carl")).secret
        carl = await stack.enter_async_context(client_of(app, key=key))
        own = await asked(carl)
        listed = (await carl.get("/api/traces")).json()["traces"]
        assert [one["run_id"] for one in listed] == [own]
        listed = (await carl.get("/api/traces", params={"everybody": True})).json()["traces"]
        assert [one["run_id"] for one in listed] == [own, run]
        replies = {}
        for method, path in ROUTES:
            replies[path] = await send(carl, method, path.format(run=run, own=own))
            assert replies[path].is_success, (method, path)
        fork = replies["/api/traces/{run}/fork"].json()
        assert (fork["owner"], fork["parent"]) == ("anna", run)
        operator = await stack.enter_async_context(client_of(app, key=OPERATOR))
        assert (await operator.get(f"/api/traces/{fork['run_id']}")).status_code == 200
    assert error_of(await anna.get(f"/api/traces/{run}")) == (404, "not_found")


async def test_a_visitor_never_sees_a_recording(anna: httpx2.AsyncClient, host: Host, app: FastAPI) -> None:
    """Not even of their own questions, which are recorded like all."""
    headers = {"Authorization": f"Bearer {visitor_token(host)}", "Origin": SHOP}
    async with client_of(app, headers=headers) as visitor:
        run = await asked(visitor)
        for method, path in [*ROUTES, ("GET", "/api/traces"), ("POST", "/api/traces/import")]:
            refused = await send(visitor, method, path.format(run=run, own=run))
            assert error_of(refused) == (403, "access_denied"), (method, path)
    assert (await anna.get("/api/traces")).json()["traces"] == []
    async with client_of(app, key=OPERATOR) as operator:
        assert (await operator.get(f"/api/traces/{run}")).json()["summary"]["run_id"] == run
