"""Rows as sentences and tables."""

import pytest

from graph.reasoning.tables import MOST_ROWS, as_sentence, as_table, spell
from tests.fakes_graph import rows_of
from tools.types import Cell


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (True, "yes"),
        (False, "no"),
        (4, "4"),
        (4.0, "4"),
        (12.5, "12.50"),
        (0.004, "0.004"),
        ("a", "a"),
    ],
)
def test_values_are_spelled_as_people_write_them(value: Cell, text: str) -> None:
    """Truth values, nothing, and amounts."""
    assert spell(value) == text


def test_one_row_fills_the_catalogues_sentence() -> None:
    """Columns win over parameters; anything that is no field stays as written."""
    rows = rows_of(
        ("Kettle", 4.5),
        answer="{name} costs {stock} in {city}: {unknown} {{x}}",
        parameters=(("city", "Oslo"),),
    )
    assert as_sentence(rows) == "Kettle costs 4.50 in Oslo: {unknown} {x}"


def test_a_hostile_field_reaches_no_attribute() -> None:
    """Formats and attributes are not evaluated."""
    rows = rows_of(("Kettle", 4), answer="{name.__class__} {name[0]}")
    assert "class '" not in (as_sentence(rows) or "")


def test_no_rows_fill_the_empty_sentence_or_say_nothing() -> None:
    """The parameters can be named."""
    assert as_sentence(rows_of(empty="No {name}.", parameters=(("name", "Mug"),))) == "No Mug."
    assert as_sentence(rows_of()) is None


def test_a_single_value_needs_no_sentence_of_its_own() -> None:
    """The description introduces it."""
    assert as_sentence(rows_of((7,), columns=("stock",))) == "Stock of products: 7."
    assert as_sentence(rows_of(("Kettle", 4))) is None
    assert as_sentence(rows_of((7,), (8,), columns=("stock",), answer="{stock}")) is None


def test_a_table_has_headings_and_escaped_cells() -> None:
    """Bars and line breaks cannot break out of their cell."""
    rows = rows_of(("a|b\nc", 1), ("Mug", None), columns=("product_name", "stock"))
    assert as_table(rows) == (
        "Stock of products (2 rows).\n\n"
        "| product name | stock |\n|---|---|\n| a\\|b c | 1 |\n| Mug | unknown |"
    )


def test_a_long_table_says_what_it_leaves_out() -> None:
    """And a result that was cut says that there may be more."""
    table = as_table(rows_of(*((str(n), n) for n in range(MOST_ROWS + 1)), truncated=True))
    assert table.startswith(f"Stock of products ({MOST_ROWS + 1} or more rows, the first {MOST_ROWS} shown).")
    assert len(table.splitlines()) == MOST_ROWS + 4
