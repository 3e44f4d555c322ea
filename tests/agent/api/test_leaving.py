"""Work that is done for one client alone, and what becomes of it when that client goes away."""

import asyncio
from dataclasses import dataclass, field

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from agent.api.leaving import while_waited_for
from tests.agent.api.serving import serving


@dataclass(slots=True, kw_only=True)
class Worker:
    """Answers requests with work that takes as long as it is told to."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    ended_early: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, body: bytes) -> str:
        """Begin, wait, and return what was sent."""
        self.began.set()
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.ended_early.set()
            raise
        return body.decode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        done = await while_waited_for(request, self.work(await request.body()))
        await PlainTextResponse(done)(scope, receive, send)


@pytest.mark.parametrize("body", [b"", b"a body"], ids=["without a body", "with a body"])
async def test_work_ends_with_the_connection_of_who_asked_for_it(body: bytes) -> None:
    """Nobody could be told what came of it."""
    worker = Worker()
    async with serving(worker) as client:
        asking = asyncio.create_task(client.post("/", content=body))
        await worker.began.wait()
        asking.cancel()
        async with asyncio.timeout(5):
            await worker.ended_early.wait()


async def test_work_that_is_waited_for_ends_by_itself() -> None:
    """And is answered with."""
    worker = Worker()
    async with serving(worker) as client:
        asking = asyncio.create_task(client.post("/", content=b"a body"))
        await worker.began.wait()
        worker.may_end.set()
        assert (await asking).text == "a body"
    assert not worker.ended_early.is_set()


async def test_an_error_of_the_work_is_the_error_of_the_request() -> None:
    """As if it had been waited for directly."""

    async def work() -> None:
        raise LookupError("nothing there")

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(LookupError, match="nothing there"):
        await while_waited_for(Request({"type": "http"}, receive), work())


async def test_work_ends_with_the_server() -> None:
    """When it stops, what is under way is cancelled."""
    worker = Worker()
    waiting = asyncio.create_task(_never(worker))
    await worker.began.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert worker.ended_early.is_set()


async def _never(worker: Worker) -> str:
    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    return await while_waited_for(Request({"type": "http"}, receive), worker.work(b""))
