"""Citations made from what they cite."""

from dataclasses import replace

from graph.reasoning.citing import cite_rows, shown_cells
from graph.reasoning.tables import MOST_ROWS, as_table
from graph.state import Claim
from tests.fakes_graph import rows_of
from tools.types import Chart, Rows

SALES = rows_of(("Kettle", 40), ("Mug", 12), ("Lid", 3), columns=("name", "sold"))


def cells_of(rows: Rows, *claims: Claim) -> list[tuple[int, str]]:
    """Return the cells that the claims show of these rows."""
    return shown_cells(cite_rows(1, rows), claims)


def test_rows_that_call_for_a_drawing_say_how() -> None:
    """A ranking is drawn, a single row is not."""
    assert cite_rows(1, SALES).chart == Chart(kind="bar", label="name", value="sold")
    assert cite_rows(1, rows_of(("Kettle", 40))).chart is None


def test_a_sentence_shows_the_cells_whose_values_it_holds() -> None:
    """By row and column, and only of what it cites; 4 is not part of 40."""
    claim = Claim(text="The Mug sold 12 times.", citations=(1,))
    assert cells_of(SALES, claim) == [(1, "name"), (1, "sold")]
    assert cells_of(SALES, replace(claim, citations=(2,))) == []
    assert cells_of(rows_of(("x", 4)), Claim(text="It sold 40.", citations=(1,))) == []


def test_a_value_is_found_as_people_write_it() -> None:
    """Amounts have two decimals, and nothing is unknown."""
    rows = rows_of((9.5, None), columns=("price", "since"))
    assert cells_of(rows, Claim(text="It costs 9.50, since unknown.", citations=(1,))) == [
        (0, "price"),
        (0, "since"),
    ]


def test_a_table_shows_its_first_rows() -> None:
    """Every cell of them, and none of those that it leaves out."""
    rows = rows_of(*((f"P{number}", number * 7 % 5) for number in range(MOST_ROWS + 3)))
    cells = cells_of(rows, Claim(text=as_table(rows), citations=(1,), kind="table"))
    assert cells == [(number, name) for number in range(MOST_ROWS) for name in ("name", "stock")]


def test_a_ranking_says_who_leads() -> None:
    """From either end, and not when rows are missing."""
    assert "(3 rows, highest: Kettle, 40)" in as_table(SALES)
    assert "(3 rows, lowest: Lid, 3)" in as_table(replace(SALES, rows=SALES.rows[::-1]))
    assert "highest" not in as_table(replace(SALES, truncated=True))
