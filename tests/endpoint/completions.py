"""Chat completions in OpenAI's shape, whole and streamed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from tests.endpoint.faults import BROKEN_ENDINGS, NO_COMPLETION, body_script, spoiled
from tests.endpoint.replies import Fault, Reply, Request, Usage
from tests.endpoint.scripts import Script, content, encoded, error_object

CREATED = 1_700_000_000
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the assistant's message holds."""

    kind: Literal["content", "arguments", "refusal"]
    pieces: tuple[str, ...] | None
    tool: str | None
    finish_reason: str


def completion(request: Request, reply: Reply) -> Script:
    """Return the response to a chat request, with the reply's fault."""
    reply = spoiled(reply)
    said = _said(request, reply)
    if request.stream:
        return _stream(request, reply, said)
    choice = {"index": 0, "message": _message(said), "logprobs": None, "finish_reason": said.finish_reason}
    body = _envelope(request, "chat.completion") | {
        "choices": [] if reply.fault is Fault.EMPTY_CHOICES else [choice],
        "usage": _usage(reply.usage),
    }
    return body_script(body, reply)


def _said(request: Request, reply: Reply) -> Said:
    if reply.arguments is not None and request.tool is None:
        raise AssertionError("the scripted reply is a tool call, but the request carries no tools")
    as_asked = reply.as_asked and reply.pieces is not None and request.forces_tool
    calls = reply.arguments is not None or as_asked
    kind: Literal["content", "arguments", "refusal"] = "arguments" if calls else "content"
    return Said(
        kind="refusal" if reply.refusal is not None else kind,
        pieces=reply.pieces,
        tool=request.tool,
        finish_reason=reply.finish_reason or ("tool_calls" if calls and not request.forces_tool else "stop"),
    )


def _envelope(request: Request, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{request.number}",
        "object": kind,
        "created": CREATED,
        "model": request.model,
    }


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _message(said: Said) -> dict[str, Any]:
    whole = None if said.pieces is None else "".join(said.pieces)
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    if said.kind == "arguments":
        function = {"name": said.tool, "arguments": whole or ""}
        return message | {"tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    return message | {said.kind: whole}


def _stream(request: Request, reply: Reply, said: Said) -> Script:
    return Script(
        headers=content("text/event-stream; charset=utf-8"),
        pieces=_timed(_events(request, reply, said), reply),
        ending=BROKEN_ENDINGS.get(reply.fault, "whole") if reply.fault is not None else "whole",
    )


def _timed(events: Iterator[bytes], reply: Reply) -> Iterator[tuple[float, bytes]]:
    """Give each event its wait: the first names the role, the second brings the first piece."""
    drips = reply.fault is Fault.DRIP
    last_piece = len(reply.pieces or ())
    for index, event in enumerate(events):
        if index == 0:
            yield reply.delay_seconds, event
        elif drips:
            yield max(reply.drip_seconds, 0.001), event
        else:
            yield reply.chunk_delay_seconds if 2 <= index <= last_piece else 0.0, event


def _events(request: Request, reply: Reply, said: Said) -> Iterator[bytes]:
    pieces = said.pieces or ()
    yield _event(request, reply, _opening(said))
    if reply.fault is Fault.DRIP:
        yield from (_event(request, reply, _delta(said, f"{number} ")) for number in count())
    half = (len(pieces) + 1) // 2
    yield from (_event(request, reply, _delta(said, piece)) for piece in pieces[:half])
    broken = _breakage(request, reply, said)
    if broken is not None:
        yield from broken
        return
    yield from (_event(request, reply, _delta(said, piece)) for piece in pieces[half:])
    yield _event(request, reply, {}, finish_reason=said.finish_reason)
    if request.wants_usage and reply.usage is not None:
        last = _envelope(request, "chat.completion.chunk") | {"choices": [], "usage": _usage(reply.usage)}
        yield b"data: " + encoded(last) + b"\n\n"
    yield DONE


def _breakage(request: Request, reply: Reply, said: Said) -> list[bytes] | None:
    """Return the last events of a stream that breaks off; None when it does not."""
    if reply.fault in BROKEN_ENDINGS or reply.fault is Fault.TRUNCATED_STREAM:
        return []
    line = _event(request, reply, _delta(said, "cut off"))
    if reply.fault is Fault.CUT_LINE:
        return [line[: len(line) // 2]]
    if reply.fault is Fault.MALFORMED_JSON:
        return [line[: len(line) // 2] + b"\n\n", DONE]
    if reply.fault is Fault.ERROR_OBJECT:
        error = error_object("The server had an error", kind="server_error", code=None)
        return [b"data: " + encoded(error) + b"\n\n", DONE]
    return None


def _opening(said: Said) -> dict[str, Any]:
    opening: dict[str, Any] = {"role": "assistant", "content": None}
    if said.kind == "arguments":
        function = {"name": said.tool, "arguments": ""}
        return opening | {
            "tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]
        }
    return opening | {said.kind: None if said.pieces is None else ""}


def _delta(said: Said, piece: str) -> dict[str, Any]:
    if said.kind == "arguments":
        return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
    return {said.kind: piece}


def _event(
    request: Request, reply: Reply, delta: dict[str, Any], *, finish_reason: str | None = None
) -> bytes:
    if reply.fault is Fault.WRONG_BODY:
        return b"data: " + NO_COMPLETION + b"\n\n"
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    chunk = _envelope(request, "chat.completion.chunk") | {
        "choices": [] if reply.fault is Fault.EMPTY_CHOICES else [choice]
    }
    if request.wants_usage:
        chunk["usage"] = None
    return b"data: " + encoded(chunk) + b"\n\n"
