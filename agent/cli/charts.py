"""Small charts for a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tools.types import Cell

WIDTH = 32
"""Characters of the longest bar."""
MOST_ROWS = 30


def bars(rows: Sequence[Sequence[Cell]], *, label: int, value: int) -> Table:
    """Return one bar a row, as long as its number in proportion to the largest; below zero there is none.

    Args:
        rows: The result, of which at most thirty rows are drawn.
        label: Position of the column that names each row.
        value: Position of the column of numbers.
    """
    table = Table.grid(padding=(0, 1))
    table.add_column(max_width=WIDTH, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right")
    table.add_column()
    drawn = rows[:MOST_ROWS]
    numbers = [float(row[value] or 0) for row in drawn]
    longest = max(numbers, default=0.0)
    for row, number in zip(drawn, numbers, strict=True):
        length = round(WIDTH * number / longest) if longest > 0 and number > 0 else 0
        table.add_row(Text(str(row[label])), Text(f"{number:,.10g}"), Text("█" * length, style="cyan"))
    return table
