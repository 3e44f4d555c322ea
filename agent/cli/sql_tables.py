"""plumbline sql tables: what may be asked of the database."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.adapters import open_sql_database
from agent.cli.options import ConfigOption, JsonOption, console, emit, settings_for
from agent.cli.sql_ask import AsOption, GroupOption, principal_of
from agent.settings import Settings

if TYPE_CHECKING:
    from tools.database.schema import Schema, TableSchema


def tables(
    group: GroupOption = None,
    attributes: AsOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """List what may be asked: tables with their columns, and the named queries.

    What the asker may not see is not listed; --group says whose view it is.
    """
    settings = settings_for(config)
    principal = principal_of(groups=group or (), attributes=attributes or ())
    with closing(open_sql_database(settings)) as database:
        schema = database.schema(principal)
    if json:
        emit({"tables": [_table(table) for table in schema.tables], "queries": _queries(settings)})
    else:
        _show(schema, settings)
    return 0


def _table(table: "TableSchema") -> dict[str, Any]:
    return {
        "name": table.name,
        "description": table.description,
        "columns": [
            {"name": column.name, "type": column.type, "description": column.description}
            for column in table.columns
        ],
        "primary_key": list(table.primary_key),
        "foreign_keys": [
            {"columns": list(key.columns), "table": key.table, "references": list(key.references)}
            for key in table.foreign_keys
        ],
    }


def _queries(settings: Settings) -> list[dict[str, Any]]:
    queries = settings.database.queries if settings.database else ()
    return [
        {"name": query.name, "description": query.description, "examples": list(query.examples)}
        for query in queries
    ]


def _show(schema: "Schema", settings: Settings) -> None:
    from agent.cli.showing_rows import printable

    screen = console()
    for table in schema.tables:
        said = f"  {printable(table.description)}" if table.description else ""
        screen.print(Text(printable(table.name), style="bold") + Text(said, style="dim"))
        grid = Table.grid(padding=(0, 2))
        keys = {name: f"→ {key.table}" for key in table.foreign_keys for name in key.columns}
        for column in table.columns:
            words = " ".join(filter(None, (keys.get(column.name), column.description)))
            cells = (column.name, column.type.lower(), words)
            grid.add_row(
                *(Text(printable(cell), style=style) for cell, style in zip(cells, _STYLES, strict=True))
            )
        screen.print(Padding(grid, (0, 0, 1, 2)))
    if not schema.tables:
        screen.print("There are no tables that may be read.")
    queries = _queries(settings)
    if queries:
        lines = [Text(f"  {query['name']}: {printable(query['description'])}") for query in queries]
        screen.print(Group(Text("named queries", style="bold"), *lines))


_STYLES = ("", "cyan", "dim")
