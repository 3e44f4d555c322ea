"""Opens the endpoint of the language models, and the models on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from agent.settings import Settings
from tools.errors import ConfigurationError

if TYPE_CHECKING:
    from tools.models.chat import OpenAIChat
    from tools.models.endpoint import Endpoint

ABILITIES = "models.json"
"""File of the data folder that remembers what each model of each endpoint is able to do."""


@asynccontextmanager
async def open_endpoint(settings: Settings) -> "AsyncIterator[Endpoint]":
    """Open the endpoint of the language models; nothing is sent yet.

    Raises:
        ConfigurationError: None is configured, or its address or key cannot be used.
    """
    from tools.models.abilities import AbilityMemory
    from tools.models.endpoint import Endpoint

    models = settings.models
    if not models.reachable:
        raise ConfigurationError(
            'assistant.mode is "llm", but there is no endpoint; set OPENAI_API_KEY or models.base_url, '
            'or set the mode to "auto"'
        )
    async with Endpoint(
        base_url=models.base_url,
        key=models.api_key,
        timeout_seconds=models.seconds,
        attempts=models.attempts,
        concurrency=models.concurrency,
        memory=AbilityMemory(settings.folder / ABILITIES),
    ) as endpoint:
        yield endpoint


def chat_for(settings: Settings, endpoint: "Endpoint", name: str | None = None) -> "OpenAIChat":
    """Return one model of the endpoint; the one that writes by default."""
    from tools.models.chat import OpenAIChat
    from tools.models.pricing import Price

    models = settings.models
    name = name or models.chat
    price = models.prices.get(name)
    return OpenAIChat(
        name,
        endpoint=endpoint,
        price=Price(**price.model_dump()) if price else None,
        output_tokens=models.output_tokens,
        temperature=models.temperature,
    )
