"""What all chat models of one OpenAI-compatible endpoint share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic import SecretStr

from tools.errors import ConfigurationError, ModelUnavailable
from tools.models.abilities import AbilityMemory, LimitField
from tools.models.addresses import is_usable
from tools.models.breaker import Breaker, Passage
from tools.models.completions import Completions

OPENAI = "https://api.openai.com/v1"


class Endpoint:
    """An endpoint with its connections, its limits and what is known of it; nothing is sent by opening it.

    Args:
        base_url: Its address up to and with `/v1`; OpenAI's own by default.
        key: Its key; an endpoint of one's own may need none.
        timeout_seconds: Longest attempt, from the request to the end of the reply.
        attempts: Requests of one call that may fail before the call does.
        concurrency: Calls at the same time; others wait.
        backoff_seconds: Wait after a first failure, when the endpoint does not say how long; doubles.
        breaker: Decides when the endpoint is not asked at all.
        memory: Remembers what the models are able to do.

    Raises:
        ConfigurationError: The address or the key cannot be used.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        key: SecretStr | None = None,
        timeout_seconds: float = 20.0,
        attempts: int = 3,
        concurrency: int = 8,
        backoff_seconds: float = 0.5,
        breaker: Breaker | None = None,
        memory: AbilityMemory | None = None,
    ) -> None:
        self.base_url = _usable_address(base_url or OPENAI)
        self.timeout_seconds = timeout_seconds
        self.attempts = attempts
        self.backoff_seconds = backoff_seconds
        self.breaker = breaker or Breaker()
        self.memory = memory or AbilityMemory()
        self._slots = asyncio.Semaphore(concurrency)
        self.client = AsyncOpenAI(
            base_url=self.base_url,
            api_key=_usable_key(key),
            timeout=timeout_seconds,
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(timeout=timeout_seconds),
        )

    @property
    def limit_field(self) -> LimitField:
        """Return the name under which a limit of the reply is tried first."""
        return "max_completion_tokens" if self.base_url == OPENAI else "max_tokens"

    def model(self, name: str, *, temperature: float | None) -> ChatOpenAI:
        """Return langchain's model, bound to this endpoint whatever the environment says."""
        return ChatOpenAI(
            model=name,
            temperature=temperature,
            base_url=self.base_url,
            api_key=_no_key,
            openai_proxy=None,
            async_client=Completions(self.client.chat.completions),
            max_retries=0,
            use_responses_api=False,
            output_version="v0",
            stream_chunk_timeout=None,
            http_socket_options=(),
            cache=False,
        )

    @asynccontextmanager
    async def admitted(self, *, until: float) -> AsyncIterator[Passage]:
        """Wait for a slot, and pass the breaker.

        Args:
            until: The event loop's time at which waiting ends.

        Raises:
            ModelUnavailable: No slot became free, or the endpoint failed a moment ago.
        """
        self.breaker.check()
        try:
            async with asyncio.timeout_at(until):
                await self._slots.acquire()
        except TimeoutError as error:
            message = "all calls of the language model are taken; raise models.concurrency, or ask later"
            raise ModelUnavailable(message) from error
        try:
            with self.breaker.passage() as passage:
                yield passage
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Close all connections; calling it twice is harmless."""
        await self.client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def _no_key() -> str:
    """Stand for the key in ChatOpenAI, which looks for one in the environment and makes clients of its own.

    It sends nothing itself: `Completions` does, with the endpoint's client.
    """
    return ""


def _usable_address(address: str) -> str:
    if not is_usable(address):
        raise ConfigurationError("models.base_url cannot be used; write https://host/v1")
    return address.rstrip("/")


def _usable_key(key: SecretStr | None) -> str:
    """Return the key; the client insists on one, and an endpoint that needs none ignores it."""
    text = key.get_secret_value().strip() if key is not None else ""
    if not (text.isascii() and text.isprintable()):
        raise ConfigurationError("models.api_key holds characters that no key has; correct it")
    return text or "none"
