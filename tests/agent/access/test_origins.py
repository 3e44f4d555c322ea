"""Origins as browsers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.access.origins import origin_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example:443/", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:8080", "http://shop.example:8080"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("null", None),
        ("*", None),
        ("", None),
        ("shop.example", None),
        ("https://shop.example/page", None),
        ("https://shop.example?x", None),
        ("https://shop.example#x", None),
        ("https://user@shop.example", None),
        ("https://shop.example:99999", None),
        ("https://[::1", None),
        ("file:///etc/passwd", None),
    ],
)
def test_an_origin_is_scheme_host_and_port_alone(text: str, expected: str | None) -> None:
    """Anything else is none."""
    assert origin_of(text) == expected


@given(st.text() | st.from_regex(r"https?://[^/]{0,30}"))
def test_an_origin_that_was_read_reads_the_same_again(text: str) -> None:
    """And no text breaks anything."""
    origin = origin_of(text)
    assert origin is None or origin_of(origin) == origin
