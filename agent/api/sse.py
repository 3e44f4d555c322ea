"""Events of a run as server-sent events: one write each, and a sign of life when there are none.

FastAPI's own stream of events passes each one through three tasks, and has sent its status before the first
event is there; hundreds of streams at the pace of a language model need something lighter.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Send

from agent.api.models import AnswerGiven
from agent.events import Answered, Cited
from agent.storage.records import Told

HEARTBEAT_SECONDS = 10.0
RETRY_MILLISECONDS = 2000
"""After which a browser connects again."""
HEARTBEAT = format_sse_event(comment="still here")
EVENTS: dict[str, Any] = {
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": f"event: run_started\ndata: {{}}\nid: 1\nretry: {RETRY_MILLISECONDS}\n\n",
        }
    }
}
"""For the OpenAPI: a reply that streams."""
WAYS = {
    "Cache-Control": "no-cache, no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}


class EventStream(StreamingResponse):
    """Sends events as they come; who goes away ends the sending and nothing else."""

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[bytes],
        *,
        headers: Mapping[str, str] | None = None,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        """Take encoded events; they are closed when the stream ends, however it does."""
        super().__init__(events, headers={**WAYS, **(headers or {})})
        self._events = events
        self._heartbeat_seconds = heartbeat_seconds

    async def stream_response(self, send: Send) -> None:
        """Send everything, with a comment whenever nothing was sent for a while."""
        loop = asyncio.get_running_loop()
        sent = loop.time()

        async def write(chunk: bytes) -> None:
            nonlocal sent
            sent = loop.time()
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        async def beat() -> None:
            while True:
                if (silence := loop.time() - sent) >= self._heartbeat_seconds:
                    await write(HEARTBEAT)
                    silence = 0.0
                await asyncio.sleep(self._heartbeat_seconds - silence)

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        heart = asyncio.create_task(beat())
        try:
            async with aclosing(self._events):
                async for chunk in self._events:
                    await write(chunk)
        finally:
            heart.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def encoded(events: AsyncGenerator[Told]) -> AsyncGenerator[bytes]:
    """Encode the events of a run; the first carries the time after which to connect again."""
    retry: int | None = RETRY_MILLISECONDS
    async with aclosing(events):
        async for told in events:
            yield encode(told, retry=retry)
            retry = None


def encode(told: Told, *, retry: int | None = None) -> bytes:
    """Return one event in the wire format; its data is JSON without the type, which is the event's name."""
    event = told.event
    content: BaseModel
    if isinstance(event, Answered):
        content = AnswerGiven.of(event.answer)
    elif isinstance(event, Cited):
        content = event.citation
    else:
        content = event
    data = content.model_dump_json(exclude={"type"})
    return format_sse_event(data_str=data, event=event.type, id=str(told.sequence), retry=retry)


def wants_events(accept: str) -> bool:
    """Tell whether an Accept header names server-sent events."""
    return any(one.partition(";")[0].strip().lower() == EventStream.media_type for one in accept.split(","))
