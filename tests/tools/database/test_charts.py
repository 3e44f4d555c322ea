"""Which results call for a drawing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.charts import chart_for
from tools.types import Cell, Chart

MONTHS = [("2026-01", 3.0), ("2026-02", 9.5), ("2026-03", 1.0)]
RANKING = [("Alder", 30), ("Birch", 12), ("Cedar", 12)]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (("month", "sales"), MONTHS),
        (("year", "count"), [(2020, 4), (2021, 9), (2022, 1)]),
        (("shipped", "orders"), [("2026-01-03", 1), ("2026-01-02", 2), ("2026-01-01", 0)]),
        (("quarter", "sales"), [("2025-Q3", 3), ("2025-Q4", 1), ("2026-Q1", 2)]),
    ],
)
def test_numbers_over_time_are_a_line(columns: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> None:
    """In order of time, forwards or backwards; a year is a point in time although it is a number."""
    assert chart_for(columns, rows) == Chart(kind="line", label=columns[0], value=columns[1])


@pytest.mark.parametrize("rows", [RANKING, RANKING[::-1]])
def test_numbers_in_order_are_a_ranking(rows: list[tuple[Cell, ...]]) -> None:
    """From the largest or from the smallest, wherever the number stands."""
    assert chart_for(("product", "sold"), rows) == Chart(kind="bar", label="product", value="sold")
    turned = [row[::-1] for row in rows]
    assert chart_for(("sold", "product"), turned) == Chart(kind="bar", label="product", value="sold")


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (("product", "sold"), RANKING[:2]),
        (("product", "sold"), [("Alder", 1), ("Birch", 9), ("Cedar", 4)]),
        (("product", "sold"), [("Alder", 3), ("Birch", 3), ("Cedar", 3)]),
        (("product", "sold"), [("Alder", 3), ("Alder", 2), ("Cedar", 1)]),
        (("product", "sold"), [("Alder", None), ("Birch", 2), ("Cedar", 1)]),
        (("product", "maker"), [("Alder", "x"), ("Birch", "y"), ("Cedar", "z")]),
        (("product", "order_id"), RANKING),
        (("sold", "cost"), [(1, 2), (3, 4), (5, 6)]),
        (("month", "sales"), [MONTHS[1], MONTHS[0], MONTHS[2]]),
        (("sold",), [(3,), (2,), (1,)]),
        (("a", "b", "c", "d"), [("x", "y", "z", 1)] * 3),
        (("product", "sold"), [(f"P{number}", -number) for number in range(31)]),
    ],
)
def test_everything_else_is_a_table(columns: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> None:
    """Few or equal or unordered numbers, names twice, gaps, keys, and too many bars."""
    assert chart_for(columns, rows) is None


cells = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[cells] * n), max_size=6)))
def test_a_chart_names_a_column_of_labels_and_one_of_numbers(rows: list[tuple[Cell, ...]]) -> None:
    """Whatever the database gives back."""
    columns = tuple(f"column {place}" for place in range(len(rows[0]) if rows else 2))
    chart = chart_for(columns, rows)
    if chart is not None:
        place = columns.index(chart.value)
        assert chart.label in columns
        assert chart.label != chart.value
        assert all(isinstance(row[place], int | float) for row in rows)
