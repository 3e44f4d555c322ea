"""Asking an endpoint whether it can serve a model, as cheaply as it allows."""

import asyncio

from tools.errors import ModelRefused
from tools.models.endpoint import Endpoint
from tools.models.failures import NONSENSE, SLOW, UNKNOWN_MODEL, Failed, failures
from tools.models.replies import OfferedModel, OfferedModels

MODELS_NAMED = 5
"""Models of the endpoint that a message names at most."""
NAME_CHARACTERS = 80
PROBE_TOKENS = 16
"""Reply of a probing chat: fewer than 16 are not accepted by every model."""


async def ping(endpoint: Endpoint, model: str) -> None:
    """Look the model up, else in the list of all, else chat.

    Some compatible servers have no list, and some lists lack the aliases that may be asked for.

    Raises:
        ModelError: The endpoint cannot be reached, or does not accept the key or the model.
    """
    try:
        async with asyncio.timeout(endpoint.timeout_seconds):
            if not await _knows(endpoint, model):
                await _find(endpoint, model)
    except TimeoutError as error:
        raise Failed(SLOW).error from error
    except Failed as failed:
        raise failed.error from failed.__cause__


async def _knows(endpoint: Endpoint, model: str) -> bool:
    try:
        with failures():
            raw = await endpoint.client.models.with_raw_response.retrieve(model)
            OfferedModel.model_validate_json(raw.content)
    except Failed as failed:
        if _tells_nothing(failed):
            return False
        raise
    return True


async def _find(endpoint: Endpoint, model: str) -> None:
    offered = await _offered(endpoint)
    if model in offered:
        return
    try:
        with failures():
            await endpoint.client.chat.completions.with_raw_response.create(
                model=model,
                messages=[{"role": "user", "content": "Hello"}],
                extra_body={endpoint.limit_field: PROBE_TOKENS},
            )
    except Failed as failed:
        if not offered or not _tells_nothing(failed):
            raise
        names = ", ".join(sorted(offered)[:MODELS_NAMED])
        message = "the language model's endpoint does not serve the model; set models.chat to one of its own"
        raise ModelRefused(f"{message}, such as: {names}") from failed


async def _offered(endpoint: Endpoint) -> list[str]:
    """Return the names of the models that the endpoint lists; none when it keeps no list."""
    try:
        with failures():
            raw = await endpoint.client.models.with_raw_response.list()
            offered = OfferedModels.model_validate_json(raw.content)
    except Failed as failed:
        if _tells_nothing(failed):
            return []
        raise
    return [model.id for model in offered.data if model.id.isprintable() and len(model.id) <= NAME_CHARACTERS]


def _tells_nothing(failed: Failed) -> bool:
    """Tell whether the endpoint did not understand the question, or knows no such model."""
    return failed.declined or failed.kind in (UNKNOWN_MODEL, NONSENSE)
