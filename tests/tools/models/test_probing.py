"""The ping: who can serve, and what is wrong with who cannot."""

from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from tests.endpoint.server import TELLTALE, Fault, Reply, always
from tests.endpoint.server import Endpoint as Server
from tools.errors import ConfigurationError, ModelRefused, ModelUnavailable
from tools.models.chat import OpenAIChat
from tools.models.endpoint import Endpoint


async def ping(base_url: str, *, model: str = "m", key: str | None = None) -> None:
    """Ping a model."""
    secret = None if key is None else SecretStr(key)
    async with Endpoint(base_url=base_url, key=secret, timeout_seconds=0.5) as endpoint:
        await OpenAIChat(model, endpoint=endpoint).ping()


async def test_a_model_that_is_served_is_looked_up_once() -> None:
    """Nothing is generated."""
    with Server(models=["m", "n"], key="right") as server:
        await ping(server.base_url, key="right")
        assert [request.path for request in server.requests] == ["/v1/models/m"]


async def test_a_wrong_key_is_told() -> None:
    """With what to set, and without the key."""
    with (
        Server(key="right") as server,
        pytest.raises(ModelRefused, match=r"OPENAI_API_KEY or models\.api_key") as caught,
    ):
        await ping(server.base_url, key="wrong-key")
    assert "wrong-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("models", "named"),
    [(["b", "a"], "a, b"), (["f", "e", "d", "c", "b", "a"], "a, b, c, d, e")],
    ids=["both", "five of six"],
)
async def test_an_unknown_model_is_told_with_some_that_are_served(models: Sequence[str], named: str) -> None:
    """Five at most."""
    with Server(models=models) as server, pytest.raises(ModelRefused, match=r"models\.chat") as caught:
        await ping(server.base_url, model="unknown")
    assert str(caught.value).endswith(f": {named}")
    assert "unknown" not in str(caught.value)


@pytest.mark.parametrize("fault", [Fault.UNKNOWN_MODEL, Fault.HTML_200, Fault.WRONG_BODY])
async def test_a_server_without_a_list_of_models_is_asked_to_chat(fault: Fault) -> None:
    """A few tokens tell whether it can."""
    with Server(others=always(Reply(fault=fault))) as server:
        await ping(server.base_url)
        assert [request.path for request in server.requests][-1] == "/v1/chat/completions"
        assert server.requests[-1].body["max_tokens"] == 16


async def test_a_server_that_knows_neither_list_nor_model_is_told() -> None:
    """Without a suggestion."""
    fault = always(Reply(fault=Fault.UNKNOWN_MODEL))
    with (
        Server(fault, others=fault) as server,
        pytest.raises(ModelRefused, match=r"models\.chat or models\.base_url"),
    ):
        await ping(server.base_url)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.RESET, Fault.NEVER])
async def test_an_endpoint_that_is_away_is_told(fault: Fault) -> None:
    """At once or after the timeout."""
    with Server(others=always(Reply(fault=fault))) as server, pytest.raises(ModelUnavailable) as caught:
        await ping(server.base_url)
    assert TELLTALE not in str(caught.value)
    assert server.base_url not in str(caught.value)


async def test_an_endpoint_that_does_not_exist_is_told() -> None:
    """The port was free a moment ago."""
    with Server() as server:
        address = server.base_url
    with pytest.raises(ModelUnavailable, match=r"models\.base_url"):
        await ping(address)


@pytest.mark.parametrize(
    "address", ["", "localhost:8000", "ftp://host/v1", "http://", "http://[", "http://h:0/v1"]
)
def test_an_address_that_cannot_be_one_is_told_before_anything_is_sent(address: str) -> None:
    """Without repeating it."""
    if not address:
        assert Endpoint(base_url=address).base_url.startswith("https://")
        return
    with pytest.raises(ConfigurationError, match=r"models\.base_url") as caught:
        Endpoint(base_url=address)
    assert address not in str(caught.value)


def test_a_key_that_cannot_be_one_is_told_before_anything_is_sent() -> None:
    """A header takes no line break, and no letter beyond ASCII."""
    for key in ("a\nb", "schlüssel"):
        with pytest.raises(ConfigurationError, match=r"models\.api_key") as caught:
            Endpoint(key=SecretStr(key))
        assert key not in str(caught.value)


async def test_the_environment_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings alone do; the libraries below would read all of these."""
    with Server(key="right") as server:
        for name in (
            "OPENAI_API_KEY",
            "OPENAI_PROXY",
            "OPENAI_API_BASE",
            "OPENAI_BASE_URL",
            "LANGSMITH_GATEWAY",
        ):
            monkeypatch.setenv(name, "http://127.0.0.1:9/wrong")
        await ping(server.base_url, key="right")
