"""A scripted server for the page and the widget: real HTTP and real pages, runs that are played on cue."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from fastapi.sse import format_sse_event
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.answer import Answer, PassageQuote, RouteTaken, RowsQuote, Timings
from agent.api import pages
from agent.api.middleware import Cors, Envelope
from agent.rendering import to_html
from agent.sections import Assistant, KnowledgeBase
from agent.sections_server import Server, Site
from agent.settings import Settings

NAME = "Kettle help"
TIME = "2026-03-16T09:30:00Z"


@dataclass(frozen=True, slots=True)
class Tell:
    """An event of the run."""

    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happens before the test opens this gate."""

    gate: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Every connection that follows the run breaks."""


Cue = Tell | Wait | Drop


def answer_of(text: str, citations: Sequence[PassageQuote | RowsQuote] = (), **more: Any) -> Answer:  # noqa: ANN401  # any field
    """Return an answer."""
    given: dict[str, Any] = {
        "status": "answered",
        "notes": [],
        "degraded": False,
        "faithfulness": 1.0,
        **more,
    }
    return Answer(
        answer=text,
        citations=[*citations],
        route=RouteTaken(category="kettles", knowledge_bases={"guides": 0.9}, database=0.1, in_scope=1.0),
        queries=[],
        mode="local",
        exit_reason="completed",
        timings_ms=Timings(total=41.2, first_token=30.0, nodes={}),
        thread_id="",
        run_id="",
        **given,
    )


def passage(number: int = 1, **more: Any) -> PassageQuote:  # noqa: ANN401  # any field
    """Return a quotation."""
    given: dict[str, Any] = {
        "knowledge_base": "guides",
        "source": "kettle.md",
        "title": "The kettle",
        "section": "Boiling",
        "quote": "The kettle boils for two minutes.",
        "before": "Fill it first. ",
        "after": " Then it clicks.",
        "url": None,
        **more,
    }
    return PassageQuote(id=number, start=0, end=len(given["quote"]), **given)


def steps(text: str) -> list[Cue]:
    """Return what happens before most answers."""
    return [
        Tell("node_started", {"node": "classify"}),
        Tell("query", {"text": "boiling time", "knowledge_bases": ["guides"], "database": False}),
        Tell("node_started", {"node": "rerank"}),
        Tell("node_started", {"node": "synthesize"}),
        Tell("token", {"text": text, "restart": False}),
        Tell("node_started", {"node": "verify"}),
        Tell("verified", {"faithfulness": 1.0}),
    ]


@dataclass(slots=True, kw_only=True)
class Run:
    """What was told of a run so far."""

    id: str
    thread: str
    question: str
    told: list[tuple[str, str]] = field(default_factory=list)
    answer: Answer | None = None
    html: str | None = None
    """Told of the answer later, instead of its own."""
    status: str = "running"
    breaks: set[int] = field(default_factory=set)
    """Events behind which a connection breaks, unless it begins there."""
    feedback: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Refusal:
    """How the next request to some address is answered instead."""

    method: str
    path: str
    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Stage:
    """The server's memory, and the test's way to direct it."""

    def __init__(self, sites: Sequence[str] = ()) -> None:
        self.scripts: dict[str, Sequence[Cue | Answer]] = {}
        self.threads: dict[str, list[Run]] = {}
        self.runs: dict[str, Run] = {}
        self.gates: dict[str, threading.Event] = {}
        self.refusals: list[Refusal] = []
        self.requests: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.key: str | None = None
        self.lose = 0
        """Responses to questions that never reach the browser."""
        self.closed = ""
        """Why no session is given; empty when they are."""
        self.sessions = 0
        self.seconds = 1800
        self._tasks: set[asyncio.Task[None]] = set()
        self.app = self._application(sites)

    def gate(self, name: str) -> threading.Event:
        """Return a gate, which is closed at first."""
        return self.gates.setdefault(name, threading.Event())

    def end(self) -> None:
        """Let no run go on waiting."""
        for run in self.runs.values():
            run.status = "cancelled" if run.status == "running" else run.status

    def sent(self, method: str, ending: str) -> list[tuple[str, str, Mapping[str, str], Any]]:
        """Return the requests of one kind so far."""
        return [one for one in self.requests if one[0] == method and one[1].endswith(ending)]

    def rename(self, name: str) -> None:
        """Give the assistant another name."""
        settings = self._settings.model_copy(update={"assistant": Assistant(name=name)})
        self._state.host = _Settled(settings=settings)

    def _application(self, sites: Sequence[str]) -> ASGIApp:
        app = FastAPI()
        self._settings = Settings(
            assistant=Assistant(name=NAME),
            knowledge_bases={"guides": KnowledgeBase(description="x", paths=(Path("x"),))},
            server=Server(sites={"shop": Site(origins=("self", *sites))}),
        )
        self._state = app.state
        app.state.host = _Settled(settings=self._settings)
        app.include_router(pages.router)
        app.add_route("/api/widget/session", self._session, methods=["POST"])
        app.add_route("/api/{rest:path}", self._api, methods=["GET", "POST", "DELETE"])
        return Envelope(Cors(app, origins=(), sites=sites))

    async def _session(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(("POST", request.url.path, dict(request.headers), body))
        if self.closed:
            return _problem(403, self.closed)
        self.sessions += 1
        self.key = f"token-{self.sessions}"
        visitor = body.get("visitor") or f"visitor-{self.sessions}"
        more = {"title": "Shop help", "handoff": True}
        return JSONResponse({"token": self.key, "expires_in": self.seconds, "visitor": visitor, **more})

    async def _api(self, request: Request) -> Response:
        body = await request.json() if await request.body() else None
        self.requests.append((request.method, request.url.path, dict(request.headers), body))
        if refused := self._refused(request):
            return refused
        match request.method, request.url.path.split("/")[2:]:
            case "POST", ["threads"]:
                thread = uuid4().hex
                self.threads[thread] = []
                return JSONResponse(self._thread(thread), 201)
            case "GET", ["threads"]:
                listed = [self._thread(one) for one in reversed(self.threads)]
                return JSONResponse({"threads": listed, "next": None})
            case method, ["threads", thread, *rest] if thread in self.threads:
                return self._of_thread(method, thread, rest, body)
            case method, ["runs", run, action] if run in self.runs:
                return self._of_run(method, self.runs[run], action, body, request)
            case _:
                return _problem(404, "there is no such thing")

    def _refused(self, request: Request) -> Response | None:
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            return _problem(401, "the key is not valid")
        for refusal in self.refusals:
            if (refusal.method, True) == (request.method, request.url.path.endswith(refusal.path)):
                self.refusals.remove(refusal)
                return _problem(refusal.status, refusal.message, refusal.headers)
        return None

    def _of_thread(self, method: str, thread: str, rest: Sequence[str], body: Any) -> Response:  # noqa: ANN401
        match method, rest:
            case "GET", []:
                messages = [one for run in self.threads[thread] for one in _messages(run)]
                return JSONResponse({**self._thread(thread), "messages": messages, "next": None})
            case "DELETE", []:
                del self.threads[thread]
                return Response(status_code=204)
            case "POST", ["messages"]:
                run = Run(id=uuid4().hex, thread=thread, question=body["content"])
                self.threads[thread].append(run)
                self.runs[run.id] = run
                task = asyncio.create_task(self._play(run))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                if self.lose > 0:
                    self.lose -= 1
                    return StreamingResponse(_nothing(), media_type="text/event-stream")
                return _stream(run, 0)
            case "POST", ["handoff"]:
                said = [
                    {"role": "user", "content": run.question, "created_at": TIME}
                    for run in self.threads[thread]
                ]
                ids = {"action": "handoff", "handoff_id": "h" * 32, "thread_id": thread}
                return JSONResponse({**ids, **body, "transcript": said})
            case _:
                return _problem(405, "not so")

    def _of_run(self, method: str, run: Run, action: str, body: Any, request: Request) -> Response:  # noqa: ANN401
        match method, action:
            case "GET", "events":
                return _stream(run, int(request.headers.get("last-event-id", "0")))
            case "POST", "cancel":
                run.status = "cancelled"
                return JSONResponse({"run_id": run.id, "status": run.status})
            case "POST", "feedback":
                run.feedback = {"run_id": run.id, "reason": "", "correction": "", "created_at": TIME, **body}
                return JSONResponse(run.feedback)
            case _:
                return _problem(405, "not so")

    def _thread(self, thread: str) -> Mapping[str, Any]:
        title = next((run.question for run in self.threads[thread]), "")
        return {"thread_id": thread, "title": title, "created_at": TIME, "updated_at": TIME}

    async def _play(self, run: Run) -> None:
        """Play the script of a question; a run that is cancelled ends at its next wait."""
        tell(run, "run_started", {"run_id": run.id, "thread_id": run.thread})
        for cue in self.scripts[run.question]:
            await self._play_one(run, cue)
            if run.status != "running":
                break
        if run.status == "running":
            run.status = "completed"
        tell(run, "done", {"status": run.status})

    async def _play_one(self, run: Run, cue: Cue | Answer) -> None:
        match cue:
            case Wait():
                while not self.gate(cue.gate).is_set() and run.status == "running":  # noqa: ASYNC110  # of a thread
                    await asyncio.sleep(0.01)
            case Drop():
                run.breaks.add(len(run.told))
            case Tell():
                tell(run, cue.type, cue.data)
                run.status = "failed" if cue.type == "error" else run.status
            case Answer():
                run.answer = cue.model_copy(update={"thread_id": run.thread, "run_id": run.id})
                tell(run, "answer", {**run.answer.model_dump(), "html": to_html(run.answer)})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """As much of a host as the pages need."""

    settings: Settings


def tell(run: Run, kind: str, data: Mapping[str, Any]) -> None:
    """Add to what was told of a run."""
    run.told.append((kind, json.dumps(data)))


def _messages(run: Run) -> Iterator[Mapping[str, Any]]:
    common = {"run_id": run.id, "created_at": TIME}
    nothing = {"html": None, "answer": None, "feedback": None}
    yield {"id": f"{run.id}-u", "role": "user", "content": run.question, **common, **nothing}
    if run.answer is not None:
        html = to_html(run.answer) if run.html is None else run.html
        told = {"content": run.answer.answer, "html": html, "answer": run.answer.model_dump()}
        yield {"id": f"{run.id}-a", "role": "assistant", **common, **told, "feedback": run.feedback}


def _stream(run: Run, after: int) -> Response:
    return StreamingResponse(_events(run, after), media_type="text/event-stream")


async def _events(run: Run, after: int) -> AsyncIterator[bytes]:
    place = after
    while True:
        while place < len(run.told) and (place == after or place not in run.breaks):
            kind, data = run.told[place]
            place += 1
            yield format_sse_event(data_str=data, event=kind, id=str(place))
            if kind == "done":
                return
        if place != after and place in run.breaks:
            raise ConnectionAbortedError
        await asyncio.sleep(0.005)


async def _nothing() -> AsyncIterator[bytes]:
    yield b": hello\n\n"
    raise ConnectionAbortedError


def _problem(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"error": {"message": message, "type": "x", "id": "0"}}
    return JSONResponse(body, status, headers=dict(headers or {}))


class HostPage:
    """A page of another origin that shows the widget."""

    def __init__(self) -> None:
        self.body = ""
        self.policy: str | None = None

    def embed(self, address: str, attributes: str = "", *, strict: bool = True) -> None:
        """Have the page load the widget from a server; a strict page allows that server and nothing else."""
        tag = f'<script type="module" src="{address}/widget.js" data-site="shop" {attributes}></script>'
        self.body = f"<main><h1>A shop</h1><p>Kettles.</p></main>{tag}"
        allowed = f"script-src {address}; connect-src {address}; img-src data:"
        trusted = "require-trusted-types-for 'script'; trusted-types 'none'"
        self.policy = f"default-src 'none'; {allowed}; {trusted}" if strict else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the page under every address."""
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        icon = '<link rel="icon" href="data:,"><title>A shop</title>'
        html = f'<!doctype html><html lang="en"><head>{head}{icon}</head><body>{self.body}</body></html>'
        policy = {"Content-Security-Policy": self.policy} if self.policy else {}
        await HTMLResponse(html, headers=policy)(scope, receive, send)


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free loopback port, in a thread of its own; yield its address."""
    with start_blocking_portal() as portal, served(app, portal) as address:
        yield address


@contextmanager
def served(app: ASGIApp, portal: BlockingPortal) -> Iterator[str]:
    """Serve an application in the thread and event loop of a portal; yield its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none", lifespan="off"))
    running = portal.start_task_soon(lambda: server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = server.force_exit = True
    running.result(timeout=10)
    listening.close()
