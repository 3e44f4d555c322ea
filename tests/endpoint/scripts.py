"""What a connection plays: the bytes of one response, their timing, and how it ends."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

TELLTALE = "endpoint-said-this"
"""Stands in every error message of the endpoint, so that tests can look for it where it must not be."""

Ending = Literal["whole", "cut", "reset", "silence"]
"""The message is complete; the connection closes early; it is reset; it stays open and nothing comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One response."""

    status: int | None = 200
    """None sends not even the headers."""
    headers: tuple[tuple[str, str], ...] = ()
    delay_seconds: float = 0.0
    """Before the headers."""
    pieces: Iterable[tuple[float, bytes]] = ()
    """Each with the seconds to wait before it; a response without Content-Length is sent in chunks."""
    ending: Ending = "whole"


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return the JSON of a body."""
    return json.dumps(body, separators=(",", ":")).encode()


def content(kind: str, length: int | None = None) -> tuple[tuple[str, str], ...]:
    """Return the headers of a body; without a length it is sent in chunks."""
    described = (("content-type", kind),)
    return described if length is None else (*described, ("content-length", str(length)))


def error_object(message: str, *, kind: str, code: str | None, param: str | None = None) -> dict[str, Any]:
    """Return an error in OpenAI's shape."""
    return {"error": {"message": f"{message} ({TELLTALE})", "type": kind, "param": param, "code": code}}


def error_script(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    delay_seconds: float = 0.0,
) -> Script:
    """Return the response of an error in OpenAI's shape."""
    data = encoded(error_object(message, kind=kind, code=code, param=param))
    return Script(
        status=status,
        headers=(*content("application/json", len(data)), *headers),
        delay_seconds=delay_seconds,
        pieces=[(0.0, data)],
    )
