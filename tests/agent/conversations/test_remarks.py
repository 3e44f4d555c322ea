"""What people write besides questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.conversations.remarks import LONGEST_SAYING, MOST_EXCHANGES, exchanges, remark
from agent.storage.records import Earlier
from tools.errors import InvalidInput


@given(st.text(alphabet=st.characters(codec=None), max_size=50))
def test_any_text_becomes_one_that_can_be_kept(text: str) -> None:
    """UTF-8 without control characters; keeping it twice changes nothing."""
    kept = remark(text, what="note", most=50)
    assert kept.encode().decode() == kept
    assert "\x00" not in kept
    assert remark(kept, what="note", most=50) == kept


def test_lines_stay_as_they_were_written() -> None:
    """Only what cannot be seen goes."""
    assert remark(" Call me\x00\nafter\t6 pm \x1b", what="note", most=50) == "Call me\nafter\t6 pm"


def test_what_is_too_long_is_refused_by_its_name() -> None:
    """Nothing is cut off silently."""
    with pytest.raises(InvalidInput, match="the note has 6 characters, at most 5"):
        remark("x" * 6, what="note", most=5)
    with pytest.raises(InvalidInput, match="earlier answer"):
        exchanges([Earlier(question="a", answer="x" * (LONGEST_SAYING + 1))])
    with pytest.raises(InvalidInput, match="give the last 50"):
        exchanges([Earlier(question="a", answer="b")] * (MOST_EXCHANGES + 1))
