"""Rows as a sentence or a small table."""

from string import Formatter

from tools.database.charts import chart_for
from tools.types import Cell, Rows

MOST_ROWS = 12


def as_sentence(rows: Rows) -> str | None:
    """Return the catalogue's own sentence for one row or none; a plain one for a single value; else None."""
    values = dict(rows.parameters)
    if not rows.rows:
        return _fill(rows.empty, values) if rows.empty else None
    if len(rows.rows) > 1:
        return None
    values |= dict(zip(rows.columns, rows.rows[0], strict=True))
    if rows.answer:
        return _fill(rows.answer, values)
    if len(rows.columns) == 1:
        return f"{rows.description.rstrip('.')}: {spell(rows.rows[0][0])}."
    return None


def as_table(rows: Rows) -> str:
    """Return a lead line and a Markdown table of at most twelve rows: a year of months."""
    shown = rows.rows[:MOST_ROWS]
    more = " or more" if rows.truncated else ""
    count = f"{len(rows.rows)}{more} rows" if len(rows.rows) != 1 else "1 row"
    first = f", the first {len(shown)} shown" if len(shown) < len(rows.rows) else ""
    first += _leader(rows)
    lines = [
        "| " + " | ".join(_heading(column) for column in rows.columns) + " |",
        "|" + "---|" * len(rows.columns),
        *("| " + " | ".join(_cell(value) for value in row) + " |" for row in shown),
    ]
    return f"{rows.description.rstrip('.')} ({count}{first}).\n\n" + "\n".join(lines)


def _leader(rows: Rows) -> str:
    """Name the first of a ranking."""
    chart = chart_for(rows.columns, rows.rows)
    if chart is None or chart.kind != "bar" or rows.truncated:
        return ""
    place, value = rows.columns.index(chart.label), rows.columns.index(chart.value)
    top, bottom = rows.rows[0], rows.rows[-1]
    end = "highest" if float(top[value] or 0) > float(bottom[value] or 0) else "lowest"
    return f", {end}: {_cell(top[place])}, {spell(top[value])}"


def spell(value: Cell) -> str:
    """Return a value as people write it: no trailing zeros, two decimals at most where they matter."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return (
            str(int(value)) if value.is_integer() else f"{value:.2f}" if abs(value) >= 0.01 else f"{value:g}"
        )
    return str(value)


def _fill(template: str, values: dict[str, Cell]) -> str:
    """Replace plain {name} fields; anything fancier in a template stays as it is written."""
    filled = []
    for literal, name, _, _ in Formatter().parse(template):
        filled.append(literal)
        if name is not None:
            filled.append(spell(values[name]) if name in values else f"{{{name}}}")
    return "".join(filled)


def _heading(column: str) -> str:
    return column.replace("_", " ")


def _cell(value: Cell) -> str:
    return spell(value).replace("|", "\\|").replace("\n", " ")
