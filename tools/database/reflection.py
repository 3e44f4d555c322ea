"""Reads from a database what tables it has, in two queries however many there are.

SQLAlchemy's inspector asks several times a table, which for 1,000 tables takes six times as long on SQLite
and nine times on PostgreSQL. These queries also name every type as the database does, and leave out what the
role may not read.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Protocol

from tools.database.lineage import Found, Lineage
from tools.database.schema import Column, ForeignKey, TableSchema, lowered
from tools.database.sqlite.outline import read_by

MOST_NAME_BYTES = 63
"""No statement may use a longer name, so what bears one cannot be read."""

_SQLITE_NAMES = """
SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
"""
_SQLITE_DECLARED = "SELECT name, type, coalesce(sql, '') FROM sqlite_master WHERE type IN ('table', 'view')"
_SQLITE_SHADOWS = "SELECT name FROM pragma_table_list WHERE type = 'shadow'"
_TABLE_LIST_SINCE = (3, 37)
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE\b", re.IGNORECASE)
_SHADOWS = (
    "content",
    "data",
    "idx",
    "docsize",
    "config",
    "segments",
    "segdir",
    "stat",
    "node",
    "rowid",
    "parent",
)
"""What the full-text and spatial modules append to the names of the tables in which they keep their data."""
_SQLITE_COLUMNS = f"""
SELECT t.name, c.name, c.type, c.pk, 1
FROM ({_SQLITE_NAMES}) AS t, pragma_table_xinfo(t.name) AS c
WHERE c.hidden <> 1 AND (:only IS NULL OR t.name = :only)
ORDER BY t.name, c.cid
"""  # noqa: S608  # a constant in a constant
_SQLITE_KEYS = """
SELECT t.name, k.id, k."from", k."table", k."to"
FROM sqlite_master AS t, pragma_foreign_key_list(t.name) AS k
WHERE t.type = 'table' ORDER BY t.name, k.id DESC, k.seq
"""
_POSTGRES_COLUMNS = """
SELECT t.relname, c.attname,
  CASE WHEN s.typtype = 'e' THEN 'enum' WHEN s.typtype = 'd' THEN format_type(s.typbasetype, s.typtypmod)
    ELSE format_type(c.atttypid, c.atttypmod) END,
  coalesce(array_position(k.conkey, c.attnum), 0), has_column_privilege(t.oid, c.attnum, 'SELECT')::int
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
JOIN pg_catalog.pg_type AS s ON s.oid = c.atttypid
LEFT JOIN pg_catalog.pg_constraint AS k ON k.conrelid = t.oid AND k.contype = 'p'
WHERE t.relnamespace = to_regnamespace('public') AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND has_schema_privilege(t.relnamespace, 'USAGE')
ORDER BY t.relname COLLATE "C", c.attnum
"""
_POSTGRES_KEYS = """
SELECT t.relname, k.conname, c.attname, r.relname, d.attname
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS t ON t.oid = k.conrelid
JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid AND r.relnamespace = t.relnamespace
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS p (own, other, place)
JOIN pg_catalog.pg_attribute AS c ON c.attrelid = t.oid AND c.attnum = p.own
JOIN pg_catalog.pg_attribute AS d ON d.attrelid = r.oid AND d.attnum = p.other
WHERE k.contype = 'f' AND t.relnamespace = to_regnamespace('public')
ORDER BY t.relname COLLATE "C", k.conname COLLATE "C", p.place
"""
# The tables of other schemas are known by their numbers: no rule can name them, but views may lead to them.
_POSTGRES_NAMED = """
SELECT oid, CASE WHEN relnamespace = to_regnamespace('public') THEN relname ELSE chr(1) || oid END AS name
FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_POSTGRES_READ = f"""
WITH named AS ({_POSTGRES_NAMED})
SELECT DISTINCT v.name, t.name
FROM pg_catalog.pg_rewrite AS w
JOIN named AS v ON v.oid = w.ev_class
JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
  AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass) AND d.refobjid <> w.ev_class
LEFT JOIN named AS t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
WHERE t.name IS NOT NULL OR d.refclassid = 'pg_proc'::regclass
"""  # noqa: S608  # a constant in a constant
_POSTGRES_HEIRS = f"""
WITH named AS ({_POSTGRES_NAMED})
SELECT h.name, p.name FROM pg_catalog.pg_inherits AS i
JOIN named AS h ON h.oid = i.inhrelid JOIN named AS p ON p.oid = i.inhparent
"""  # noqa: S608  # a constant in a constant


class _Cursor(Protocol):
    def fetchall(self) -> list[tuple[object, ...]]: ...


class _Postgres(Protocol):
    def execute(self, query: str) -> _Cursor: ...


