"""Cursors: what was given out reads back, anything else is refused."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.storage.cursors import moment_cursor, place_cursor, read_moment, read_place
from tools.errors import InvalidInput


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_a_place_reads_back(place: int) -> None:
    """Whatever a database counts to."""
    assert read_place(place_cursor(place)) == place


@given(st.datetimes(timezones=st.just(UTC)), st.text("0123456789abcdef", min_size=1, max_size=64))
def test_a_moment_and_an_id_read_back(moment: datetime, identifier: str) -> None:
    """To the microsecond."""
    assert read_moment(moment_cursor(moment, identifier)) == (moment, identifier)


@given(
    st.text(max_size=80)
    | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=", max_size=40)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else happens."""
    for read in (read_place, read_moment):
        with suppress(InvalidInput):
            read(text)


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="not even base64"),
        pytest.param("ünïcode", id="not ASCII"),
        pytest.param("e30", id="an object"),
        pytest.param("W10", id="an empty list"),
        pytest.param("W3RydWVd", id="a truth"),
        pytest.param("Wy0xXQ", id="a negative number"),
        pytest.param("WzE4NDQ2NzQ0MDczNzA5NTUxNjE2XQ", id="a number that no database counts to"),
        pytest.param("WzE4NDQ2NzQ0MDczNzA5NTUxNjE2LCAiYSJd", id="a moment after the end of time"),
        pytest.param("W1tb" * 60, id="too long"),
        pytest.param("NDI", id="a bare number"),
        pytest.param("WzFd!", id="more than its letters"),
    ],
)
def test_what_was_not_given_out_is_refused(cursor: str) -> None:
    """As a place and as a moment."""
    for read in (read_place, read_moment):
        with pytest.raises(InvalidInput, match="cursor"):
            read(cursor)
