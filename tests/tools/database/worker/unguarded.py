"""A worker program that runs any text as it stands: no guard, no authorizer, no deadline inside SQLite.

Only what surrounds the process is left to hold. It takes another module than production's to start it.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from tools.database.cells import to_cell
from tools.database.schema import Dialect, Schema
from tools.database.worker.opening import Opening
from tools.database.worker.program import serve
from tools.errors import DeadlineExceeded, RejectedQuery
from tools.types import ANYONE, Cell, Principal, Table


def main() -> None:
    """Serve without a guard."""
    serve(Unguarded)


@dataclass(frozen=True, slots=True)
class Unguarded:
    """The port `ReflectedDatabase` without its promises."""

    opening: Opening
    kept: list[sqlite3.Connection] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        """What the url says."""
        return self.opening.dialect

    def fetch(
        self, statement: str, parameters: Mapping[str, Cell], *, limit: int, principal: Principal = ANYONE
    ) -> Table:
        """Run the text."""
        if self.dialect == "postgres":
            return self._from_postgres(statement, limit)
        try:
            cursor = self._sqlite().execute(statement, dict(parameters))
            return _table(cursor, limit)
        except sqlite3.Error as error:
            raise RejectedQuery(str(error), "syntax") from error

    def schema(self, principal: Principal = ANYONE) -> Schema:
        """Tell nothing."""
        return Schema(tables=())

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Tell nothing."""
        return ()

    def ping(self) -> None:
        """Connect, so that an idle worker is a warm one."""
        self.fetch("SELECT 1", {}, limit=1)

    def close(self) -> None:
        """Let go."""
        for connection in self.kept:
            connection.close()

    def _sqlite(self) -> sqlite3.Connection:
        if not self.kept:
            path = self.opening.url.removeprefix("sqlite:///")
            self.kept.append(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True))
        return self.kept[0]

    def _from_postgres(self, statement: str, limit: int) -> Table:
        import psycopg  # its libraries take longer to load than all tests with SQLite

        from tools.database.postgres import source as postgres

        try:
            with psycopg.connect(self.opening.url) as connection:
                for setting in postgres.session_statements(self.opening.deadline_seconds):
                    connection.execute(setting.encode())
                with closing(connection.execute(statement.encode())) as cursor:
                    return _table(cursor, limit)
        except psycopg.errors.QueryCanceled as error:
            raise DeadlineExceeded("the server's own deadline") from error
        except psycopg.Error as error:
            raise RejectedQuery(type(error).__name__, "syntax") from error


class Cursor(Protocol):
    """What both drivers' cursors have in common."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None:
        """The columns, of each its name first."""

    def fetchmany(self, size: int) -> list[Any]:
        """Return some rows."""


def _table(cursor: Cursor, limit: int) -> Table:
    rows = cursor.fetchmany(limit + 1)
    cells = tuple(tuple(to_cell(value) for value in row) for row in rows[:limit])
    return Table(
        columns=tuple(column[0] for column in cursor.description or ()),
        rows=cells,
        truncated=len(rows) > limit,
    )
