"""Replies that no honest server sends, and requests that some decline, over a server that sends bytes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from tools.errors import ModelError, ModelOutputError, ModelUnavailable
from tools.metering import Meter
from tools.models.chat import OpenAIChat
from tools.models.endpoint import Endpoint
from tools.types import Message, Prompt

PROMPT = Prompt(name="odd", messages=(Message(role="user", text="Well?"),))


class Anything(BaseModel):
    """A form that an empty object fits."""

    name: str = "nothing"


Handler = Callable[[dict[str, Any]], tuple[int, str, str]]
"""From the request's JSON to status, content type and body."""


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[OpenAIChat]:
    """Serve what the handler says, one request a connection."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        status, kind, body = handler(json.loads(await reader.readexactly(length)))
        data = body.encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(data)}\r\n"
            "connection: close\r\n\r\n".encode()
            + data
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Endpoint(base_url=f"http://127.0.0.1:{port}/v1", attempts=1) as endpoint:
        yield OpenAIChat("m", endpoint=endpoint)


def whole(**fields: object) -> Handler:
    """Reply with one choice of these fields."""
    return lambda _request: (200, "application/json", json.dumps({"choices": [fields]}))


def streamed(*events: object) -> Handler:
    """Reply with these events and the end of the stream."""
    lines = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return lambda _request: (200, "text/event-stream", f"{lines}data: [DONE]\n\n")


def piece(content: object, *, finish_reason: object = None, **fields: object) -> dict[str, object]:
    """Return one event of a stream."""
    return {"choices": [{"delta": {"content": content}, "finish_reason": finish_reason}], **fields}


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(whole(message={"content": 5}), id="a number for content"),
        pytest.param(whole(message=None), id="no message"),
        pytest.param(whole(message="hello"), id="a text for a message"),
        pytest.param(lambda _request: (200, "application/json", "[]"), id="a list"),
        pytest.param(lambda _request: (200, "application/json", "null"), id="null"),
        pytest.param(lambda _request: (200, "application/json", '{"choices": null}'), id="null choices"),
        pytest.param(lambda _request: (200, "application/json", "[" * 100_000), id="endless nesting"),
        pytest.param(lambda _request: (200, "application/json", "\ud7ff\x00"), id="no text"),
        pytest.param(lambda _request: (200, "text/plain", ""), id="nothing"),
    ],
)
async def test_what_is_no_completion_is_no_reply(handler: Handler) -> None:
    """Neither for a text nor for a form."""
    async with served(handler) as chat:
        with pytest.raises(ModelUnavailable):
            await chat.text(PROMPT, meter=Meter())
        with pytest.raises(ModelUnavailable):
            await chat.typed(PROMPT, Anything, meter=Meter())


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(streamed(piece(5)), id="a number for content"),
        pytest.param(streamed({"choices": [None]}), id="null for a choice"),
        pytest.param(streamed([1, 2]), id="a list"),
        pytest.param(streamed(None), id="null"),
        pytest.param(streamed("hello"), id="a text"),
        pytest.param(streamed({"choices": "hello"}), id="a text for choices"),
        pytest.param(streamed(), id="nothing"),
        pytest.param(lambda _request: (200, "text/event-stream", "data: \xff\n\n"), id="no JSON"),
        pytest.param(lambda _request: (200, "application/json", "{}"), id="no stream"),
    ],
)
async def test_what_is_no_event_is_no_part_of_a_reply(handler: Handler) -> None:
    """And nothing is printed about it: warnings are errors here."""
    async with served(handler) as chat:
        with pytest.raises(ModelUnavailable):
            [each async for each in chat.stream(PROMPT, meter=Meter())]


async def test_harmless_oddities_do_no_harm() -> None:
    """Reasons and fields that OpenAI does not know, a null delta, events without a choice."""
    events = [
        {"choices": [], "prompt_filter_results": [{}]},
        {"choices": [{"delta": None, "finish_reason": None}]},
        piece("Hel", object="other", created="yesterday", service_tier=7),
        piece("lo.", finish_reason="eos"),
    ]
    async with served(streamed(*events)) as chat:
        assert [each async for each in chat.stream(PROMPT, meter=Meter())] == ["Hel", "lo."]
    async with served(whole(message={"content": "Hello.", "role": "robot"}, finish_reason="eos")) as chat:
        assert await chat.text(PROMPT, meter=Meter()) == "Hello."


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -5000, "completion_tokens": 1},
        {"prompt_tokens": "many", "completion_tokens": 1},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": None},
        7,
    ],
)
async def test_impossible_usage_is_replaced_by_an_estimate(usage: object) -> None:
    """A negative number would give the question tokens to spend."""
    meter = Meter()
    body = {"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}], "usage": usage}
    async with served(lambda _request: (200, "application/json", json.dumps(body))) as chat:
        await chat.text(PROMPT, meter=meter)
    async with served(streamed(piece("Hello.", finish_reason="stop", usage=usage))) as chat:
        [each async for each in chat.stream(PROMPT, meter=meter)]
    for call in meter.calls:
        assert call.estimated
        assert call.input_tokens > 0
        assert call.output_tokens > 0


async def test_usage_that_grows_with_each_event_counts_once() -> None:
    """Some servers report it all along."""
    meter = Meter()
    usages = [{"prompt_tokens": 9, "completion_tokens": count} for count in (1, 2, 3)]
    events = [piece("a", usage=usages[0]), piece("b", usage=usages[1]), piece("c", finish_reason="stop")]
    async with served(streamed(*events, {"choices": [], "usage": usages[2]})) as chat:
        [each async for each in chat.stream(PROMPT, meter=meter)]
    assert (meter.calls[0].input_tokens, meter.calls[0].output_tokens) == (9, 3)


async def test_more_cached_tokens_than_tokens_do_not_earn_money() -> None:
    """The input is the most that can be cached."""
    meter = Meter()
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 10**9},
    }
    async with served(streamed(piece("a", finish_reason="stop", usage=usage))) as chat:
        [each async for each in chat.stream(PROMPT, meter=meter)]
    assert meter.calls[0].cached_tokens == 10


@pytest.mark.parametrize("arguments", ["", "null", "[]", "0", '{"name": "U', '""'])
async def test_odd_arguments_of_a_tool_call_are_no_empty_object(arguments: str) -> None:
    """Although the form's defaults would fill one."""
    call = {"type": "function", "id": "1", "function": {"name": "Anything", "arguments": arguments}}
    async with served(
        whole(message={"content": None, "tool_calls": [call]}, finish_reason="tool_calls")
    ) as chat:
        with pytest.raises(ModelOutputError):
            await chat.typed(PROMPT, Anything, meter=Meter())


