"""How each fault spoils a reply, and a responder that spoils some of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from itertools import repeat
from typing import Any

from tests.endpoint.replies import Fault, Reply, Request, Responder
from tests.endpoint.scripts import TELLTALE, Ending, Script, content, encoded, error_object, error_script

PROSE = "Certainly! Here is what I think about that, in my own words."
HTML = f"<!DOCTYPE html><html><body><h1>Gateway</h1><p>{TELLTALE}</p></body></html>".encode()
NO_COMPLETION = encoded({"unexpected": True, "text": TELLTALE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """An error in OpenAI's shape."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None


LIMITED = Rejection(status=429, message="Rate limit reached", kind="requests", code="rate_limit_exceeded")
REJECTIONS: Mapping[Fault, Rejection] = {
    Fault.RATE_LIMITED: LIMITED,
    Fault.RATE_LIMITED_DATE: LIMITED,
    Fault.RATE_LIMITED_SILENT: LIMITED,
    Fault.QUOTA_USED_UP: Rejection(
        status=429,
        message="You exceeded your current quota",
        kind="insufficient_quota",
        code="insufficient_quota",
    ),
    Fault.SERVER_ERROR: Rejection(status=500, message="The server had an error", kind="server_error"),
    Fault.UNAVAILABLE: Rejection(status=503, message="The engine is overloaded", kind="server_error"),
    Fault.UNAUTHORIZED: Rejection(status=401, message="Incorrect API key provided", code="invalid_api_key"),
    Fault.UNKNOWN_MODEL: Rejection(
        status=404, message="The model does not exist or you have no access to it", code="model_not_found"
    ),
    Fault.CONTEXT_TOO_LONG: Rejection(
        status=400, message="This model's maximum context length is 8 tokens", code="context_length_exceeded"
    ),
}
PAGES: Mapping[Fault, int] = {Fault.HTML_200: 200, Fault.HTML_502: 502}
SILENCES: Mapping[Fault, Ending] = {Fault.RESET: "reset", Fault.NEVER: "silence"}
BROKEN_ENDINGS: Mapping[Fault, Ending] = {
    Fault.RESET_MIDWAY: "reset",
    Fault.TRUNCATED_BODY: "cut",
    Fault.STALLED: "silence",
}


def instead(request: Request, reply: Reply) -> Script | None:
    """Return what is sent in place of any reply; None when the fault is not of that kind."""
    fault, delay = reply.fault, reply.delay_seconds
    if fault is None:
        return None
    if fault in SILENCES:
        return Script(status=None, delay_seconds=delay, ending=SILENCES[fault])
    if fault in PAGES:
        headers = content("text/html; charset=utf-8", len(HTML))
        return Script(status=PAGES[fault], headers=headers, delay_seconds=delay, pieces=[(0.0, HTML)])
    if fault in REJECTIONS:
        return rejection(fault, request=request, headers=_retry_after(reply), delay_seconds=delay)
    return None


def rejection(
    fault: Fault,
    *,
    request: Request,
    headers: tuple[tuple[str, str], ...] = (),
    delay_seconds: float = 0.0,
) -> Script:
    """Return the error that belongs to a fault of a status."""
    error = REJECTIONS[fault]
    key = request.headers.get("authorization", "").removeprefix("Bearer ")
    told = f"{error.message}: {key}" if fault is Fault.UNAUTHORIZED else error.message
    return error_script(
        error.status, told, kind=error.kind, code=error.code, headers=headers, delay_seconds=delay_seconds
    )


def _retry_after(reply: Reply) -> tuple[tuple[str, str], ...]:
    if reply.fault is Fault.RATE_LIMITED:
        return (("retry-after", f"{reply.retry_after_seconds:g}"),)
    if reply.fault is Fault.RATE_LIMITED_DATE:
        then = datetime.now(UTC) + timedelta(seconds=reply.retry_after_seconds)
        return (("retry-after", format_datetime(then, usegmt=True)),)
    return ()


def spoiled(reply: Reply) -> Reply:
    """Return the reply as a failing model would give it; the same when the fault is of another kind."""
    change = SPOILERS.get(reply.fault) if reply.fault is not None else None
    return reply if change is None else change(reply)


def prose(reply: Reply) -> Reply:
    """Return a reply of prose, whatever was asked."""
    return replace(reply, text=PROSE, arguments=None, chunks=None, as_asked=False)


def _silenced(text: str | None) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, text=text, arguments=None, chunks=None, as_asked=False)


def _halved(finish_reason: str) -> Callable[[Reply], Reply]:
    def halve(reply: Reply) -> Reply:
        whole = "".join(reply.pieces or ())
        half = whole[: len(whole) // 2]
        if reply.arguments is not None:
            return replace(reply, arguments=half, chunks=None, finish_reason=finish_reason)
        return replace(reply, text=half, chunks=None, finish_reason=finish_reason)

    return halve


def _refused(reply: Reply) -> Reply:
    return replace(reply, refusal=f"I'm sorry, I can't help with that ({TELLTALE}).", chunks=None)


def _of_other_fields(reply: Reply) -> Reply:
    return replace(reply, text='{"unexpected": true}', arguments=None, chunks=None)


SPOILERS: Mapping[Fault, Callable[[Reply], Reply]] = {
    Fault.NULL_CONTENT: _silenced(None),
    Fault.EMPTY_CONTENT: _silenced(""),
    Fault.LENGTH: _halved("length"),
    Fault.CONTENT_FILTER: _halved("content_filter"),
    Fault.REFUSAL: _refused,
    Fault.WRONG_SCHEMA: _of_other_fields,
    Fault.PROSE: prose,
}


def body_script(body: Mapping[str, Any], reply: Reply) -> Script:
    """Return the response of a body that is not streamed, with the reply's fault."""
    fault, kind = reply.fault, "application/json"
    if fault is Fault.DRIP:  # white space before JSON is legal, and keeps a connection alive
        return Script(headers=content(kind), pieces=repeat((reply.drip_seconds, b" ")))
    if fault is Fault.ERROR_OBJECT:
        body = error_object("The server had an error", kind="server_error", code=None)
    data = whole = NO_COMPLETION if fault is Fault.WRONG_BODY else encoded(body)
    if fault in BROKEN_ENDINGS:
        data = whole[: len(whole) // 2]
    if fault in (Fault.MALFORMED_JSON, Fault.TRUNCATED_STREAM, Fault.CUT_LINE):
        data = whole = whole[: len(whole) // 2]
    return Script(
        headers=content(kind, len(whole)),
        delay_seconds=reply.delay_seconds + reply.chunk_delay_seconds * len((reply.pieces or ())[1:]),
        pieces=[(0.0, data)],
        ending=BROKEN_ENDINGS.get(fault, "whole") if fault is not None else "whole",
    )


def faulty(inner: Responder, *, seed: int, share: float, faults: Sequence[Fault] = tuple(Fault)) -> Responder:
    """Return a responder that spoils a share of the replies; the request's number alone decides which."""

    def respond(request: Request) -> Reply:
        digest = sha256(f"{seed}:{request.number}".encode()).digest()
        drawn = int.from_bytes(digest[:8]) / 2**64
        chosen = faults[int.from_bytes(digest[8:16]) % len(faults)]
        reply = inner(request)
        return replace(reply, fault=chosen) if drawn < share else reply

    return respond
