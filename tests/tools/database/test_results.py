"""When two results are the same answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.results import fingerprint
from tools.types import Cell, Table

PLAIN, ORDERED = "SELECT a FROM t", "SELECT a FROM t ORDER BY a"
cells = st.none() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "1"]) | st.sampled_from([0.5, 1.0])
tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.tuples(*[cells] * width), max_size=5).map(lambda rows: (width, rows))
)


def table(*rows: tuple[Cell, ...]) -> Table:
    """Return a result of these rows."""
    width = len(rows[0]) if rows else 1
    return Table(columns=tuple(f"c{number}" for number in range(width)), rows=rows)


def same(one: Table, other: Table, *, statement: str = PLAIN) -> bool:
    """Compare two results of the same kind of statement."""
    return fingerprint(one, statement=statement, dialect="sqlite") == fingerprint(
        other, statement=statement, dialect="sqlite"
    )


@given(tables, st.randoms())
def test_rows_and_columns_may_be_shuffled(drawn: tuple[int, list[tuple[Cell, ...]]], random: object) -> None:
    """The same answer stays the same."""
    width, rows = drawn
    order, columns = list(rows), list(range(width))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis types it as Random only at run time
    random.shuffle(columns)  # type: ignore[attr-defined]  # the same
    assert same(table(*rows), table(*(tuple(row[column] for column in columns) for row in order)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(((1,),), ((1.0,),), id="a whole number in either form"),
        pytest.param(((True,), (False,)), ((1,), (0,)), id="truth as a number"),
        pytest.param(((0.1 + 0.2,),), ((0.3,),), id="the last bits of a sum"),
        pytest.param(((12_345_678_901,),), ((12_345_678_901.0,),), id="large numbers"),
        pytest.param((("Moor ",),), (("Moor",),), id="blanks that pad a text"),
        pytest.param(((float("inf"),),), ((float("inf"),),), id="infinity"),
        pytest.param(((float("nan"),),), ((float("nan"),),), id="no number"),
    ],
)
def test_values_that_read_the_same_are_the_same(
    one: tuple[tuple[Cell, ...], ...], other: tuple[tuple[Cell, ...], ...]
) -> None:
    """Databases write them differently."""
    assert same(table(*one), table(*other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(((1,),), ((2,),), id="another value"),
        pytest.param(((1,),), ((1,), (1,)), id="a row more"),
        pytest.param(((1,),), (("1",),), id="a text is no number"),
        pytest.param(((None,),), (("",),), id="unknown is not empty"),
        pytest.param(((1, 2), (3, 4)), ((1, 2), (4, 3)), id="values of one row change places"),
        pytest.param(((1, 2),), ((1, 2, 3),), id="a column more"),
        pytest.param((), ((1,),), id="nothing"),
    ],
)
def test_other_values_are_another_answer(
    one: tuple[tuple[Cell, ...], ...], other: tuple[tuple[Cell, ...], ...]
) -> None:
    """However alike they look."""
    assert not same(table(*one), table(*other))


def test_the_order_of_rows_counts_when_the_statement_asks_for_one() -> None:
    """But one row has no order, so that LIMIT 1 and a comparison with the maximum agree."""
    assert not same(table((1,), (2,)), table((2,), (1,)), statement=ORDERED)
    one = fingerprint(table((1,)), statement=ORDERED, dialect="sqlite")
    assert one == fingerprint(table((1,)), statement=PLAIN, dialect="sqlite")


def test_a_result_that_was_cut_is_not_the_whole_one() -> None:
    """What is missing may differ."""
    cut = Table(columns=("c0",), rows=((1,),), truncated=True)
    assert not same(cut, table((1,)))
