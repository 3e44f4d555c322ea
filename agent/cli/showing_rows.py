"""How rows of the database look in a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.cli.charts import bars
from graph.reasoning.tables import spell
from tools.database.charts import chart_for
from tools.types import Cell, Note, Rows


def show_rows(screen: Console, rows: Rows, *, sentence: str | None, notes: Sequence[Note] = ()) -> None:
    """Print the sentence that says it all, or a table and perhaps a drawing; the statement below."""
    if sentence is None and not rows.rows:
        sentence = f"There are no such rows: {rows.description}."
    if sentence is not None:
        screen.print(_indented(sentence))
    else:
        screen.print(_indented(rows.description))
        screen.print(Padding(_table(rows), (0, 0, 0, 2)))
        _draw(screen, rows)
    for note in _notes(rows, notes):
        screen.print(_indented(f"note: {note}", style="yellow"))
    screen.print(_indented(rows.statement, style="dim"))
    if rows.parameters:
        values = ", ".join(f":{name} = {_spelled(value)}" for name, value in rows.parameters)
        screen.print(_indented(values, style="dim"))


def printable(text: str) -> str:
    """Return a text without what a terminal would obey: control characters, and line breaks."""
    return "".join(
        character if character.isprintable() else " " if character.isspace() else "�" for character in text
    )


def _indented(text: str, *, style: str = "") -> Padding:
    return Padding(Text(printable(text), style=style), (0, 0, 0, 2))


def _table(rows: Rows) -> Table:
    table = Table()
    for place, column in enumerate(rows.columns):
        numbers = all(_is_number(row[place]) for row in rows.rows)
        table.add_column(Text(printable(column)), justify="right" if numbers else "left", overflow="fold")
    for row in rows.rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _draw(screen: Console, rows: Rows) -> None:
    chart = chart_for(rows.columns, rows.rows)
    if chart is None:
        return
    label, value = (rows.columns.index(name) for name in (chart.label, chart.value))
    drawn = [[printable(cell) if isinstance(cell, str) else cell for cell in row] for row in rows.rows]
    screen.print(Padding(bars(drawn, label=label, value=value), (0, 0, 0, 2)))


def _notes(rows: Rows, notes: Sequence[Note]) -> list[Note]:
    if not rows.truncated:
        return [*notes]
    return [*notes, f"only the first {len(rows.rows)} rows are shown; there are more"]


def _cell(value: Cell) -> Text:
    return Text("NULL", style="dim italic") if value is None else Text(_spelled(value))


def _spelled(value: Cell) -> str:
    return "NULL" if value is None else printable(spell(value))


def _is_number(value: Cell) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
