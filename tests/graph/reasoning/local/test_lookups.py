"""Whether the database is asked, and how."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.reasoning.local.lookups import LIKELY, UNDERSTOOD, prefers_sql, write_sql
from tools.types import Match

COUNT = Match(query="order_count", score=0.9, unknown=("averag", "pleas", "total"))
AVERAGE = "Average total of the orders for each country"


@pytest.mark.parametrize(
    ("match", "prefers"),
    [
        pytest.param(None, True, id="no query fits"),
        pytest.param(
            Match(query="order", score=0.9, missing=("Which order?",)), True, id="one lacks a variable"
        ),
        pytest.param(COUNT, True, id="one knows nothing of what is asked"),
        pytest.param(Match(query="order_count", score=0.9), False, id="one knows every word"),
        pytest.param(
            Match(query="order_count", score=0.9, unknown=("pleas",)), False, id="so does the SQL not"
        ),
    ],
)
def test_sql_is_preferred_where_it_says_more_than_the_named_query(match: Match | None, prefers: bool) -> None:
    """A question whose named query fits never becomes SQL."""
    assert prefers_sql(match, AVERAGE) is prefers


def test_sql_makes_the_documents_less_likely() -> None:
    """As a named query does."""
    chosen = write_sql({"guides": 0.2}, likely=UNDERSTOOD)
    assert chosen is not None
    assert chosen.writes_sql
    assert chosen.asks_database
    assert not chosen.must_ask
    assert chosen.bases["guides"] < 0.2


@pytest.mark.parametrize(("base", "writes"), [(0.5, True), (0.7, True), (0.8, False), (0.99, False)])
def test_documents_that_surely_answer_are_not_talked_over(base: float, writes: bool) -> None:
    """The odds of the likeliest base count against the database."""
    assert (write_sql({"guides": base, "rules": 0.1}, likely=UNDERSTOOD) is not None) is writes


probabilities = st.floats(0.0, 1.0)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), probabilities), probabilities)
def test_sql_is_written_only_when_it_is_likely(bases: Mapping[str, float], likely: float) -> None:
    """Probabilities stay probabilities."""
    chosen = write_sql(bases, likely=likely)
    if chosen is not None:
        assert chosen.probability >= LIKELY
        assert all(0 <= p <= 1 for p in (chosen.probability, *chosen.bases.values()))
