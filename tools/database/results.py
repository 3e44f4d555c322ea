"""Which results are the same answer, however their statements were written."""

from collections.abc import Hashable

from tools.database.schema import Dialect
from tools.database.shapes import is_ordered
from tools.types import Cell, Rows, Table

_DIGITS = 9
"""Significant digits that numbers are compared to: sums differ in their last bits by the order of adding."""

_Value = tuple[int, str]


def fingerprint(table: Table | Rows, *, statement: str, dialect: str) -> Hashable:
    """Return what is equal for equal results.

    Results are equal when they hold the same rows as often, whatever their columns are called and in
    whichever order they stand. The order of rows counts only if the statement asks for one. 3, 3.0 and TRUE
    for 1 are the same value; the text "3" is another.

    Args:
        table: The result.
        statement: What gave it.
        dialect: `sqlite` or `postgres`.
    """
    rows = [[_normalized(value) for value in row] for row in table.rows]
    columns = sorted(tuple(sorted(column)) for column in zip(*rows, strict=True))
    alike = [tuple(sorted(row)) for row in rows]
    spoken: Dialect = "postgres" if dialect == "postgres" else "sqlite"
    ordered = len(rows) > 1 and is_ordered(statement, dialect=spoken)
    return (ordered, table.truncated, tuple(alike if ordered else sorted(alike)), tuple(columns))


def _normalized(value: Cell) -> _Value:
    """Return a value that compares with any other; numbers by their significant digits."""
    if value is None:
        return 0, ""
    if isinstance(value, str):
        return 2, value.strip()
    if isinstance(value, float) and not value.is_integer():
        return 1, f"{value:.{_DIGITS}g}"
    return 1, str(int(value))
