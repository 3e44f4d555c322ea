"""What drivers return, as plain cells."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.cells import MOST_CHARACTERS, to_cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2.5, 2.5),
        (float("nan"), None),
        (float("-inf"), "-Infinity"),
        (Decimal("Infinity"), "Infinity"),
        (Decimal("1E+400"), "1E+400"),
        (Decimal("123456789012345678901234567890123.5"), "123456789012345678901234567890123.5"),
        (Decimal("3.3333333333333333333"), 3.3333333333333335),
        (Decimal(12), 12),
        (Decimal("12.00"), 12.0),
        (Decimal("0.1"), 0.1),
        (Decimal("NaN"), None),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, 30, tzinfo=UTC), "2026-03-01 12:30:00+00:00"),
        (time(9, 5), "09:05:00"),
        (timedelta(days=1, hours=2), "1 day, 2:00:00"),
        (b"abc", "<3 bytes>"),
        (memoryview(b"abcd"), "<4 bytes>"),
        ({"a": [1, "ü"]}, '{"a": [1, "ü"]}'),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("x" * MOST_CHARACTERS, "x" * MOST_CHARACTERS),
        ("x" * (MOST_CHARACTERS + 1), "x" * (MOST_CHARACTERS - 1) + "…"),
    ],
)
def test_each_value_becomes_a_plain_cell(value: object, cell: object) -> None:
    """Of the same type, too."""
    assert to_cell(value) == cell
    assert type(to_cell(value)) is type(cell)


@given(
    st.one_of(st.text(), st.floats(), st.decimals(), st.binary(), st.dates(), st.datetimes(), st.integers())
)
def test_any_cell_is_valid_json(value: object) -> None:
    """Rows are sent to browsers and kept in traces."""
    assert json.loads(json.dumps(to_cell(value), allow_nan=False)) == to_cell(value)
