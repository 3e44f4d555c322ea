"""Plans written for people."""

from hypothesis import given
from hypothesis import strategies as st

from tools.database.costs import Node
from tools.database.plans import MOST_CHARACTERS, MOST_LINES, postgres_lines, sqlite_lines

JOIN: Node = {
    "Node Type": "Hash Join",
    "Join Type": "Left",
    "Plan Rows": 12,
    "Plans": [
        {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "o", "Plan Rows": 1_200_000},
        {
            "Node Type": "Hash",
            "Plan Rows": 3,
            "Plans": [
                {
                    "Node Type": "Index Scan",
                    "Index Name": "customers_pkey",
                    "Relation Name": "customers",
                    "Alias": "customers",
                    "Plan Rows": 3,
                }
            ],
        },
        {"Node Type": "CTE Scan", "Subplan Name": "SubPlan 1", "CTE Name": "recent", "Plan Rows": 5},
    ],
}


def test_postgres_plans_read_as_explain_writes_them() -> None:
    """What is read with which index, and how many rows are expected."""
    assert postgres_lines(JOIN, is_told=True) == (
        "Left Hash Join  (rows=12)",
        "  Seq Scan on orders o  (rows=1200000)",
        "  Hash  (rows=3)",
        "    Index Scan using customers_pkey on customers  (rows=3)",
        "  SubPlan 1: CTE Scan on recent  (rows=5)",
    )


def test_estimates_are_left_out_for_who_may_not_see_all_rows() -> None:
    """The steps stay the same."""
    told, untold = postgres_lines(JOIN, is_told=True), postgres_lines(JOIN, is_told=False)
    assert [line.split("  (rows")[0] for line in told] == [*untold]


def test_sqlite_plans_are_indented_by_their_parents() -> None:
    """Whatever numbers SQLite gives its steps."""
    plan = [(2, 0, 0, "CO-ROUTINE x"), (7, 2, 0, "SCAN orders"), (30, 0, 0, "SCAN x")]
    assert sqlite_lines(plan) == ("CO-ROUTINE x", "  SCAN orders", "SCAN x")


@given(st.lists(st.text(st.characters(codec=None), max_size=400), max_size=300))
def test_a_plan_takes_bounded_room(texts: list[str]) -> None:
    """Whatever names its tables have, each step is one line that a screen can show."""
    chained = [(number + 1, number, 0, words) for number, words in enumerate(texts)]
    nodes: Node = {"Node Type": "Append", "Plans": [{"Node Type": "Scan", "Alias": name} for name in texts]}
    for lines in (sqlite_lines(chained), postgres_lines(nodes, is_told=True)):
        assert len(lines) <= MOST_LINES
        assert all(len(line) <= MOST_CHARACTERS and line.isprintable() for line in lines)
