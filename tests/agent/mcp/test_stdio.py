"""plumbline mcp, started by the official client: with a server of the installation running, and without."""

import os
import sys
from pathlib import Path
from typing import Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from agent.bootstrap import open_library
from agent.running_server import Announced, announced
from agent.settings import load
from tests.agent.api.hosts import ANSWER, OPERATOR, QUESTION, open_fake_host
from tests.agent.api.serving import served
from tests.agent.cli.command import environment_of_a_child
from tests.agent.small_shop import write_shop


def command(configuration: Path) -> StdioServerParameters:
    """Return the command as an editor's configuration names it."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "agent", "mcp", "--config", str(configuration)],
        env=environment_of_a_child({}),
    )


async def used(configuration: Path, calls: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the structured results of calls of tools."""
    async with Client(stdio_client(command(configuration))) as client:
        return [
            (await client.call_tool(tool, arguments)).structured_content or {} for tool, arguments in calls
        ]


async def test_an_installation_that_nobody_serves_is_opened(tmp_path: Path) -> None:
    """It answers and searches as the command line does."""
    configuration = write_shop(tmp_path)
    with open_library(load(configuration)) as library:
        for name in ("guides", "rules"):
            library.ingest(name)
    answer, found = await used(
        configuration,
        [("ask", {"question": "How long does the warranty last?"}), ("search", {"query": "jug", "limit": 1})],
    )
    assert "24 months" in answer["answer"]
    assert [hit["source"] for hit in found["hits"]] == ["blender.md"]


async def test_a_server_that_runs_is_gone_through(tmp_path: Path) -> None:
    """Nothing is opened here: what answers is the server, of which the folder tells."""
    configuration = write_shop(tmp_path)
    (tmp_path / "host").mkdir()
    (tmp_path / ".plumbline").mkdir()
    async with open_fake_host(tmp_path / "host") as host, served(host) as http:
        there = Announced(url=str(http.base_url), pid=os.getpid(), secret=OPERATOR)
        with announced(tmp_path / ".plumbline", there):
            answer, found = await used(
                configuration, [("ask", {"question": QUESTION}), ("search", {"query": "kettle"})]
            )
    assert answer["answer"] == ANSWER
    assert found["hits"][0]["source"] == "kettle.md"
    assert not (tmp_path / ".plumbline" / "store").exists()
