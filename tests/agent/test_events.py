"""The public values: everything that is told or answered can be written as JSON and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.answer import RowsQuote
from agent.events import EVENTS, Cited, Clarified, Event, Failed, QueryMade, RowsFound, Token

ANY_TEXT = st.text(st.characters(codec=None, categories=["L", "N", "P", "S", "Z", "Cc", "Cs", "Co"]))


def written(event: Event) -> Event:
    """Return an event as whoever reads its JSON gets it."""
    return EVENTS.validate_json(EVENTS.dump_json(event))


@given(ANY_TEXT)
def test_any_text_can_be_told(text: str) -> None:
    """A language model's tokens, a question's words, a cell and its column among it."""
    events: list[Event] = [
        Token(text=text),
        Failed(message=text),
        Clarified(question=text, choices=[text]),
        QueryMade(text=text, knowledge_bases=[text]),
        RowsFound(statement=text, columns=[text], rows=[[text, 1, None]], count=1),
        Cited(citation=RowsQuote(id=1, statement=text, columns=[text], rows=[[text]], cells=[(0, text)])),
    ]
    assert [written(event) for event in events] == events


@pytest.mark.parametrize("text", ["", "Größe ⅓", "日本", "😀 e\u0301", "a\0b"])
def test_text_that_can_be_written_is_not_changed(text: str) -> None:
    """Emoji are pairs of surrogates only elsewhere."""
    assert Token(text=text).text == text


@pytest.mark.parametrize(("text", "expected"), [("a\ud800b", "a\ufffdb"), ("\udc00", "\ufffd")])
def test_half_a_pair_is_replaced(text: str, expected: str) -> None:
    """By the character that stands for what cannot be read."""
    assert Token(text=text).text == expected
