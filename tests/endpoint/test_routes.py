"""Keys, models, abilities and embeddings, proved with the real client."""

import base64
from typing import Any

import numpy
import openai
import pytest

from tests.endpoint.asking import (
    FORCED,
    JSON_OBJECT,
    JSON_SCHEMA,
    JSON_TEXT,
    WITH_USAGE,
    ask,
    client_of,
    collect,
    text_of,
)
from tests.endpoint.server import TELLTALE, Ability, Endpoint, Fault, Reply, always

pytestmark = pytest.mark.enable_socket


async def test_a_wrong_key_is_unauthorized() -> None:
    """Every route asks for the key; the message repeats what was given, as OpenAI's does."""
    with Endpoint(key="right-key") as endpoint:
        with pytest.raises(openai.AuthenticationError) as caught:
            await ask(endpoint, key="wrong-key")
        assert (await ask(endpoint, key="right-key")).choices[0].message.content == "Hello."
    assert caught.value.code == "invalid_api_key"
    assert "wrong-key" in caught.value.message
    assert TELLTALE in caught.value.message


async def test_models_are_listed_and_unknown_ones_not_found() -> None:
    """Names may have slashes; chat and embeddings know the same names."""
    with Endpoint(models=["some/any", "any"]) as endpoint:
        async with client_of(endpoint) as client:
            assert [model.id async for model in client.models.list()] == ["some/any", "any"]
            assert (await client.models.retrieve("some/any")).id == "some/any"
            assert (await ask(endpoint)).model == "any"
            with pytest.raises(openai.NotFoundError) as caught:
                await client.models.retrieve("none")
            with pytest.raises(openai.NotFoundError):
                await client.chat.completions.create(model="none", messages=[])
            with pytest.raises(openai.NotFoundError):
                await client.embeddings.create(model="none", input="a")
    assert caught.value.code == "model_not_found"


async def test_every_model_is_known_unless_some_are_named() -> None:
    """A lenient endpoint serves any name."""
    with Endpoint() as endpoint:
        async with client_of(endpoint) as client:
            assert (await client.models.retrieve("whatever")).id == "whatever"
            assert len([model async for model in client.models.list()]) == 1


async def test_another_path_is_not_found_in_the_same_shape() -> None:
    """The error is an object that the client understands."""
    with Endpoint() as endpoint:
        async with client_of(endpoint) as client:
            with pytest.raises(openai.NotFoundError) as caught:
                await client.completions.create(model="any", prompt="a")
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize("encoding", [None, "float", "base64"])
async def test_embeddings_are_deterministic_and_of_the_asked_dimension(encoding: str | None) -> None:
    """Texts with words in common are nearer; vectors are not normalised."""
    chosen: dict[str, Any] = {} if encoding is None else {"encoding_format": encoding}
    with Endpoint(dimension=32) as endpoint:
        async with client_of(endpoint) as client:
            texts = ["a plumb line", "the plumb line", "quite different words", ""]
            reply = await client.embeddings.create(model="any", input=texts, **chosen)
            again = await client.embeddings.create(model="any", input="a plumb line", dimensions=8)
    sent = [each.embedding for each in reply.data]
    if encoding == "base64":
        sent = [numpy.frombuffer(base64.b64decode(str(each)), dtype="<f4").tolist() for each in sent]
    vectors = numpy.array(sent)
    assert vectors.shape == (4, 32)
    assert numpy.linalg.norm(vectors[0]) > 1.5
    assert numpy.linalg.norm(vectors[3]) > 0
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert len(again.data[0].embedding) == 8


async def test_embeddings_of_tokens_are_one_for_each_list() -> None:
    """A client may cut texts into tokens itself."""
    with Endpoint() as endpoint:
        async with client_of(endpoint) as client:
            one = await client.embeddings.create(model="any", input=[5, 6, 7])
            two = await client.embeddings.create(model="any", input=[[5, 6, 7], [8]])
    assert (len(one.data), len(two.data)) == (1, 2)
    assert one.data[0].embedding == two.data[0].embedding


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.UNAVAILABLE, openai.InternalServerError),
        (Fault.RESET, openai.APIConnectionError),
        (Fault.RATE_LIMITED, openai.RateLimitError),
        (Fault.MALFORMED_JSON, ValueError),
    ],
)
async def test_faults_reach_embeddings_too(fault: Fault, expected: type[Exception]) -> None:
    """`others` decides on what is not a chat request."""
    with Endpoint(others=always(Reply(fault=fault))) as endpoint:
        async with client_of(endpoint) as client:
            with pytest.raises(expected):
                await client.embeddings.create(model="any", input="a")
        assert (await ask(endpoint)).choices[0].message.content == "Hello."


NEEDS: list[tuple[Ability, dict[str, Any]]] = [
    ("json_schema", JSON_SCHEMA),
    ("json_object", JSON_OBJECT),
    ("tools", FORCED),
    ("stream_usage", WITH_USAGE | {"stream": True}),
]


@pytest.mark.parametrize(("ability", "options"), NEEDS, ids=[need[0] for need in NEEDS])
async def test_a_missing_ability_is_rejected(ability: Ability, options: dict[str, Any]) -> None:
    """Only the request that needs it is refused."""
    others = {need for need, _ in NEEDS} - {ability}
    with Endpoint(always(Reply(JSON_TEXT)), abilities=others) as endpoint:
        with pytest.raises(openai.BadRequestError) as caught:
            await ask(endpoint, **options)
        for need, chosen in NEEDS:
            if need != ability:
                await ask(endpoint, **chosen)
    assert caught.value.code == "unsupported_parameter"
    assert caught.value.param in options


@pytest.mark.parametrize("options", [JSON_SCHEMA, JSON_OBJECT, FORCED], ids=["schema", "object", "tools"])
async def test_an_ignored_ability_gives_prose(options: dict[str, Any]) -> None:
    """Some local servers answer as if nothing had been asked."""
    with Endpoint(always(Reply(JSON_TEXT)), abilities=(), ignores=True) as endpoint:
        message = (await ask(endpoint, **options)).choices[0].message
    assert message.content.startswith("Certainly!")
    assert not message.tool_calls


async def test_an_ignored_wish_for_usage_gives_none() -> None:
    """The stream is whole otherwise."""
    with Endpoint(abilities=(), ignores=True) as endpoint:
        chunks: list[Any] = []
        await collect(endpoint, chunks, **WITH_USAGE)
    assert text_of(chunks) == "Hello."
    assert all(chunk.usage is None for chunk in chunks)
