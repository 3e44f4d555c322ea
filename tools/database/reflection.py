"""Reads from a database what tables it has."""

from sqlalchemy import inspect
from sqlalchemy.engine import Engine, Inspector

from tools.database.schema import Column, Dialect, ForeignKey, Schema, TableSchema, fold_name
from tools.errors import ConfigurationError


def reflect(engine: Engine, tables: tuple[str, ...], *, dialect: Dialect, place: str) -> Schema:
    """Return the named tables and views, or all of them when none is named.

    Args:
        engine: Connections that may look at the database's own tables.
        tables: What may be read; SQL's rules for the case of names apply.
        dialect: The database.
        place: Its address, for messages.

    Raises:
        ConfigurationError: Some named tables do not exist.
    """
    with engine.connect() as connection:
        inspector = inspect(connection)
        home = "public" if dialect == "postgres" else None
        found = [*inspector.get_table_names(home), *inspector.get_view_names(home)]
        known = {fold_name(name, dialect=dialect, quoted=True): name for name in sorted(found)}
        folded = {name: fold_name(name, dialect=dialect, quoted=name in found) for name in tables}
        missing = sorted(name for name, spelling in folded.items() if spelling not in known)
        if missing:
            raise ConfigurationError(
                f"database: {place!r} has no table {', '.join(map(repr, missing))}; "
                f"correct [database] tables (there are: {', '.join(sorted(found)) or 'none'})"
            )
        wanted = [known[folded[name]] for name in tables] or list(known.values())
        return Schema(tables=tuple(_table(inspector, name, home) for name in dict.fromkeys(wanted)))


def _table(inspector: Inspector, name: str, home: str | None) -> TableSchema:
    return TableSchema(
        name=name,
        columns=tuple(
            Column(name=column["name"], type=str(column["type"]))
            for column in inspector.get_columns(name, home)
        ),
        primary_key=tuple(inspector.get_pk_constraint(name, home)["constrained_columns"]),
        foreign_keys=tuple(
            ForeignKey(
                columns=tuple(key["constrained_columns"]),
                table=key["referred_table"],
                references=tuple(key["referred_columns"]),
            )
            for key in inspector.get_foreign_keys(name, home)
        ),
    )
