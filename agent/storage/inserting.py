"""Inserting what may be there already, which SQLAlchemy words by database."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def inserting(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT into a table, to which ON CONFLICT can be added."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


async def insert_new(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> set[str]:
    """Insert the rows that break no rule of uniqueness, and return their ids."""
    if not rows:
        return set()
    statement = inserting(connection, table).on_conflict_do_nothing().returning(table.c.id)
    return {*(await connection.execute(statement, rows)).scalars()}
