"""Whose rows a table or view shows besides its own, so that nobody reads past a rule by another name.

A view shows rows of the tables it reads, a parent those of its partitions and heirs, and each of these some
of its parent's. An access rule holds where its table is named; what shows rows of a governed table under
another name must have a rule of its own, or it does not exist for whom the rule is for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tools.database.guarding.policy import Policy
from tools.database.schema import Dialect, Schema, TableSchema, fold_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Who shows whose rows; names are spelled as the database compares them."""

    shows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What a view reads, and the partitions and heirs of a table."""
    parents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The tables of which one is a partition or an heir."""
    unclear: frozenset[str] = frozenset()
    """Views of which nobody can tell what they read; taken to read everything."""

    def evades(self, name: str, is_governed: Callable[[str], bool]) -> bool:
        """Tell whether a name shows rows of a governed table that is called otherwise."""
        shown = _closure({name}, self.shows)
        if shown & self.unclear:
            return True
        return any(is_governed(other) for other in _closure(shown, self.parents) - {name})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The tables and views of a database as it tells them."""

    tables: tuple[TableSchema, ...]
    lineage: Lineage = field(default_factory=Lineage)


def without_evasions(schema: Schema, policy: Policy, lineage: Lineage, *, dialect: Dialect) -> Schema:
    """Leave out what would show somebody rows of governed tables without a rule of its own."""
    if not policy.tables:
        return schema

    def is_governed(name: str) -> bool:
        return policy.access(name) is not None

    out = {
        table.name
        for table in schema.tables
        if not is_governed(table.name)
        and lineage.evades(fold_name(table.name, dialect=dialect, quoted=True), is_governed)
    }
    if not out:
        return schema
    return Schema(
        tables=tuple(
            replace(table, foreign_keys=tuple(key for key in table.foreign_keys if key.table not in out))
            for table in schema.tables
            if table.name not in out
        )
    )


def _closure(names: set[str], leads: Mapping[str, frozenset[str]]) -> set[str]:
    found, pending = set(names), list(names)
    while pending:
        more = leads.get(pending.pop(), frozenset()) - found
        found |= more
        pending += more
    return found
