"""Request bodies: JSON, not too large, not too deep, and text that every database can keep."""

import asyncio
import json
from collections.abc import Collection
from typing import TypeAlias

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEEPEST = 32
SECONDS = 30.0
"""Longest wait for a body."""
FILE_SECONDS = 300.0
"""Longest wait for a file."""
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


class JsonBodies:
    """Reads the body of a request before anything acts on it, and passes it on clean."""

    def __init__(
        self, app: ASGIApp, *, largest: int, files: Collection[str] = (), seconds: float = SECONDS
    ) -> None:
        """Take what holds for all bodies but those of some routes.

        Args:
            app: What requests are passed on to.
            largest: Most bytes of a body.
            files: Paths whose route takes a file instead, and reads it itself once it knows who sends it.
            seconds: How long a body may take to come.
        """
        self._app = app
        self._largest = largest
        self._files = frozenset(files)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request whose body is clean JSON, or that has none.

        Raises:
            HTTPException: 400, 408, 413 or 415; nothing was passed on.
        """
        if (
            scope["type"] != "http"
            or scope["path"] in self._files
            or not _announces_body(Headers(scope=scope))
        ):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = await _read(headers, receive, largest=self._largest, seconds=self._seconds)
        if body:
            _check_type(headers)
            body = clean_json(body)
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, replay, send)


async def read_file(request: Request, *, largest: int, seconds: float = FILE_SECONDS) -> bytes:
    """Return the body of a request for one of the paths that take files, as it was sent.

    Raises:
        HTTPException: 408, 413 or 415.
    """
    _check_type(request.headers)
    return await _read(request.headers, request.receive, largest=largest, seconds=seconds)


async def _read(headers: Headers, receive: Receive, *, largest: int, seconds: float) -> bytes:
    too_large = HTTPException(413, f"the body is larger than {largest} bytes; send less")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > largest:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > largest:
                    raise too_large
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError as error:
        raise HTTPException(408, "the body took too long to come; send it again") from error


def clean_json(body: bytes) -> bytes:
    """Return JSON with halves of characters and NUL replaced, which no database could keep.

    Raises:
        HTTPException: It is no JSON, or too deep.
    """
    try:
        value = json.loads(body, parse_constant=_refuse)
        cleaned = _clean(value, DEEPEST)
    except RecursionError as error:
        raise HTTPException(400, f"the body is nested deeper than {DEEPEST}; flatten it") from error
    except ValueError as error:
        raise HTTPException(400, "the body is not JSON in UTF-8; correct it") from error
    return json.dumps(cleaned, ensure_ascii=False, separators=(",", ":")).encode()


def _clean(value: Json, levels: int) -> Json:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(value, (list, dict)) and levels == 0:
        raise RecursionError
    if isinstance(value, list):
        return [_clean(one, levels - 1) for one in value]
    if isinstance(value, dict):
        return {str(_clean(name, 0)): _clean(one, levels - 1) for name, one in value.items()}
    return value


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _announces_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _check_type(headers: Headers) -> None:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HTTPException(415, "the body must be JSON; send it as Content-Type: application/json")
