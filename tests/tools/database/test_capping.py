"""Results stay small, however much a statement gives."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.capping import capped
from tools.errors import RejectedQuery


def endless(asked: list[int], text: str = "x") -> Iterator[tuple[object, ...]]:
    """Yield rows for ever and note how many were taken."""
    while True:
        asked.append(1)
        yield (text, 1)


def test_no_more_rows_are_taken_than_are_needed_to_know_that_some_are_missing() -> None:
    """One beyond the limit."""
    asked: list[int] = []
    table = capped(("a", "b"), endless(asked), limit=3)
    assert (len(table.rows), table.truncated, len(asked)) == (3, True, 4)


def test_the_bytes_of_all_cells_are_bounded() -> None:
    """Text counts in UTF-8, a number as eight bytes; what does not fit is cut and said."""
    table = capped(("a", "b"), endless([], "ü" * 21), limit=100, most_bytes=101)
    assert (len(table.rows), table.truncated) == (2, True)


def test_megabyte_cells_are_cut_before_they_count() -> None:
    """A thousand of them fit, cut to what a reader sees."""
    rows = [("y" * 1_000_000,)] * 900
    table = capped(("a",), iter(rows), limit=1_000)
    assert (len(table.rows), table.truncated) == (900, False)
    assert max(len(str(cell)) for row in table.rows for cell in row) == 2_000


def test_a_single_row_that_is_too_large_is_a_problem_of_the_statement() -> None:
    """An empty result would be a wrong answer."""
    with pytest.raises(RejectedQuery, match="fewer columns") as error:
        capped(("a",), [("z" * 1_000,) * 3], limit=5, most_bytes=2_000)
    assert error.value.problem == "too_large"


def test_nothing_is_kept_of_a_limit_of_zero() -> None:
    """The columns are there; that rows are missing is said."""
    table = capped(("a", "b"), endless([]), limit=0)
    assert (table.columns, table.rows, table.truncated) == (("a", "b"), (), True)


@given(
    st.lists(st.tuples(st.one_of(st.text(max_size=40), st.integers(), st.none())), max_size=30),
    st.integers(0, 20),
    st.integers(200, 400),
)
def test_what_is_kept_is_the_beginning_and_fits(
    rows: list[tuple[object]], limit: int, most_bytes: int
) -> None:
    """Truncated says exactly whether something is missing."""
    table = capped(("a",), iter(rows), limit=limit, most_bytes=most_bytes)
    assert list(table.rows) == rows[: len(table.rows)]
    assert len(table.rows) <= limit
    assert table.truncated == (len(table.rows) < len(rows))
