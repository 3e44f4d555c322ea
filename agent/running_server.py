"""Finds the server of an installation through its data folder, and does work by way of it.

The embedded store belongs to one process. A server that holds it says so in a file that only this user can
read; a command of the same installation then asks the server instead of opening the store.
"""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.answer import Answer
from tools.errors import (
    AccessDenied,
    Conflict,
    InvalidInput,
    NotFound,
    PlumblineError,
    TooManyRequests,
    TransientError,
)

if TYPE_CHECKING:
    import httpx2

    from agent.events import Event
    from agent.recording.recording import Changes

FILE = "server.json"
CONNECT_SECONDS = 2.0
SILENT_SECONDS = 60.0
"""Longest silence of a stream that is alive: the server sends something every ten seconds."""
SHOWN = ("node_started", "token")
"""Events that a person at a terminal sees something of."""
_REFUSALS: Mapping[int, type[PlumblineError]] = {
    400: InvalidInput,
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    409: Conflict,
    413: InvalidInput,
    422: InvalidInput,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a server says of itself in the data folder."""

    url: str
    pid: int
    secret: str
    """Of the operator; made anew at every start."""


@contextmanager
def announced(folder: Path, server: Announced) -> Iterator[None]:
    """Announce a server while it runs; the file can be read by its user alone."""
    file = folder / FILE
    draft = folder / f".{FILE}.{server.pid}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(server), stream)
    draft.replace(file)
    try:
        yield
    finally:
        if _read(file) == server:  # another server may have come since
            file.unlink(missing_ok=True)


def announced_in(folder: Path) -> Announced | None:
    """Return the server that is announced, if its process is alive; it may still be another program's."""
    server = _read(folder / FILE)
    return server if server is not None and _alive(server.pid) else None


@asynccontextmanager
async def running_server(folder: Path) -> AsyncIterator["RunningServer | None"]:
    """Open a connection to the server of an installation; None when there is none that answers."""
    found = announced_in(folder)
    async with AsyncExitStack() as stack:
        if found is None:
            yield None
            return
        import httpx2

        client = await stack.enter_async_context(
            httpx2.AsyncClient(
                base_url=found.url,
                headers={"Authorization": f"Bearer {found.secret}"},
                timeout=httpx2.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS),
                trust_env=False,  # a proxy of the environment knows no way to this machine's own address
            )
        )
        yield RunningServer(client, found.pid) if await _answers(client) else None


