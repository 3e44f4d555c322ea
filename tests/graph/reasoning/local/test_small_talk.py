"""Courtesies."""

import pytest

from graph.reasoning.local.small_talk import courtesy

ABOUT = "Ask me about kettles {not a field}."


@pytest.mark.parametrize(
    "message", ["Hi!", "hello there", "What can you do?", "Who are you?", "How are you today?"]
)
def test_a_greeting_tells_what_can_be_asked(message: str) -> None:
    """As the installation describes it, braces and all."""
    assert ABOUT in (courtesy(message, about=ABOUT) or "")


@pytest.mark.parametrize(
    "message", ["Thanks!", "Thank you so much.", "bye", "OK, thanks", "thanks for your help"]
)
def test_a_courtesy_is_returned(message: str) -> None:
    """Without a search."""
    assert courtesy(message, about=ABOUT)


@pytest.mark.parametrize(
    "message",
    [
        "Hi, how long does it boil?",
        "Thanks, and the price?",
        "help me descale it",
        "What is your price?",
        "?",
        "",
    ],
)
def test_a_message_that_asks_something_is_no_courtesy(message: str) -> None:
    """However polite it begins."""
    assert courtesy(message, about=ABOUT) is None
