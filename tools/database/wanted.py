"""What the configuration wants of a database: which tables, and the words that describe them."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from tools.database.guarding.refusal import meant
from tools.database.guarding.vocabulary import SYSTEM_PREFIXES
from tools.database.schema import Dialect, Schema, TableSchema, fold_name
from tools.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the configuration says about the tables."""

    tables: tuple[str, ...] = ()
    """Tables and views that may be read; empty means all."""
    descriptions: Mapping[str, str]
    """Words for `table` or `table.column`."""


def chosen(
    found: Sequence[TableSchema], wanted: Wanted, *, dialect: Dialect, place: str, strict: bool
) -> Schema:
    """Return the wanted tables, described.

    Args:
        found: All tables.
        wanted: What the configuration says.
        dialect: The database; its rules for the case of names apply.
        place: The database's name, for messages.
        strict: Whether what is wanted must be there; when not, the rest is returned.

    Raises:
        ConfigurationError: Something wanted does not exist, or there is no table at all.
    """
    schema, known = Schema(tables=tuple(found)), {table.name for table in found}
    picked = {name: schema.table(name, dialect=dialect, quoted=name in known) for name in wanted.tables}
    missing = sorted(name for name, table in picked.items() if table is None)
    if strict and missing:
        raise ConfigurationError(
            f"database: {place!r} has no table {', '.join(map(repr, missing))} that may be read; "
            f"correct [database] tables{meant(missing[0], known)}"
        )
    tables = [table for table in picked.values() if table is not None]
    if not wanted.tables:
        tables = [table for table in found if not table.name.lower().startswith(SYSTEM_PREFIXES)]
    if strict and not tables:
        raise ConfigurationError(
            f"database: {place!r} has no tables that may be read; create them, or correct [database] url"
        )
    shown = _without_hidden_ends(dict.fromkeys(tables))
    return _described(shown, wanted.descriptions, dialect=dialect, strict=strict)


def _without_hidden_ends(tables: Iterable[TableSchema]) -> list[TableSchema]:
    """Forget references from and to what may not be read."""
    shown = {table.name: table for table in tables}
    columns = {name: {column.name for column in table.columns} for name, table in shown.items()}
    return [
        replace(
            table,
            foreign_keys=tuple(
                key
                for key in table.foreign_keys
                if key.table in shown
                and columns[table.name].issuperset(key.columns)
                and columns[key.table].issuperset(key.references)
            ),
        )
        for table in shown.values()
    ]


def _described(
    tables: list[TableSchema], descriptions: Mapping[str, str], *, dialect: Dialect, strict: bool
) -> Schema:
    spelled = {_fold(table.name, dialect): table for table in tables}
    known = set(spelled) | {
        f"{name}.{_fold(column.name, dialect)}" for name, table in spelled.items() for column in table.columns
    }
    words = {_folded_as(name, known, dialect): said for name, said in descriptions.items()}
    unknown = sorted(name for name in descriptions if _folded_as(name, known, dialect) not in known)
    if strict and unknown:
        raise ConfigurationError(
            f"database: [database] descriptions speak of {', '.join(map(repr, unknown))}, which is no table "
            f"or table.column that may be read{meant(unknown[0], known)}"
        )
    return Schema(tables=tuple(_worded(table, words, dialect) for table in tables))


def _worded(table: TableSchema, words: Mapping[str, str], dialect: Dialect) -> TableSchema:
    name = _fold(table.name, dialect)
    columns = tuple(
        replace(column, description=words.get(f"{name}.{_fold(column.name, dialect)}", ""))
        for column in table.columns
    )
    return replace(table, columns=columns, description=words.get(name, ""))


def _folded_as(name: str, known: Set[str], dialect: Dialect) -> str:
    """Return a configured name as it is known: as it stands, else folded as the database folds it."""
    return name if name in known else fold_name(name, dialect=dialect, quoted=False)


def _fold(name: str, dialect: Dialect) -> str:
    return fold_name(name, dialect=dialect, quoted=True)
