"""The tools, called by the official client over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from agent.api.app import create_app
from agent.hosting import Host
from agent.sections_server import Server
from graph.state import Assessment
from tests.agent.api.hosts import ANSWER, BOIL, OPERATOR, QUESTION, issued, open_fake_host
from tests.agent.api.serving import patient_writer, serving
from tests.fakes_graph import FakeJudge, deps_of, store_with

AMBIGUOUS = Assessment(verdict="ambiguous", confidence=0.9, ask="Red or blue?", choices=("red", "blue"))
NEWEST, OLDEST = "auto", "legacy"
"""Protocols: the newest that both know, and the one with a handshake."""


@asynccontextmanager
async def client_of(host: Host, *, key: str = OPERATOR, mode: str = NEWEST) -> AsyncIterator[Client]:
    """Yield the official client of a server of this host."""
    app = create_app(host)
    async with (
        app.router.lifespan_context(app),
        serving(app) as http,
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, trust_env=False) as carrying,
        Client(streamable_http_client(f"{http.base_url}/mcp", http_client=carrying), mode=mode) as client,
    ):
        yield client


def text_of(result: CallToolResult) -> str:
    """Return the one text of a result."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("mode", [NEWEST, OLDEST])
async def test_ask_gives_text_for_the_model_and_the_object_for_the_program(tmp_path: Path, mode: str) -> None:
    """By the newest protocol, and by the one with a handshake."""
    async with open_fake_host(tmp_path) as host, client_of(host, mode=mode) as client:
        result = await client.call_tool("ask", {"question": QUESTION})
    assert text_of(result) == f"{ANSWER}\n\nSources:\n- [1] Kettle, Use (guides)"
    assert result.structured_content is not None
    assert (result.structured_content["answer"], result.structured_content["status"]) == (ANSWER, "answered")


async def test_the_tools_describe_themselves_and_change_nothing(tmp_path: Path) -> None:
    """Names, arguments and outputs are what an agent is told."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools.keys() == {"ask", "search", "query_data"}
    assert tools["ask"].input_schema["properties"].keys() == {"question", "thread_id"}
    assert tools["search"].input_schema["properties"].keys() == {"query", "knowledge_base", "limit"}
    for tool in tools.values():
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        assert tool.description
        assert tool.output_schema is not None


async def test_what_was_asked_back_is_answered_in_its_thread(tmp_path: Path) -> None:
    """The thread's id goes back with the reply."""
    deps = deps_of(store=store_with(BOIL), judge=FakeJudge(assessments=[[AMBIGUOUS]]))
    async with open_fake_host(tmp_path, deps=deps) as host, client_of(host) as client:
        back = (await client.call_tool("ask", {"question": QUESTION})).structured_content or {}
        assert (back["status"], back["choices"]) == ("clarify", ["red", "blue"])
        arguments = {"question": "red", "thread_id": back["thread_id"]}
        done = (await client.call_tool("ask", arguments)).structured_content or {}
    assert (done["status"], done["thread_id"]) == ("answered", back["thread_id"])


async def test_progress_is_told_in_words(tmp_path: Path) -> None:
    """A client that asks for it sees the steps, in order, before the answer."""
    told: list[tuple[float, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        await client.call_tool("ask", {"question": QUESTION}, progress_callback=note)
    assert [number for number, _ in told] == [*range(1, len(told) + 1)]
    assert {"planning", "searching", "writing", "checking"} <= {message for _, message in told}


async def test_search_finds_passages(tmp_path: Path) -> None:
    """In the shape of the public contract."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        result = await client.call_tool("search", {"query": "kettle", "knowledge_base": "guides"})
    (hit,) = (result.structured_content or {})["hits"]
    assert (hit["source"], hit["text"], hit["knowledge_base"]) == ("kettle.md", BOIL.text, "guides")


@pytest.mark.parametrize(
    ("tool", "arguments", "word"),
    [
        pytest.param("ask", {"question": " "}, "empty", id="an empty question"),
        pytest.param("ask", {"question": QUESTION, "thread_id": "f" * 32}, "no thread", id="no such thread"),
        pytest.param("search", {"query": "x", "knowledge_base": "tems"}, "tems", id="no such base"),
        pytest.param("search", {"query": "x", "limit": 0}, "limit", id="no hits wanted"),
        pytest.param("query_data", {"question": "x"}, "no database", id="no database"),
        pytest.param("tell", {}, "tell", id="no such tool"),
    ],
)
async def test_an_agent_is_told_what_it_did_wrong(
    tmp_path: Path, tool: str, arguments: dict[str, Any], word: str
) -> None:
    """In words that let it mend the call."""
    async with open_fake_host(tmp_path) as host, client_of(host) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert word in text_of(result)
    assert "\n" not in text_of(result)


async def test_each_tool_needs_its_scope(tmp_path: Path) -> None:
    """A key for searching searches, and does nothing else."""
    async with open_fake_host(tmp_path) as host:
        key = await issued(host, "search")
        async with client_of(host, key=key.secret) as client:
            assert not (await client.call_tool("search", {"query": "kettle"})).is_error
            for tool in ("ask", "query_data"):
                refused = await client.call_tool(tool, {"question": QUESTION})
                assert refused.is_error
                assert "scope" in text_of(refused)


async def test_threads_are_their_owners(tmp_path: Path) -> None:
    """Another key does not get on in them, whatever it knows."""
    async with open_fake_host(tmp_path) as host:
        anna, ben = await issued(host, "chat"), await issued(host, "chat", owner="ben")
        async with client_of(host, key=anna.secret) as client:
            hers = (await client.call_tool("ask", {"question": QUESTION})).structured_content or {}
        async with client_of(host, key=ben.secret) as client:
            his = await client.call_tool("ask", {"question": "Why?", "thread_id": hers["thread_id"]})
    assert his.is_error
    assert "no thread" in text_of(his)


async def test_who_is_not_known_is_not_served(tmp_path: Path) -> None:
    """Neither a wrong key, nor a key for something else, nor a page of the web on this machine."""
    async with open_fake_host(tmp_path, server=Server()) as host:
        figures = await issued(host, "metrics")
        app = create_app(host)
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        accepted = {"Accept": "application/json, text/event-stream"}
        async with app.router.lifespan_context(app), serving(app) as http:

            async def status(**headers: str) -> int:
                return (await http.post("/mcp", json=call, headers={**accepted, **headers})).status_code

            assert await status() == 200
            assert await status(Authorization="Bearer pl_wrong") == 401
            assert await status(Authorization=f"Bearer {figures.secret}") == 403
            assert await status(Origin="https://evil.example") == 401
            assert await status(Authorization=f"Bearer {OPERATOR}", Origin="https://evil.example") == 403
            assert await status(Host="evil.example") == 421


async def test_a_call_that_is_given_up_ends_its_work(tmp_path: Path) -> None:
    """Nobody would read the answer."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, client_of(host) as client:
        asking = asyncio.create_task(client.call_tool("ask", {"question": QUESTION}))
        await writer.began.wait()
        (run,) = await host.storage.runs.unfinished(stale_seconds=0)
        asking.cancel()
        with pytest.raises((asyncio.CancelledError, MCPError)):
            await asking
        async with asyncio.timeout(10):
            while host.conversations.under_way:  # noqa: ASYNC110 - the run's own end is what is waited for
                await asyncio.sleep(0.01)
        assert (await host.storage.runs.get(run.id, owner="local")).status == "cancelled"
