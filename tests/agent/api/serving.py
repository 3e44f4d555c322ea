"""A real server of a host, on a free port of this machine, and a client of it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn
from starlette.types import ASGIApp

from agent.api.app import create_app
from agent.api.connections import HttpConnection
from agent.hosting import Host
from graph.plan import Plan
from graph.reasoning.ports import Emit
from graph.state import Assessment, Claim, Draft, Evidence, Token
from tests.agent.api.hosts import BOIL
from tests.fakes_graph import FakeWriter, passage_citation
from tools.metering import Meter

EVENTS = {"Accept": "text/event-stream"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A server-sent event."""

    name: str
    id: int | None
    data: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Lines:
    """Reads events of a stream line by line, and keeps its comments."""

    comments: list[str] = field(default_factory=list)
    retry: int | None = None

    async def read(self, response: httpx2.Response) -> AsyncIterator[Sent]:
        """Yield the events."""
        fields: dict[str, str] = {}
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if line.startswith(":"):
                self.comments.append(value)
            elif name == "retry":
                self.retry = int(value)
            elif line:
                fields[name] = value
            elif fields:
                place = int(fields["id"]) if "id" in fields else None
                yield Sent(name=fields["event"], id=place, data=json.loads(fields["data"]))
                fields = {}


@asynccontextmanager
async def serving(
    app: ASGIApp, *, connection: type[HttpConnection] = HttpConnection, most: int | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve an application over connections of a kind, at most so many, and yield a client of it."""
    with _listening() as listening:
        config = uvicorn.Config(
            app,
            http=connection,
            ws="none",
            limit_concurrency=most,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        work = asyncio.create_task(server.serve(sockets=[listening]))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            async with httpx2.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            await work


def _listening() -> socket.socket:
    """Listen on a free port; unless it is named as TCP, asyncio lets packets wait for one another."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(socket.SOMAXCONN)
    return listening


@asynccontextmanager
async def served(host: Host) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve a host and yield a client of it, which needs no key."""
    async with serving(create_app(host)) as client:
        yield client


async def new_thread(client: httpx2.AsyncClient) -> str:
    """Open a thread and return its id."""
    reply = await client.post("/api/threads", json={})
    return str(reply.raise_for_status().json()["thread_id"])


async def streamed(client: httpx2.AsyncClient, thread: str, content: str) -> Sequence[Sent]:
    """Ask, and return all events."""
    async with client.stream(
        "POST", f"/api/threads/{thread}/messages", json={"content": content}, headers=EVENTS
    ) as response:
        response.raise_for_status()
        return [sent async for sent in Lines().read(response)]


async def followed(client: httpx2.AsyncClient, run: str, *, last: int | None = None) -> Sequence[Sent]:
    """Return all events of a run behind a place; none when it has ended there."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with client.stream("GET", f"/api/runs/{run}/events", headers=headers) as response:
        response.raise_for_status()
        return [sent async for sent in Lines().read(response)]


def error_of(response: httpx2.Response) -> tuple[int, str]:
    """Return status and type of a refusal."""
    error = response.json()["error"]
    assert set(error) == {"message", "type", "id"}
    return response.status_code, error["type"]


@dataclass(slots=True, kw_only=True)
class PatientWriter(FakeWriter):
    """Says the beginning of its draft, and the rest when it may."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        assessments: Sequence[Assessment],
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Emit a word, wait, and return the draft."""
        emit(Token(text="Well"))
        self.began.set()
        await self.may_go_on.wait()
        return await FakeWriter.write(self, plan, evidence, assessments, emit=emit, meter=meter)


def patient_writer() -> PatientWriter:
    """Return a writer who knows how long the kettle boils."""
    claim = Claim(text=BOIL.text, citations=(1,))
    return PatientWriter(draft=Draft(claims=(claim,), citations=(passage_citation(BOIL, BOIL.text),)))
