"""Work by way of a server, over a real connection to one whose graph costs nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.hosting import Host
from agent.running_server import Announced, RunningServer, announced, running_server
from tests.agent.api.hosts import ANSWER, BOIL, OPERATOR, QUESTION, open_fake_host
from tests.agent.api.serving import patient_writer, served
from tests.fakes_graph import deps_of, store_with
from tools.errors import Conflict, InvalidInput, TransientError

ANOTHER = "nobody-has-this-one"


@asynccontextmanager
async def reached(folder: Path, host: Host, *, secret: str = OPERATOR) -> AsyncIterator[RunningServer | None]:
    """Serve a host, announce it in a folder, and find it there."""
    async with served(host) as http:
        here = Announced(url=str(http.base_url), pid=os.getpid(), secret=secret)
        with announced(folder, here):
            async with running_server(folder) as server:
                yield server


async def test_a_server_with_another_secret_is_not_ours(tmp_path: Path) -> None:
    """A file that was left behind may name an address that something else has taken since."""
    async with open_fake_host(tmp_path) as host, reached(tmp_path, host, secret=ANOTHER) as server:
        assert server is None


async def test_who_stops_waiting_ends_the_work(tmp_path: Path) -> None:
    """As Ctrl-C does."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, reached(tmp_path, host) as server:
        assert server is not None
        asking = asyncio.create_task(server.ask(QUESTION))
        await writer.began.wait()
        (run,) = await host.storage.runs.unfinished(stale_seconds=0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await host.storage.runs.get(run.id, owner="local")).status == "cancelled"


async def test_refusals_are_the_errors_that_they_are_here(tmp_path: Path) -> None:
    """Of the question, of the thread, of the run."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, reached(tmp_path, host) as server:
        assert server is not None
        with pytest.raises(InvalidInput, match="empty"):
            await server.ask(" ")
        with pytest.raises(InvalidInput, match="tems"):
            await server.search("kettle", knowledge_base="tems", limit=1)
        first = asyncio.create_task(server.ask(QUESTION, thread_id="kitchen"))
        await writer.began.wait()
        with pytest.raises(Conflict):
            await server.ask(QUESTION, thread_id="kitchen")
        writer.may_go_on.set()
        assert (await first).answer.startswith(ANSWER.removesuffix(" [1]"))


async def test_a_server_that_ends_meanwhile_is_told_of(tmp_path: Path) -> None:
    """It is a failure of the moment, and names the process."""
    writer = patient_writer()
    deps = deps_of(store=store_with(BOIL), writer=writer)
    async with open_fake_host(tmp_path, deps=deps) as host, reached(tmp_path, host) as server:
        assert server is not None
        asking = asyncio.create_task(server.ask(QUESTION))
        await writer.began.wait()
        await host.conversations.close()
        with pytest.raises(TransientError, match=str(os.getpid())):
            await asking