def sqlite_tables(connection: sqlite3.Connection) -> Found:
    """Return the tables and views of a SQLite file; those that cannot be read are left out.

    Among these are virtual tables, which the authorizer keeps from their own data. That data lies in tables
    of other names, which are left out too, for a reader would see it past any rule.
    """
    try:
        columns = connection.execute(_SQLITE_COLUMNS, {"only": None}).fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_ERROR":
            raise
        columns = _readable_columns(connection)  # one broken view or unknown module fails them all
    declared = connection.execute(_SQLITE_DECLARED).fetchall()
    shadows = connection.execute(_SQLITE_SHADOWS).fetchall() if _lists_shadows() else []
    out = _virtual(declared) | {lowered(name) for (name,) in shadows}
    tables = _assembled(columns, connection.execute(_SQLITE_KEYS).fetchall())
    reads = {lowered(name): read_by(sql) for name, kind, sql in declared if kind == "view"}
    return Found(
        tables=tuple(table for table in tables if lowered(table.name) not in out),
        lineage=Lineage(
            shows={name: tables for name, tables in reads.items() if tables is not None},
            unclear=frozenset(name for name, tables in reads.items() if tables is None or tables & out),
        ),
    )


def postgres_tables(connection: _Postgres) -> Found:
    """Return the tables and views of the schema `public` as far as the role may read them."""
    columns = connection.execute(_POSTGRES_COLUMNS).fetchall()
    read = connection.execute(_POSTGRES_READ).fetchall()
    heirs = connection.execute(_POSTGRES_HEIRS).fetchall()
    shown = [(view, table) for view, table in read if table is not None]
    return Found(
        tables=_assembled(columns, connection.execute(_POSTGRES_KEYS).fetchall()),
        lineage=Lineage(
            shows=_grouped([*shown, *((parent, heir) for heir, parent in heirs)]),
            parents=_grouped(heirs),
            unclear=frozenset(str(view) for view, table in read if table is None),  # it calls a function
        ),
    )


def _lists_shadows() -> bool:
    return sqlite3.sqlite_version_info >= _TABLE_LIST_SINCE


def _virtual(declared: Iterable[tuple[str, str, str]]) -> set[str]:
    """Return the folded names of virtual tables and of those that hold their data."""
    virtual = {lowered(name) for name, _, sql in declared if _VIRTUAL.match(sql)}
    return virtual | {f"{name}_{ending}" for name in virtual for ending in _SHADOWS}


def _grouped(pairs: Iterable[tuple[object, ...]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, other in pairs:
        found.setdefault(str(name), set()).add(str(other))
    return {name: frozenset(others) for name, others in found.items()}


def _readable_columns(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    columns = []
    for (name,) in connection.execute(f"{_SQLITE_NAMES} ORDER BY name").fetchall():
        try:
            columns += connection.execute(_SQLITE_COLUMNS, {"only": name}).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_ERROR":
                raise
    return columns


def _assembled(
    columns: Iterable[tuple[object, ...]], keys: Iterable[tuple[object, ...]]
) -> tuple[TableSchema, ...]:
    tables = [_table(str(name), rows) for name, rows in groupby(columns, key=lambda row: row[0])]
    known = {table.name: table for table in tables if table.columns and _is_nameable(table.name)}
    folded = {lowered(name): table for name, table in known.items()}
    ends: dict[str, list[ForeignKey]] = {}
    for (name, _), rows in groupby(keys, key=lambda row: (row[0], row[1])):
        pairs = list(rows)
        other = str(pairs[0][3])
        target = known.get(other) or folded.get(lowered(other))
        if target is None:
            continue
        own = tuple(str(row[2]) for row in pairs)
        others = tuple(str(row[4]) for row in pairs if row[4] is not None) or target.primary_key
        if len(own) == len(others):
            key = ForeignKey(columns=own, table=target.name, references=others)
            ends.setdefault(str(name), []).append(key)
    return tuple(replace(table, foreign_keys=tuple(ends.get(table.name, ()))) for table in known.values())


def _table(name: str, rows: Iterable[tuple[object, ...]]) -> TableSchema:
    columns, key, hidden = [], [], False
    for _, column, kind, place, readable in rows:
        if readable and _is_nameable(str(column)):
            columns.append(Column(name=str(column), type=str(kind).upper()))
        elif place:
            hidden = True
        if place:
            key.append((int(str(place)), str(column)))
    primary = () if hidden else tuple(column for _, column in sorted(key))
    return TableSchema(name=name, columns=tuple(columns), primary_key=primary)


def _is_nameable(name: str) -> bool:
    """Tell whether a statement can hold the name; one that is not valid UTF-8 came with replaced signs."""
    is_plain = "\ufffd" not in name and not any(ord(sign) < ord(" ") for sign in name)
    return is_plain and 0 < len(name.encode()) <= MOST_NAME_BYTES
