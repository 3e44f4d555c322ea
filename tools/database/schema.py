"""What a database looks like: tables, columns, keys.

Names compare as the database compares them: SQLite ignores the case of ASCII letters, PostgreSQL folds
unquoted names to lower case and takes quoted ones as they stand.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from tools.ports import Database
from tools.types import ANYONE, Principal

Dialect: TypeAlias = Literal["sqlite", "postgres"]
"""The SQL that is spoken."""

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TO_LOWER = str.maketrans(_UPPER, _UPPER.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    type: str = ""
    """The type as the database spells it; empty when unknown."""
    description: str = ""
    """What it means, in words of the configuration; empty when nobody said."""

    @property
    def is_text(self) -> bool:
        """Whether its values are words that a question may name."""
        upper = self.type.upper()
        return not upper or any(word in upper for word in ("CHAR", "TEXT", "CLOB", "ENUM", "STRING"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A reference from columns of one table to columns of another."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """One table or view that may be read."""

    name: str
    columns: tuple[Column, ...] = ()
    """Empty when unknown; then any column passes."""
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    description: str = ""
    """What a row is, in words of the configuration; empty when nobody said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All that may be read."""

    tables: tuple[TableSchema, ...]
    _named: dict[str, TableSchema] = field(init=False, repr=False, compare=False)
    _folded: dict[str, TableSchema] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the tables by name; of several the first counts."""
        backwards = self.tables[::-1]
        object.__setattr__(self, "_named", {table.name: table for table in backwards})
        object.__setattr__(self, "_folded", {lowered(table.name): table for table in backwards})

    def table(self, name: str, *, dialect: Dialect, quoted: bool = False) -> TableSchema | None:
        """Return the table that a statement means by a name, or None."""
        known = self._folded if dialect == "sqlite" else self._named
        return known.get(fold_name(name, dialect=dialect, quoted=quoted))


class ReflectedDatabase(Database, Protocol):
    """A database that can also tell what is in it. Methods block the thread."""

    def schema(self, principal: Principal = ANYONE) -> Schema:
        """Return the tables and columns that may be read; raises as `fetch` does."""

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Return up to `limit` distinct texts of a column in order; raises as `fetch` does.

        Raises:
            ConfigurationError: There is no such table or column.
        """


def fold_name(name: str, *, dialect: Dialect, quoted: bool) -> str:
    """Return the spelling under which the database compares a name."""
    return name if dialect == "postgres" and quoted else lowered(name)


def lowered(name: str) -> str:
    """Return a name with its ASCII letters in lower case: the spelling under which SQLite compares names."""
    return name.translate(_TO_LOWER)


def quoted_name(name: str) -> str:
    """Return a name in double quotes, as every statement may write it."""
    return '"' + name.replace('"', '""') + '"'
