"""Tables as a model reads them: CREATE TABLE statements in which every name is spelt as SQL has to write it.

Names and types come from the database, and anybody may have chosen them. A name that cannot be shown just
as it is (control characters, one of our own tags, too long) is left out, for SQL could not name it either.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from graph.reasoning.llm.marking import MARKERS, choose_marker, clean, defang, mark
from tools.database.schema import Column, Dialect, ForeignKey, Schema, TableSchema
from tools.database.shapes import spelled

LONGEST_NAME_BYTES = 63
"""What the guard reads at most."""
DESCRIPTION = 200
"""Most characters of a description."""
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_ ]{0,30}(?:\(\d{1,5}(?:, ?\d{1,5})?\))?\Z")


def writable(schema: Schema) -> Schema:
    """Return what of a schema SQL can name, without keys to what it cannot."""
    tables = [
        replace(table, columns=tuple(column for column in table.columns if _is_writable(column.name)))
        for table in schema.tables
        if _is_writable(table.name)
    ]
    return with_known_keys(tables)


def with_known_keys(tables: Sequence[TableSchema]) -> Schema:
    """Return a schema of these tables in which every foreign key leads to one of their columns."""
    known = {table.name: {column.name for column in table.columns} for table in tables}

    def leads(table: TableSchema, key: ForeignKey) -> bool:
        there = known.get(key.table)
        return there is not None and there >= set(key.references) and known[table.name] >= set(key.columns)

    return Schema(
        tables=tuple(
            replace(table, foreign_keys=tuple(key for key in table.foreign_keys if leads(table, key)))
            for table in tables
        )
    )


def marker_for(schema: Schema) -> str:
    """Return a marker for the words of the descriptions; empty when there are none."""
    said = [text for text in _descriptions(schema) if text]
    return choose_marker(said) if said else ""


def render_schema(schema: Schema, *, dialect: Dialect, marker: str = "") -> str:
    """Return the tables as CREATE TABLE statements.

    Args:
        schema: Of writable names.
        dialect: Decides what has to be quoted.
        marker: Joins the words of descriptions.
    """
    return "\n".join(render_table(table, dialect=dialect, marker=marker) for table in schema.tables)


def render_table(table: TableSchema, *, dialect: Dialect, marker: str = "") -> str:
    """Return one table as a CREATE TABLE statement with its keys; descriptions are comments."""
    entries = [
        (_column(column, table, dialect), _comment(column.description, marker)) for column in table.columns
    ]
    entries += [(line, "") for line in _compound_keys(table, dialect)]
    last = len(entries) - 1
    lines = [
        f"  {text}{',' if number < last else ''}{comment}" for number, (text, comment) in enumerate(entries)
    ]
    opening = f"CREATE TABLE {spelled(table.name, dialect=dialect)} ({_comment(table.description, marker)}"
    return "\n".join((opening, *lines, ");"))


def _column(column: Column, table: TableSchema, dialect: Dialect) -> str:
    parts = [spelled(column.name, dialect=dialect)]
    if _TYPE.match(column.type) and column.type.upper() != "NULL":
        parts.append(column.type)
    if table.primary_key == (column.name,):
        parts.append("PRIMARY KEY")
    parts += [_reference(key, dialect) for key in table.foreign_keys if key.columns == (column.name,)]
    return " ".join(parts)


def _compound_keys(table: TableSchema, dialect: Dialect) -> Iterator[str]:
    if len(table.primary_key) > 1:
        yield f"PRIMARY KEY ({_names(table.primary_key, dialect)})"
    for key in table.foreign_keys:
        if len(key.columns) > 1:
            yield f"FOREIGN KEY ({_names(key.columns, dialect)}) {_reference(key, dialect)}"


def _reference(key: ForeignKey, dialect: Dialect) -> str:
    return f"REFERENCES {spelled(key.table, dialect=dialect)} ({_names(key.references, dialect)})"


def _names(names: Sequence[str], dialect: Dialect) -> str:
    return ", ".join(spelled(name, dialect=dialect) for name in names)


def _comment(description: str, marker: str) -> str:
    if marker == MARKERS[-1]:
        return ""  # no marker is left that a cleaned text may show
    said = " ".join(clean(description).split())[:DESCRIPTION].rstrip()
    return f" -- {mark(defang(said), marker)}" if said else ""


def _descriptions(schema: Schema) -> Iterator[str]:
    for table in schema.tables:
        yield table.description
        yield from (column.description for column in table.columns)


def _is_writable(name: str) -> bool:
    shown = defang(clean(name)) == name and "\n" not in name and "\t" not in name
    return shown and bool(name.strip()) and len(name.encode()) <= LONGEST_NAME_BYTES
