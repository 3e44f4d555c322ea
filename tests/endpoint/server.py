"""A loopback server that speaks OpenAI's API, plays scripted replies and seeded faults.

    with Endpoint(replies=[Reply(fault=Fault.RATE_LIMITED), Reply("Hello.")]) as endpoint:
        client = AsyncOpenAI(base_url=endpoint.base_url, api_key="any", max_retries=1)
        completion = await client.chat.completions.create(model="any", messages=[...])
        assert completion.choices[0].message.content == "Hello."
        assert [request.stream for request in endpoint.requests] == [False, False]

It is real HTTP in a thread and an event loop of its own, for synchronous and asynchronous tests alike.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, get_args

from anyio.from_thread import start_blocking_portal

from tests.endpoint.connection import Connection
from tests.endpoint.faults import faulty
from tests.endpoint.journal import Journal
from tests.endpoint.replies import Ability, Fault, Form, Reply, Request, Responder, Usage
from tests.endpoint.routes import Service, embedding, route
from tests.endpoint.scripts import TELLTALE, Script

__all__ = [
    "ALL_ABILITIES",
    "TELLTALE",
    "Ability",
    "Endpoint",
    "Fault",
    "Form",
    "Reply",
    "Request",
    "Responder",
    "Usage",
    "always",
    "embedding",
    "faulty",
    "in_order",
]

ALL_ABILITIES: frozenset[Ability] = frozenset(get_args(Ability))


def always(reply: Reply) -> Responder:
    """Return a responder that gives the same reply to every request."""
    return lambda _request: reply


def in_order(replies: Iterable[Reply]) -> Responder:
    """Return a responder that plays each reply once; one request more fails the test."""
    rest = iter(replies)

    def respond(_request: Request) -> Reply:
        reply = next(rest, None)
        if reply is None:
            raise AssertionError("the endpoint was asked for more replies than were scripted")
        return reply

    return respond


class Endpoint:
    """A server on a free loopback port, from `with` to the end of its block.

    A responder that raises, a queue of replies that ran out among them, breaks the connection and fails
    the `with` block at its end.

    Args:
        respond: Decides on the reply to each chat request; says hello by default.
        replies: Played in order instead, each once.
        others: Decides on the fault and the delay of embeddings and of lists of models.
        key: Required as the bearer token.
        models: The names that exist; every name when None.
        abilities: What the endpoint can do; anything else is rejected as an unsupported parameter.
        ignores: Ignore what it is unable to do instead: prose comes back, or no usage.
        dimension: Numbers in an embedding, unless the request says how many.
    """

    def __init__(
        self,
        respond: Responder | None = None,
        *,
        replies: Iterable[Reply] | None = None,
        others: Responder | None = None,
        key: str | None = None,
        models: Sequence[str] | None = None,
        abilities: Iterable[Ability] = ALL_ABILITIES,
        ignores: bool = False,
        dimension: int = 64,
    ) -> None:
        if respond is not None and replies is not None:
            raise ValueError("an endpoint takes a responder or a queue of replies, not both")
        chosen = respond if replies is None else in_order(replies)
        self._service = Service(
            respond=chosen or always(Reply("Hello.")),
            others=others or always(Reply()),
            key=key,
            models=models,
            abilities=frozenset(abilities),
            ignores=ignores,
            dimension=dimension,
        )
        self._journal = Journal()
        self._connections: set[Connection] = set()
        self._stack = ExitStack()
        self._port = 0

    @property
    def base_url(self) -> str:
        """Return what a client is given as its base URL."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def requests(self) -> list[Request]:
        """Return every request so far, in order of arrival."""
        with self._journal.changed:
            return list(self._journal.requests)

    @property
    def disconnected(self) -> int:
        """Count the clients that went away while a reply was in progress."""
        return self._journal.disconnected

    @property
    def in_progress(self) -> int:
        """Count the replies that are in progress."""
        return self._journal.in_progress

    @property
    def most_in_progress(self) -> int:
        """Return the most replies that were ever in progress at once."""
        return self._journal.most_in_progress

    def wait_until(self, condition: Callable[["Endpoint"], bool], *, seconds: float = 5.0) -> None:
        """Block until the condition holds, checked at each change; call it in a thread from async tests.

        Raises:
            AssertionError: It did not hold in time.
        """
        if not self._journal.wait_until(lambda: condition(self), seconds=seconds):
            raise AssertionError("what the test waited for did not happen at the endpoint")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
            self._port = int(listening.getsockname()[1])
            portal = stack.enter_context(start_blocking_portal(name="endpoint"))
            stack.callback(portal.call, self._close, portal.call(self._open, listening))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        for failure in self._journal.failures:
            if error is None:
                raise AssertionError("the endpoint's script failed") from failure
            error.add_note(f"the endpoint's script failed: {failure!r}")

    async def _open(self, listening: socket.socket) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: Connection(self._answer, self._journal, self._connections), sock=listening, backlog=1024
        )

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        await asyncio.sleep(0)  # what was just accepted gets to its connection
        while self._connections:
            for connection in tuple(self._connections):
                connection.abort()
            await asyncio.sleep(0)
        await server.wait_closed()

    def _answer(
        self, *, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> Script:
        request = self._journal.note(method=method, path=path, headers=headers, body=body)
        return route(request, self._service)
