"""LangGraph's own development server serves the graph to LangGraph's own client."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from sqlite3 import connect
from typing import Any, TypeAlias

import pytest

from agent.bootstrap import open_library
from agent.langgraph_server import entered
from agent.settings import load
from graph.state import State
from tests.agent.small_shop import write_shop

pytest.importorskip("langgraph_api", reason="needs the extra `studio`: langgraph-cli[inmem]")
sdk = pytest.importorskip("langgraph_sdk", reason="needs the extra `studio`: langgraph-cli[inmem]")

Client: TypeAlias = Any  # Any: its package may not be installed
REPOSITORY = Path(__file__).parents[2]
GRAPH = "plumbline"
PATIENCE_SECONDS = 60.0
ORDERS = """
[database]
url = "sqlite:///orders.db"
description = "Orders of the shop and where they are"

[[database.queries]]
name = "order_status"
description = "Where an order is"
examples = ["Where is my order N-100?", "Has N-100 been sent yet?", "What is the status of order N-100?"]
statement = "SELECT status FROM orders WHERE number = :number"
answer = "Order {number} is {status}."
empty = "There is no order {number}."
parameters.number = { kind = "text", pattern = "N-\\\\d{3}", ask = "Which order is it about?" }
"""
BOIL = "How long does the kettle take to boil?"
WARRANTY = "How long does the warranty last?"
ORDER = "Where is my order?"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a small installation as `langgraph dev` does, in the folder of its configuration."""
    folder = tmp_path_factory.mktemp("studio")
    _write_installation(folder)
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    command = [
        *(sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload"),
        *("--port", str(port), "--config", str(REPOSITORY / "langgraph.json")),
    ]
    log = folder / "log"
    with log.open("wb") as told:
        server = subprocess.Popen(
            command, cwd=folder, env=_environment(folder), stdout=told, stderr=told, start_new_session=True
        )
        try:
            _wait_for(port, server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(PATIENCE_SECONDS)
            finally:
                server.kill()


@pytest.fixture
async def client(address: str) -> AsyncIterator[Client]:
    """LangGraph's client of the server."""
    async with sdk.get_client(url=address) as opened:
        yield opened


async def test_a_bare_question_is_a_run(client: Client) -> None:
    """The answer comes with its citations, as JSON."""
    thread = await client.threads.create()
    values = await client.runs.wait(thread["thread_id"], GRAPH, input={"question": BOIL})

    assert values["result"]["status"] == "answered"
    assert "5 minutes" in values["result"]["answer"]
    assert values["result"]["citations"][0]["source"] == "kettle.md"
    assert values["result"]["faithfulness"] == 1.0


async def test_a_second_question_starts_from_nothing_but_the_conversation(client: Client) -> None:
    """What was found for the first question is no evidence for the second."""
    thread = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread, GRAPH, input={"question": BOIL})
    await client.runs.wait(thread, GRAPH, input={"question": WARRANTY})

    values = (await client.threads.get_state(thread))["values"]
    alone = await client.runs.wait(
        (await client.threads.create())["thread_id"], GRAPH, input={"question": WARRANTY}
    )
    assert [turn["question"] for turn in values["history"]] == [BOIL, WARRANTY]
    assert "24 months" in values["result"]["answer"]
    assert values["result"] == alone["result"]
    assert values["evidence"] == alone["evidence"]


async def test_what_is_asked_back_can_be_answered(client: Client) -> None:
    """A run pauses with the question, and goes on with the reply."""
    thread = (await client.threads.create())["thread_id"]
    paused = await client.runs.wait(thread, GRAPH, input={"question": ORDER})
    state = await client.threads.get_state(thread)

    asked = [pause["value"]["question"] for pause in state["interrupts"]]
    assert asked == ["Which order is it about?"]
    assert state["next"] == ["clarify"]
    assert paused["__interrupt__"][0]["value"]["question"] == asked[0]
    values = await client.runs.wait(thread, GRAPH, command={"resume": "N-101"})
    assert values["result"]["answer"].startswith("Order N-101 is on its way.")


async def test_steps_and_drafts_are_streamed(client: Client) -> None:
    """A client sees every node begin and end, and the draft while it is written."""
    thread = (await client.threads.create())["thread_id"]
    begun, written = [], []
    async for part in client.runs.stream(
        thread, GRAPH, input={"question": BOIL}, stream_mode=["tasks", "custom"]
    ):
        if part.event == "tasks" and "input" in part.data:
            begun.append(part.data["name"])
        if part.event == "custom":
            written.append(part.data["text"])

    assert sorted(begun[:2]) == ["classify", "prefetch"]
    assert begun[-2:] == ["synthesize", "verify"]
    assert "5 minutes" in "".join(written)


@pytest.mark.parametrize("given", [{}, {"question": 7}, {"question": "  "}], ids=["none", "number", "empty"])
async def test_what_is_no_question_is_refused(client: Client, given: Mapping[str, object]) -> None:
    """The run fails and changes nothing of the thread."""
    thread = (await client.threads.create())["thread_id"]
    failed = await client.runs.wait(thread, GRAPH, input=given, raise_error=False)

    assert failed["__error__"]["error"] == "InvalidInput"
    assert (await client.threads.get_state(thread))["values"] == {}


async def test_studio_is_told_what_a_run_takes_and_what_the_graph_is(client: Client) -> None:
    """Schemas and drawing can be had without a run; nobody is asked for what cannot come as JSON."""
    (assistant,) = await client.assistants.search()
    schemas = await client.assistants.get_schemas(assistant["assistant_id"])
    drawn = await client.assistants.get_graph(assistant["assistant_id"])

    assert list(schemas["input_schema"]["properties"]) == ["question"]
    assert set(schemas["output_schema"]["properties"]) == set(State.__annotations__)
    assert schemas["context_schema"] is None
    assert {node["id"] for node in drawn["nodes"]} >= {"classify", "retrieve", "rerank", "verify"}


async def test_runs_side_by_side_do_not_meet(client: Client) -> None:
    """Each thread gets the answer to its own question."""

    async def answer(question: str) -> str:
        thread = (await client.threads.create())["thread_id"]
        values = await client.runs.wait(thread, GRAPH, input={"question": question})
        return str(values["result"]["answer"])

    boil, warranty = await asyncio.gather(answer(BOIL), answer(WARRANTY))
    assert "5 minutes" in boil
    assert "24 months" in warranty


def test_an_installation_that_waits_while_it_is_opened_is_a_defect() -> None:
    """Entering outside of an event loop says so instead of hanging."""

    @asynccontextmanager
    async def waiting() -> AsyncIterator[None]:
        await asyncio.sleep(0)
        yield

    with pytest.raises(RuntimeError, match="waits for something"):
        entered(waiting())


def _write_installation(folder: Path) -> None:
    configuration = write_shop(folder)
    configuration.write_text(configuration.read_text(encoding="utf-8") + ORDERS, encoding="utf-8")
    with closing(connect(folder / "orders.db")) as orders, orders:
        orders.execute("CREATE TABLE orders (number TEXT PRIMARY KEY, status TEXT)")
        orders.executemany("INSERT INTO orders VALUES (?, ?)", [("N-100", "lost"), ("N-101", "on its way")])
    with open_library(load(configuration)) as library:
        for name in library.settings.knowledge_bases:
            library.ingest(name)


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the server asks nobody on the internet, and finds nobody if it does."""
    nowhere = "http://127.0.0.1:9"
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LANG", "OTEL_"))},  # noqa: TID251 - the server's own environment
        "HOME": str(folder),
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGGRAPH_NO_VERSION_CHECK": "true",
        "LANGSMITH_TRACING": "false",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers."""
    import httpx2

    with httpx2.Client(trust_env=False) as client:
        for _ in range(int(PATIENCE_SECONDS / 0.1)):
            if server.poll() is not None:
                break
            try:
                if client.get(f"http://127.0.0.1:{port}/ok", timeout=0.1).is_success:
                    return
            except httpx2.TransportError:
                pass
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(0.1)
    pytest.fail(log.read_text(encoding="utf-8", errors="replace")[-4_000:])
