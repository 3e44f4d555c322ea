"""What plans say a statement would cost."""

from typing import Any, TypeAlias

import pytest

from tools.database.costs import check_cost, postgres_work
from tools.errors import RejectedQuery

Plan: TypeAlias = dict[str, Any]


def node(kind: str, rows: float, *children: Plan, cost: float = 1.0, relation: str = "Outer") -> Plan:
    """Return a node of PostgreSQL's plan."""
    plan = {"Node Type": kind, "Plan Rows": rows, "Total Cost": cost, "Parent Relationship": relation}
    return plan | ({"Plans": list(children)} if children else {})


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (101.0, "take more than"),
        (900.0, "take more than"),
        (301_234.0, "about 1,000 times"),
        (987_654.0, "about 10,000 times"),
        (1e30, "vastly"),
        (float("inf"), "vastly"),
    ],
)
def test_more_work_than_allowed_is_refused_with_a_remedy(work: float, said: str) -> None:
    """The message tells how to do with less, and no sizes of tables."""
    with pytest.raises(RejectedQuery, match=rf"{said}.*join every table on its key") as error:
        check_cost(work, most=100)
    assert error.value.problem == "too_expensive"


def test_who_may_not_see_all_rows_is_told_no_figure() -> None:
    """It would be the same for one row too many and for a million."""
    said = set()
    for work in (101.0, 9e5, 1e30):
        with pytest.raises(RejectedQuery) as error:
            check_cost(work, most=100, is_told=False)
        said.add(str(error.value))
    assert len(said) == 1


def test_as_much_work_as_allowed_passes() -> None:
    """The limit itself is within."""
    check_cost(100.0, most=100)


def test_the_total_cost_counts_where_it_is_more_than_the_rows() -> None:
    """A condition that is dear to compute handles few rows."""
    assert postgres_work(node("Seq Scan", 10, cost=5_000.0)) == 5_000.0


def test_the_inner_side_of_a_nested_loop_counts_once_for_each_outer_row() -> None:
    """1,000 rows, each with 500 inner ones, although the join keeps three."""
    plan = node("Nested Loop", 3, node("Seq Scan", 1_000), node("Materialize", 500, relation="Inner"))
    assert postgres_work(plan) == 3 + 1_000 + 1_000 * 500


def test_the_sides_of_a_hash_join_count_once() -> None:
    """Each is read a single time."""
    plan = node("Hash Join", 7, node("Seq Scan", 1_000), node("Hash", 500, relation="Inner"))
    assert postgres_work(plan) == 7 + 1_000 + 500


def test_a_limit_leaves_only_its_share_of_what_streams() -> None:
    """200 rows of a table of a billion are 200 rows."""
    assert postgres_work(node("Limit", 200, node("Seq Scan", 1e9))) == 400


def test_below_a_sort_everything_is_read_in_spite_of_a_limit() -> None:
    """The first in order is known when all are."""
    plan = node("Limit", 10, node("Sort", 1_000, node("Seq Scan", 1_000)))
    assert postgres_work(plan) == 10 + 10 + 1_000


def test_a_correlated_subplan_counts_once_a_row_and_an_uncorrelated_one_once() -> None:
    """SubPlan and InitPlan."""
    inner = node("Aggregate", 1, node("Seq Scan", 300), relation="SubPlan")
    assert postgres_work(node("Seq Scan", 100, inner)) == 100 + 100 * (1 + 300)
    once = node("Aggregate", 1, node("Seq Scan", 300), relation="InitPlan")
    assert postgres_work(node("Seq Scan", 100, once)) == 100 + 1 + 300
