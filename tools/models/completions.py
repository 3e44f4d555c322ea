"""The client's chat completions as ChatOpenAI calls them, with checked replies and our failures."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from openai import AsyncStream
from openai.resources.chat import AsyncCompletions
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from tools.models.failures import EMPTY, NONSENSE, Failed, failures
from tools.models.replies import PartialReply, WholeReply


class Completions:
    """Stands between ChatOpenAI and the client, as the `async_client` of the former."""

    def __init__(self, client: AsyncCompletions) -> None:
        self._client = client

    @property
    def with_raw_response(self) -> Self:
        """Return the same: a whole reply knows how to `parse` itself."""
        return self

    async def create(self, **payload: Any) -> "WholeReply | Parts":  # noqa: ANN401  ChatOpenAI's own
        """Send a request and return its reply, or the beginning of its stream."""
        with failures():
            if payload.get("stream"):
                return Parts(await self._client.create(**payload))
            raw = await self._client.with_raw_response.create(**payload)
            reply = WholeReply.model_validate_json(raw.content)
        if not reply.choices:
            raise Failed(EMPTY)
        return reply


class Parts:
    """A stream of checked events; leaving its context closes the connection."""

    def __init__(self, stream: AsyncStream[ChatCompletionChunk]) -> None:
        self._stream = stream

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stream.close()

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        anything = False
        with failures():
            async for chunk in self._stream:
                anything = True
                # The client hands on what is no object at all as it came.
                event: object = chunk.model_dump(warnings=False) if isinstance(chunk, BaseModel) else chunk
                yield PartialReply.model_validate(event).parse()
        if not anything:  # a page of a proxy, for instance; ChatOpenAI would raise a bare ValueError
            raise Failed(NONSENSE)