class RunningServer:
    """Does work by way of a server that runs. Opened by `running_server`."""

    def __init__(self, client: "httpx2.AsyncClient", pid: int) -> None:
        """Take a connection that shows the operator's secret."""
        self._client = client
        self.pid = pid

    async def ask(
        self,
        question: str,
        *,
        thread_id: str | None = None,
        history: Sequence[Mapping[str, str]] = (),
        on_event: Callable[["Event"], None] = lambda _: None,
    ) -> Answer:
        """Answer a question; cancelling the call cancels the run.

        Args:
            question: Up to 8,000 characters of text.
            thread_id: A conversation to continue or to begin; a new one by default.
            history: Earlier exchanges, objects with `question` and `answer`.
            on_event: Told of drafts and of nodes that start.

        Raises:
            PlumblineError: What the server says, or that it is gone.
        """
        wanted: dict[str, object] = {"history": [*history]}
        if thread_id is not None:
            wanted["thread_id"] = thread_id
        thread = (await self._post("/api/threads", wanted))["thread_id"]
        async with self._streamed(f"/api/threads/{thread}/messages", {"content": question}) as events:
            return await self._answer_among(events, on_event)

    async def _answer_among(
        self, events: AsyncIterator[tuple[str, dict[str, Any]]], on_event: Callable[["Event"], None]
    ) -> Answer:
        run = None
        try:
            async for name, data in events:
                if name == "answer":
                    return _answer(data)
                if name == "error":
                    raise TransientError(data["message"])
                if name == "run_started":
                    run = data["run_id"]
                elif name in SHOWN:
                    on_event(_event(name, data))
        except asyncio.CancelledError:
            if run is not None:  # nobody waits for the answer any more
                await asyncio.shield(self._post(f"/api/runs/{run}/cancel", {}))
            raise
        raise TransientError(f"the server (process {self.pid}) gave no answer; ask again")

    async def search(self, query: str, *, knowledge_base: str | None, limit: int) -> dict[str, Any]:
        """Find passages, in the JSON of the public contract."""
        wanted: dict[str, object] = {"query": query, "limit": limit}
        if knowledge_base is not None:
            wanted["knowledge_base"] = knowledge_base
        return await self._post("/api/search", wanted)

    async def query(self, question: str) -> dict[str, Any]:
        """Ask the database, in the JSON of the public contract."""
        return await self._post("/api/query", {"question": question})

    async def ingest(
        self,
        knowledge_base: str | None,
        paths: Sequence[Path],
        *,
        on_progress: Callable[[str, int, int | None], None],
    ) -> dict[str, Any]:
        """Bring knowledge bases in line with their files; return the report.

        Args:
            knowledge_base: One of them; all by default.
            paths: Read only these files or folders.
            on_progress: Told of a base how many documents of how many are read.
        """
        wanted: dict[str, object] = {}
        if knowledge_base is not None:
            wanted["knowledge_base"] = knowledge_base
        if paths:
            wanted["paths"] = [str(path) for path in paths]
        async with self._streamed("/api/ingest", wanted) as events:
            async for name, data in events:
                if name == "progress":
                    on_progress(data["knowledge_base"], data["documents"], data["total_documents"])
                elif name == "report":
                    return data
                elif name == "error":
                    raise TransientError(data["message"])
        raise TransientError(f"the server (process {self.pid}) ended while it ingested; run it again")

    async def fork(self, run_id: str, step: int, changes: "Changes") -> str:
        """Run a recorded question again from behind a step; return the id of the new run."""
        wanted = {"step": step, **asdict(changes)}
        return str((await self._post(f"/api/traces/{run_id}/fork", wanted))["run_id"])

    async def ready(self) -> dict[str, bool]:
        """Return of each thing that the server needs whether it can serve."""
        with self._mapped():
            response = await self._client.get("/readyz")
        return dict(response.json()["checks"])

    async def _post(self, path: str, content: Mapping[str, object]) -> dict[str, Any]:
        with self._mapped():
            response = await self._client.post(path, json=content)
        _check(response)
        return dict(response.json())

    @asynccontextmanager
    async def _streamed(
        self, path: str, content: Mapping[str, object]
    ) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, Any]]]]:
        """Post something and yield the server-sent events that come back, as name and data."""
        import httpx2

        async def events(response: "httpx2.Response") -> AsyncIterator[tuple[str, dict[str, Any]]]:
            async for sent in httpx2.EventSource(response):
                yield sent.event, json.loads(sent.data)

        with self._mapped():
            async with self._client.stream(
                "POST", path, json=content, headers={"Accept": "text/event-stream"}
            ) as response:
                if response.is_error:
                    await response.aread()
                    _check(response)
                yield events(response)

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        import httpx2

        try:
            yield
        except httpx2.HTTPError as error:
            raise TransientError(
                f"the server (process {self.pid}) does not answer ({type(error).__name__}); "
                "try again, or end that process"
            ) from error


def _read(file: Path) -> Announced | None:
    """Read what a server wrote; nothing when it is not there, or somebody else's words."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return Announced(url=str(value["url"]), pid=int(value["pid"]), secret=str(value["secret"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it lives, and is another user's
    return True


async def _answers(client: "httpx2.AsyncClient") -> bool:
    """Tell whether the process at that address is the one that wrote the file: it takes the secret."""
    import httpx2

    with suppress(httpx2.HTTPError):
        return (await client.get("/v1/models")).is_success
    return False


def _check(response: "httpx2.Response") -> None:
    """Raise what the server refused with, in its own words."""
    if response.is_success:
        return
    try:
        message = str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"the server answered with status {response.status_code}; its log says why"
    if response.status_code == 429:
        raise TooManyRequests(message, float(response.headers.get("Retry-After", 1)))
    raise _REFUSALS.get(response.status_code, TransientError)(message)


def _answer(data: Mapping[str, Any]) -> Answer:
    return Answer.model_validate({key: value for key, value in data.items() if key != "html"})


def _event(name: str, data: Mapping[str, Any]) -> "Event":
    from agent.events import EVENTS

    return EVENTS.validate_python({"type": name, **data})
