"""Which results call for a drawing: time series and rankings, each of one number a row.

A line needs a label column that reads as points in time, in order; bars need numbers in order, because that
is what a ranking is. Everything else is a table and nothing more.
"""

import re
from collections.abc import Sequence

from tools.types import Cell, Chart, ChartKind

FEWEST_ROWS, MOST_BARS, MOST_POINTS = 3, 30, 400
"""Two numbers are compared faster by reading them; more bars than a screen has lines are no picture."""
_TIME = re.compile(r"\d{4}(?:-(?:\d{2}(?:-\d{2}(?:[ T]\d{2}:\d{2}.*)?)?|Q[1-4]|W\d{2}))?\Z")
_CALENDAR = re.compile(
    r"(?:^|[\W_])(?:year|month|quarter|week|day|date|time|period|hour)s?(?:$|[\W_])", re.IGNORECASE
)
_KEY = re.compile(r"(?:^|_)(?:id|key|code|number|no|nr|zip|phone)\Z", re.IGNORECASE)


def chart_for(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Chart | None:
    """Return how a result can be drawn, or None when a table says it better.

    Args:
        columns: Names of the columns.
        rows: Cells, row by row.
    """
    if len(rows) < FEWEST_ROWS or not 2 <= len(columns) <= 3:
        return None
    cells = [[row[place] for row in rows] for place in range(len(columns))]
    numeric = [place for place, name in enumerate(columns) if _is_measure(name, cells[place])]
    labels = [place for place in range(len(columns)) if place not in numeric]
    if not labels:  # a year is a number too
        labels = [place for place in numeric if _is_time(columns[place], cells[place])][:1]
        numeric = [place for place in numeric if place not in labels]
    if len(numeric) != 1 or not labels:
        return None
    kind = _kind(columns[labels[0]], cells[labels[0]], cells[numeric[0]])
    return Chart(kind=kind, label=columns[labels[0]], value=columns[numeric[0]]) if kind else None


def _kind(name: str, labels: Sequence[Cell], values: Sequence[Cell]) -> ChartKind | None:
    if None in labels or len(set(map(str, labels))) < len(labels):
        return None
    if _is_time(name, labels):
        return "line" if _in_order(list(map(str, labels))) and len(labels) <= MOST_POINTS else None
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    return "bar" if _in_order(numbers) and len(labels) <= MOST_BARS else None


def _is_measure(name: str, cells: Sequence[Cell]) -> bool:
    """Tell an amount from a key that happens to be a number."""
    numbers = all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)
    return numbers and not _KEY.search(name)


def _is_time(name: str, cells: Sequence[Cell]) -> bool:
    if not all(isinstance(cell, int | str) and _TIME.match(str(cell)) for cell in cells):
        return False
    return bool(_CALENDAR.search(name)) or any("-" in str(cell) for cell in cells)


def _in_order(values: list[str] | list[float]) -> bool:
    """Tell whether values rise or fall throughout, and are not all the same."""
    rising, falling = sorted(values), sorted(values, reverse=True)
    return rising != falling and values in (rising, falling)
