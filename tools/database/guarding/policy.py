"""Who may see what of the database: rules for groups, and what they come to for one asker.

A rule holds for the groups it names, or for everybody when it names none. Rules only take away: all that
hold for an asker add up, so a column is hidden when one rule hides it, else masked when one masks it, and
rows must meet every condition. A table without a rule that holds for the asker is seen whole.

Names in rules compare without regard to case, also where the database would tell `Orders` from `orders`: a
rule that could mean a table means it. A rule is about the table or view it names and not about views that
read it; such a view needs a rule of its own, or must not be readable.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tools.database.schema import Column, ForeignKey, Schema, TableSchema, lowered
from tools.types import Principal

_Shown = Mapping[str, tuple[Column, ...]]
"""The columns of governed tables that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """What some groups may see of one table."""

    table: str
    groups: tuple[str, ...] = ()
    """Who the rule is for; empty means everybody."""
    hidden: tuple[str, ...] = ()
    """Columns that do not exist for them."""
    masked: tuple[str, ...] = ()
    """Columns that read as NULL for them."""
    rows: str | None = None
    """Condition that rows must meet; its `:names` are the asker's attributes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAccess:
    """All rules on one table for one asker, added up; names are folded."""

    hidden: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()
    rows: tuple[str, ...] = ()

    def shows(self, column: str) -> bool:
        """Whether a column exists for the asker."""
        return lowered(column) not in self.hidden

    def masks(self, column: str) -> bool:
        """Whether a column reads as NULL for the asker."""
        return lowered(column) in self.masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What one asker may see."""

    tables: tuple[tuple[str, TableAccess], ...] = ()
    """Governed tables by folded name; all others are seen whole."""
    attributes: frozenset[str] = frozenset()
    """Names of the attributes that the asker has; a condition that needs another one holds for no row."""

    def access(self, table: str) -> TableAccess | None:
        """Return what holds for a table, or None when it is seen whole."""
        return next((access for name, access in self.tables if name == lowered(table)), None)


def policy_for(principal: Principal, rules: Iterable[AccessRule]) -> Policy:
    """Add up the rules that hold for somebody; an attribute without a value counts as missing."""
    tables: dict[str, TableAccess] = {}
    for rule in rules:
        if rule.groups and principal.groups.isdisjoint(rule.groups):
            continue
        before = tables.get(lowered(rule.table), TableAccess())
        tables[lowered(rule.table)] = TableAccess(
            hidden=before.hidden | frozenset(map(lowered, rule.hidden)),
            masked=before.masked | frozenset(map(lowered, rule.masked)),
            rows=before.rows if rule.rows is None else (*before.rows, rule.rows),
        )
    return Policy(
        tables=tuple(sorted(tables.items(), key=lambda item: item[0])),
        attributes=frozenset(name for name, value in principal.attributes if value is not None),
    )


def visible(schema: Schema, policy: Policy) -> Schema:
    """Return the schema as the asker sees it.

    Governed tables whose columns are not known, or are all hidden, are left out.
    """
    shown = {
        table.name: tuple(column for column in table.columns if access.shows(column.name))
        for table in schema.tables
        if (access := policy.access(table.name)) is not None
    }
    if not shown:
        return schema
    return Schema(tables=tuple(_seen(table, shown) for table in schema.tables if shown.get(table.name) != ()))


def same_name(first: str, second: str) -> bool:
    """Whether a rule and a table may mean the same by two names."""
    return lowered(first) == lowered(second)


def _seen(table: TableSchema, shown: _Shown) -> TableSchema:
    keys = tuple(key for key in table.foreign_keys if _leads_on(table.name, key, shown))
    if table.name not in shown:
        return table if keys == table.foreign_keys else replace(table, foreign_keys=keys)
    return replace(
        table,
        columns=shown[table.name],
        primary_key=table.primary_key if _has(table.name, table.primary_key, shown) else (),
        foreign_keys=keys,
    )


def _leads_on(name: str, key: ForeignKey, shown: _Shown) -> bool:
    return (
        _has(name, key.columns, shown)
        and shown.get(key.table) != ()
        and _has(key.table, key.references, shown)
    )


def _has(name: str, columns: tuple[str, ...], shown: _Shown) -> bool:
    return name not in shown or {lowered(column) for column in columns} <= {
        lowered(column.name) for column in shown[name]
    }
