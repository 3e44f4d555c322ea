"""The limit of serving: a bare generator of server-sent events, and a model that speaks at a pace.

`python -m bench.bare events COUNT SECONDS` and `python -m bench.bare model` each print their address and end
with their standard input.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from bench.peer import PacedModel
from tests.endpoint.reader import reader
from tests.endpoint.server import Endpoint

FIRST_TOKEN_SECONDS = 0.3
TOKEN_SECONDS = 0.05
TEXT = "Descale the machine"
"""About what one event of ours carries."""


def generator(count: int, seconds: float) -> FastAPI:
    """Return an application that streams so many events, so many seconds apart."""
    app = FastAPI(openapi_url=None)

    @app.post("/stream")
    async def stream() -> StreamingResponse:
        """Stream the events; the first one at once."""
        return StreamingResponse(_events(count, seconds), media_type="text/event-stream")

    return app


async def _events(count: int, seconds: float) -> AsyncIterator[str]:
    for number in range(1, count + 1):
        yield f"id: {number}\nevent: token\ndata: {json.dumps({'text': TEXT})}\n\n"
        if seconds:
            await asyncio.sleep(seconds)
    yield "event: done\ndata: {}\n\n"


async def serve(app: FastAPI) -> None:
    """Serve on a free port, set up as `plumbline serve` is, until standard input ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, loop="uvloop", http="httptools")
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        _tell(f"http://127.0.0.1:{listening.getsockname()[1]}")
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


def speak() -> None:
    """Serve the model until standard input ends."""
    model = PacedModel(reader())
    model.first_token_seconds, model.token_seconds = FIRST_TOKEN_SECONDS, TOKEN_SECONDS
    with suppress(AssertionError), Endpoint(model) as endpoint:
        _tell(endpoint.base_url)
        sys.stdin.read()


def _tell(address: str) -> None:
    print(address, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "events":
        asyncio.run(serve(generator(int(sys.argv[2]), float(sys.argv[3]))))
    else:
        speak()
