"""Tokens and money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.models.pricing import Price, Usage, tokens_of, tokens_of_all
from tools.types import Message


def test_a_model_without_a_price_is_free() -> None:
    """As one's own is."""
    assert Price().cost(Usage(input_tokens=10**6, output_tokens=10**6)) == 0


def test_a_million_tokens_cost_the_price() -> None:
    """Input and output each."""
    price = Price(input=2.0, output=8.0)
    assert price.cost(Usage(input_tokens=10**6)) == 2.0
    assert price.cost(Usage(output_tokens=10**6)) == 8.0


def test_cached_input_costs_as_much_as_other_input_unless_it_has_a_price() -> None:
    """A price of nothing is a price."""
    usage = Usage(input_tokens=10**6, cached_tokens=10**6)
    assert Price(input=2.0).cost(usage) == 2.0
    assert Price(input=2.0, cached_input=0.5).cost(usage) == 0.5
    assert Price(input=2.0, cached_input=0.0).cost(usage) == 0


counts = st.integers(0, 10**6)
usages = st.builds(Usage, input_tokens=counts, output_tokens=counts, estimated=st.booleans())


@given(usages, usages)
def test_the_cost_of_two_replies_is_the_sum_of_both(one: Usage, other: Usage) -> None:
    """And an estimate in one makes the whole an estimate."""
    price = Price(input=1.5, output=6.0)
    assert price.cost(one + other) == pytest.approx(price.cost(one) + price.cost(other))
    assert (one + other).estimated == (one.estimated or other.estimated)


@given(st.text(), st.text())
def test_a_longer_text_never_has_fewer_tokens(one: str, other: str) -> None:
    """And no text with a character has none."""
    assert tokens_of(one + other) >= tokens_of(one)
    assert tokens_of(one) >= len(one) / 3


def test_messages_have_tokens_around_their_text() -> None:
    """The chat template's."""
    assert tokens_of_all([Message(role="user", text="abc"), Message(role="user", text="")]) == 1 + 2 * 4


def test_half_a_character_has_tokens_too() -> None:
    """A lone surrogate cannot be encoded."""
    assert tokens_of("\ud800") == 1
