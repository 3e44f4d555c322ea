"""Execution equality, against its definition and against a search through all permutations."""

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evaluation.spider.equality import Row, compared, is_ordered, results_equal


@pytest.mark.parametrize(
    ("gold", "predicted", "ordered", "equal"),
    [
        pytest.param([], [], False, True, id="nothing is nothing, whatever the columns"),
        pytest.param([(1,)], [], False, False, id="a row is not nothing"),
        pytest.param([(1,), (2,)], [(2,), (1,)], False, True, id="rows in another order"),
        pytest.param([(1,), (2,)], [(2,), (1,)], True, False, id="rows in another order than wanted"),
        pytest.param([(1, "a"), (2, "b")], [("a", 1), ("b", 2)], True, True, id="columns in another order"),
        pytest.param([(1,), (1,), (2,)], [(1,), (2,), (2,)], False, False, id="another number of repeats"),
        pytest.param([(1,), (1,)], [(1,)], False, False, id="a repeat less"),
        pytest.param([(1, 1)], [(1,)], False, False, id="a column less"),
        pytest.param([(1,)], [(1.0,)], False, True, id="a whole number written otherwise"),
        pytest.param([(2, 2.5)], [(2.0, 2.5)], False, False, id="the script sorts cells by their spelling"),
        pytest.param([(True, None)], [(True, None)], False, True, id="truth and NULL"),
        pytest.param([(1,)], [("1",)], False, False, id="a text is no number"),
        pytest.param([(1, 2), (2, 1)], [(1, 2), (2, 2)], False, False, id="rows that share some cells"),
        pytest.param([(1, 2), (3, 4)], [(1, 4), (3, 2)], False, False, id="columns alike, rows torn apart"),
    ],
)
def test_results_are_equal_as_spider_defines_it(
    gold: list[Row], predicted: list[Row], ordered: bool, equal: bool
) -> None:
    """The table of cases."""
    assert results_equal(gold, predicted, ordered=ordered) is equal


cells = st.one_of(st.none(), st.integers(0, 2), st.sampled_from(["a", "b"]))


@st.composite
def results(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Draw a result and another one: its own rows and columns shuffled, perhaps with one cell changed."""
    columns = draw(st.integers(1, 4))
    gold = draw(st.lists(st.tuples(*[cells] * columns), min_size=1, max_size=6))
    order = draw(st.permutations(range(columns)))
    other = [tuple(row[place] for place in order) for row in draw(st.permutations(gold))]
    if draw(st.booleans()):
        other[0] = (draw(cells), *other[0][1:])
    return gold, other


@given(results(), st.booleans())
def test_the_search_finds_what_all_permutations_find(
    pair: tuple[list[Row], list[Row]], ordered: bool
) -> None:
    """The shortcut agrees with trying every order of the columns."""
    gold, other = pair
    tried = (
        [tuple(row[place] for place in order) for row in other] for order in permutations(range(len(gold[0])))
    )
    expected = any(gold == one if ordered else Counter(gold) == Counter(one) for one in tried)
    assert results_equal(gold, other, ordered=ordered) is expected


@given(results())
def test_equality_is_symmetric(pair: tuple[list[Row], list[Row]]) -> None:
    """It does not matter which of the two is the gold."""
    gold, other = pair
    assert results_equal(gold, other, ordered=False) is results_equal(other, gold, ordered=False)


def test_many_equal_columns_are_compared_without_trying_all_orders() -> None:
    """Thirty columns of the same values in each row, of which two change places."""
    gold: list[Row] = [tuple((row + place) % 2 for place in range(30)) for row in range(20)]
    other = [(row[1], row[0], *row[2:]) for row in gold]
    assert results_equal(gold, other, ordered=False)
    assert results_equal(gold, other, ordered=True)


@pytest.mark.parametrize(
    ("written", "run"),
    [
        (
            "SELECT a FROM t WHERE b > = 1 AND c < = 2 AND d ! = 3",
            "SELECT a FROM t WHERE b >= 1 AND c <= 2 AND d != 3",
        ),
        ("SELECT DISTINCT a FROM t", "SELECT  a FROM t"),
        ("select count(distinct a) from t", "select count( a) from t"),
        ("SELECT a FROM t WHERE b = 'distinct' OR c = \"DISTINCT\"", None),
        ("SELECT `distinct`, [distinct] FROM t WHERE a = 'it''s distinct'", None),
        ("SELECT distinctive FROM t -- distinct", None),
        ("SELECT YEAR ( CURDATE ( ) ) - born FROM t", "SELECT 2020- born FROM t"),
    ],
)
def test_statements_are_compared_without_distinct_and_torn_signs(written: str, run: str | None) -> None:
    """Texts and names that hold the word stay as they are."""
    assert compared(written) == (written if run is None else run)


def test_rows_are_ordered_where_the_gold_orders_anything() -> None:
    """Also in a subquery, as the script has it."""
    assert is_ordered("SELECT a FROM t Order By b")
    assert is_ordered("SELECT a FROM (SELECT a FROM t ORDER BY b LIMIT 3)")
    assert not is_ordered("SELECT ordered_by FROM t")
