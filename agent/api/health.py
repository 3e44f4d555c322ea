"""Whether the server runs, and whether it can answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agent.api.security import PUBLIC
from agent.hosting import Host
from tools.errors import PlumblineError

KEPT_SECONDS = 2.0
"""How long the result is kept, so that nobody can have the adapters asked all the time."""
WAIT_SECONDS = 5.0
router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The server runs."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether everything that answers need can serve."""

    ready: bool
    checks: dict[str, bool]


class Readiness:
    """Asks the adapters, and remembers for a moment what they said."""

    def __init__(
        self, pings: Mapping[str, Callable[[], Awaitable[None]]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what raises a PlumblineError when it cannot serve, by name."""
        self._pings = pings
        self._clock = clock
        self._asking = asyncio.Lock()
        self._known: Ready | None = None
        self._known_at = 0.0

    async def check(self) -> Ready:
        """Return the state; whoever asks while it is being found out waits for the same."""
        async with self._asking:
            if self._known is None or self._clock() - self._known_at > KEPT_SECONDS:
                good = await asyncio.gather(*map(_serves, self._pings.values()))
                self._known = Ready(ready=all(good), checks=dict(zip(self._pings, good, strict=True)))
                self._known_at = self._clock()
            return self._known


def readiness_of(host: Host) -> Readiness:
    """Return the readiness of a host: its store, storage and database.

    A language model that is away is none of it: the answers are lesser then, and say so.
    """
    pings: dict[str, Callable[[], Awaitable[None]]] = {
        "conversations": host.storage.ping,
        "store": partial(asyncio.to_thread, host.deps.store.ping),
    }
    if host.deps.database is not None:
        pings["database"] = partial(asyncio.to_thread, host.deps.database.ping)
    return Readiness(pings)


@router.head("/healthz", dependencies=[PUBLIC], include_in_schema=False)
@router.get("/healthz", dependencies=[PUBLIC])
async def healthz() -> Health:
    """Tell that the server runs."""
    return Health()


@router.head("/readyz", dependencies=[PUBLIC], include_in_schema=False)
@router.get("/readyz", dependencies=[PUBLIC], responses={200: {"model": Ready}, 503: {"model": Ready}})
async def readyz(request: Request) -> Response:
    """Tell whether it can answer: names of what cannot serve, and nothing more."""
    readiness: Readiness = request.app.state.readiness
    state = await readiness.check()
    return JSONResponse(state.model_dump(), status_code=200 if state.ready else 503)


async def _serves(ping: Callable[[], Awaitable[None]]) -> bool:
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await ping()
    except (PlumblineError, TimeoutError):
        return False
    return True
