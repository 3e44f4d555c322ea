"""Keeps results small: rows are taken one by one, made plain at once, and no more than fit."""

from collections.abc import Iterable, Sequence

from tools.database.cells import to_cell
from tools.errors import RejectedQuery
from tools.types import Cell, Table

MOST_BYTES = 2_000_000
"""Of all cells of one result together; text counts in UTF-8, anything else as eight."""
_BYTES_OF_A_NUMBER = 8


def capped(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, limit: int, most_bytes: int = MOST_BYTES
) -> Table:
    """Return the first rows, up to a number and a size, and say whether some are missing.

    Args:
        columns: Their names.
        rows: As the driver gives them; not read further than needed.
        limit: Most rows to return.
        most_bytes: Most that the cells may take.

    Raises:
        RejectedQuery: The first row alone is too large.
    """
    kept: list[tuple[Cell, ...]] = []
    size, truncated = 0, False
    for row in rows:
        if len(kept) == limit:
            truncated = True
            break
        cells = tuple(to_cell(value) for value in row)
        size += sum(map(_size, cells))
        if size > most_bytes:
            truncated = True
            break
        kept.append(cells)
    if truncated and limit and not kept:
        raise RejectedQuery("a single row of the result is too large; select fewer columns", "too_large")
    return Table(columns=tuple(columns), rows=tuple(kept), truncated=truncated)


def _size(cell: Cell) -> int:
    return len(cell.encode("utf-8", "replace")) if isinstance(cell, str) else _BYTES_OF_A_NUMBER
