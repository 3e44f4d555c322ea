"""Addresses of endpoints: whatever is typed is used or refused, and never fails later."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI

from tools.models.addresses import is_usable

USABLE = (
    "https://api.example/v1",
    "http://localhost:11434/v1",
    "HTTP://host/v1/",
    "http://[::1]:8000/v1",
    "https://gateway.example/openai/deployments/x?api-version=1",
)
UNUSABLE = (
    *("", "not a url", "host/v1", "ftp://host/v1", "file:///etc/passwd", "https:///v1", "//host/v1"),
    *("http://[::1", "http://[zz]/v1", "http://host:99999/v1", "http://host:0/v1", "http://host:port/v1"),
    *("http://ex\x00/v1", "http://host/\n/v1", "http://999.1.1.1/v1", "http://ü..x/v1", "http://host/\ud800"),
    f"http://host/{'x' * 70_000}",
)


@pytest.mark.parametrize("address", USABLE)
def test_an_address_with_a_host_is_usable(address: str) -> None:
    """With port, path, query and in capitals."""
    assert is_usable(address)


@pytest.mark.parametrize("address", UNUSABLE, ids=lambda address: ascii(address[:30]))
def test_what_no_client_can_be_sent_to_is_not(address: str) -> None:
    """Another scheme, no host, a port that is none, characters that no address has."""
    assert not is_usable(address)


@given(st.text(max_size=20).map(lambda text: f"http://{text}"))
def test_a_usable_address_makes_a_client(address: str) -> None:
    """Whatever is said to be usable is read by the client itself without an error."""
    if is_usable(address):
        assert AsyncOpenAI(base_url=address, api_key="any").base_url.scheme == "http"
