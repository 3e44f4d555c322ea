"""What is known of a SQLite file's tables without reading them: sizes, unique keys, views.

A table is counted up to 20,000 rows. Beyond, ANALYZE's own count is taken when there is one, else the span of
its rowids, which cannot be more than fits into the file: ids that are written as dates leave wide gaps.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tools.database.schema import lowered, quoted_name
from tools.database.sqlite.loops import TableFacts

COUNTED_ROWS = 20_000
KEPT_SECONDS = 300.0
_LEAST_ROW_BYTES = 16

_VIEWS = "SELECT name, sql FROM sqlite_master WHERE type = 'view' AND sql IS NOT NULL"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_UNIQUE = """
SELECT i.name, (SELECT count(*) FROM pragma_index_info(i.name))
FROM pragma_index_list(?) AS i WHERE i."unique" AND NOT i.partial
"""
_ANALYZED = "SELECT idx, stat FROM sqlite_stat1 WHERE tbl = ? AND stat IS NOT NULL"
_IS_ANALYZED = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What the file holds, seen at one time."""

    views: Mapping[str, str]
    tables: Mapping[str, str]
    """Names by folded name."""
    until: float


@dataclass(slots=True, kw_only=True)
class Facts:
    """Looks a file's tables up when a statement names them, and remembers them for a while."""

    looking: Callable[[], AbstractContextManager[sqlite3.Connection]]
    """Lends a connection that is interrupted when it takes too long."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _look: _Look | None = None
    _known: dict[str, TableFacts] = field(default_factory=dict)

    def views(self) -> Mapping[str, str]:
        """Return what CREATE VIEW said, by folded name."""
        return self._seen().views

    def of(self, names: frozenset[str]) -> dict[str, TableFacts]:
        """Return the facts of those names that are tables."""
        look = self._seen()
        tables = {name: look.tables[name] for name in names if name in look.tables}
        missing = {name: spelled for name, spelled in tables.items() if name not in self._known}
        if missing:
            with self.looking() as connection:
                for name, spelled in missing.items():
                    found = _facts(connection, spelled)
                    with self._lock:  # at once: what was learned stays, should the next one take too long
                        self._known[name] = found
        return {name: known for name in tables if (known := self._known.get(name)) is not None}

    def forget(self) -> None:
        """Look anew: the tables are not what they were."""
        with self._lock:
            self._look = None
            self._known.clear()

    def _seen(self) -> _Look:
        with self._lock:
            if self._look is None or self._look.until < time.monotonic():
                with self.looking() as connection:
                    views = {lowered(name): str(sql) for name, sql in connection.execute(_VIEWS)}
                    tables = {lowered(name): name for (name,) in connection.execute(_TABLES)}
                self._look = _Look(views=views, tables=tables, until=time.monotonic() + KEPT_SECONDS)
                self._known.clear()
            return self._look


def _facts(connection: sqlite3.Connection, table: str) -> TableFacts:
    analyzed: dict[str | None, tuple[float, ...]] = {}
    if connection.execute(_IS_ANALYZED).fetchone():
        for index, figures in connection.execute(_ANALYZED, (table,)):
            analyzed[index] = tuple(float(word) for word in str(figures).split() if word.isdecimal())
    counts = [figures[0] for figures in analyzed.values() if figures]
    return TableFacts(
        rows=_rows(connection, table, max(counts, default=0.0)),
        unique=dict(connection.execute(_UNIQUE, (table,)).fetchall()),
        averages={index: figures[1:] for index, figures in analyzed.items() if index is not None},
    )


def _rows(connection: sqlite3.Connection, table: str, analyzed: float) -> float:
    name = quoted_name(table)
    counting = f"SELECT count(*) FROM (SELECT 1 FROM {name} LIMIT {COUNTED_ROWS + 1})"  # noqa: S608  # quoted
    (counted,) = connection.execute(counting).fetchone()
    if counted <= COUNTED_ROWS:
        return float(counted)
    if analyzed > COUNTED_ROWS:
        return analyzed
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    fitting = pages * size / _LEAST_ROW_BYTES
    try:
        (span,) = connection.execute(
            f"SELECT (SELECT max(rowid) FROM {name}) - (SELECT min(rowid) FROM {name}) + 1"  # noqa: S608
        ).fetchone()  # each finds its end at once; together in one SELECT they would read the whole table
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_ERROR":
            raise
        return float(fitting)  # a table WITHOUT ROWID
    return float(min(span or 0, fitting))
