"""The real client of OpenAI, asking the endpoint."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from openai import AsyncOpenAI

from tests.endpoint.server import Endpoint

JSON_TEXT = '{"name": "plumb line", "length": 3}'
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "length": {"type": "integer"}}}
JSON_SCHEMA: dict[str, Any] = {
    "response_format": {"type": "json_schema", "json_schema": {"name": "line", "schema": SCHEMA}}
}
JSON_OBJECT: dict[str, Any] = {"response_format": {"type": "json_object"}}
TOOL = {"type": "function", "function": {"name": "line", "parameters": SCHEMA}}
OFFERED: dict[str, Any] = {"tools": [TOOL]}
FORCED: dict[str, Any] = OFFERED | {"tool_choice": {"type": "function", "function": {"name": "line"}}}
WITH_USAGE: dict[str, Any] = {"stream_options": {"include_usage": True}}
BODY: dict[str, Any] = {"model": "any", "messages": [{"role": "user", "content": "Hello?"}]}


@asynccontextmanager
async def client_of(
    endpoint: Endpoint, *, key: str = "some-key", seconds: float = 5
) -> AsyncIterator[AsyncOpenAI]:
    """Give the real client, without retries."""
    async with (
        httpx2.AsyncClient(verify=False, timeout=seconds) as http,
        AsyncOpenAI(base_url=endpoint.base_url, api_key=key, max_retries=0, http_client=http) as client,
    ):
        yield client


async def ask(  # the precise types are unions that each test would have to take apart
    endpoint: Endpoint,
    *,
    key: str = "some-key",
    seconds: float = 5,
    **options: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Return the completion of one chat request."""
    async with client_of(endpoint, key=key, seconds=seconds) as client:
        return await client.chat.completions.create(**BODY, **options)


async def collect(
    endpoint: Endpoint,
    chunks: list[Any],
    *,
    seconds: float = 5,
    **options: Any,  # noqa: ANN401
) -> None:
    """Append the chunks of one streamed chat request, as they come."""
    async with client_of(endpoint, seconds=seconds) as client:
        stream = await client.chat.completions.create(**BODY, stream=True, **options)
        async for chunk in stream:
            chunks.append(chunk)  # noqa: PERF401 - what came before an error is wanted too


def text_of(chunks: list[Any]) -> str:
    """Join the content of a stream."""
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def arguments_of(chunks: list[Any]) -> str:
    """Join the arguments of a stream's tool call."""
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or ()]
    return "".join(call.function.arguments for call in calls)


def finish_of(chunks: list[Any]) -> list[str]:
    """Return the finish reasons of a stream."""
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices]
    return [reason for reason in reasons if reason is not None]