@pytest.mark.parametrize("arguments", [None, {"name": "Ulm"}])
async def test_arguments_that_are_no_text_are_no_reply(arguments: object) -> None:
    """The protocol wants JSON in a text."""
    call = {"type": "function", "id": "1", "function": {"name": "Anything", "arguments": arguments}}
    async with served(whole(message={"tool_calls": [call]})) as chat:
        with pytest.raises(ModelUnavailable):
            await chat.typed(PROMPT, Anything, meter=Meter())


async def test_the_other_name_of_the_limit_is_found_and_remembered() -> None:
    """Newer models refuse the older name, and say so."""
    asked: list[set[str]] = []

    def handler(request: dict[str, Any]) -> tuple[int, str, str]:
        asked.append({"max_tokens", "max_completion_tokens"} & request.keys())
        if "max_tokens" in request:
            message = "Unsupported parameter: 'max_tokens' is not supported with this model."
            return 400, "application/json", json.dumps({"error": {"message": message}})
        body = {"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}]}
        return 200, "application/json", json.dumps(body)

    meter = Meter()
    async with served(handler) as chat:
        await chat.text(PROMPT, meter=meter)
        await chat.text(PROMPT, meter=meter)
    assert asked == [{"max_tokens"}, {"max_completion_tokens"}, {"max_completion_tokens"}]
    assert [call.attempts for call in meter.calls] == [2, 1]


async def test_an_endpoint_that_declines_both_names_of_the_limit_is_not_asked_for_ever() -> None:
    """Each is tried once."""
    asked: list[dict[str, Any]] = []

    def handler(request: dict[str, Any]) -> tuple[int, str, str]:
        asked.append(request)
        message = "I know neither max_tokens nor max_completion_tokens nor stream_options"
        return 422, "application/json", json.dumps({"error": message})

    async with served(handler) as chat:
        with pytest.raises(ModelError):
            [each async for each in chat.stream(PROMPT, meter=Meter())]
    assert len(asked) == 3
