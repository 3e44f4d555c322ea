"""Which tables and columns of a schema a question is about.

A small schema is shown whole. Of a large one every table gets a score between 0 and about 4,

    1.5 · coverage(name) + coverage(columns and descriptions) + 0.5 · likeness + 1 if a value of it is named

where coverage is the share of the question's stems, weighted by how few tables use them, that stand among
those words, and likeness the cosine of question and name. Tables are taken by falling score, each with
the shortest path of foreign keys to those before it, while they fit.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import log

from graph.reasoning.llm.sql_schema import DESCRIPTION, render_table, with_known_keys
from tools.database.schema import Column, Dialect, Schema, TableSchema
from tools.text.words import stem_set

SCHEMA_TOKENS = 3_000
"""Most tokens of the schema in a prompt."""
CHARACTERS_A_TOKEN = 3
MOST_COLUMNS = 30
"""Of one table, when the schema is not shown whole."""
ENOUGH_TABLES = 6
"""From here on a table must score well to be shown."""
WELL = 0.4
"""Share of the best score."""
LONGEST_PATH = 4
"""Foreign keys between two tables."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A value of a column that the question names."""

    table: str
    column: str
    value: str


def words_of(name: str) -> str:
    """Return a name as words: `orderItems` and `order_items` are "order items"."""
    return " ".join(_CAMEL.sub(" ", name).replace("_", " ").split())


def told(table: TableSchema) -> str:
    """Return what a table is called and described as, for the embedder."""
    return f"{words_of(table.name)} {table.description[:DESCRIPTION]}".rstrip()


def fits_whole(schema: Schema, *, dialect: Dialect) -> bool:
    """Tell whether a schema is small enough to be shown as it is."""
    room = SCHEMA_TOKENS
    for table in schema.tables:
        room -= _tokens(table, dialect)
        if room < 0:
            return False
    return True


def ranked(
    question: str, schema: Schema, *, hints: Sequence[Hint] = (), likeness: Mapping[str, float]
) -> list[tuple[float, TableSchema]]:
    """Return the tables with their scores, best first.

    Args:
        question: What is asked.
        schema: All tables.
        hints: Values that the question names.
        likeness: Cosine of question and table by table name; empty without vectors.
    """
    coverage = _coverage(question, schema)
    named = {hint.table for hint in hints}

    def score(table: TableSchema) -> float:
        words = _words(table)
        return (
            1.5 * coverage(words.name)
            + coverage(words.rest)
            + 0.5 * max(0.0, likeness.get(table.name, 0.0))
            + (table.name in named)
        )

    scored = [(score(table), table) for table in schema.tables]
    return sorted(scored, key=lambda entry: -entry[0])


def relevant(
    question: str,
    schema: Schema,
    scored: Sequence[tuple[float, TableSchema]],
    *,
    hints: Sequence[Hint],
    dialect: Dialect,
) -> Schema:
    """Return the tables that matter, joined to one another, with the columns that matter.

    Args:
        question: What is asked.
        schema: All tables.
        scored: The tables by falling score.
        hints: Values that the question names.
        dialect: For the length of what is shown.
    """
    coverage = _coverage(question, schema)
    keys = _key_columns(schema)
    paths = _Paths(schema)
    best = scored[0][0] if scored else 0.0
    room, chosen = SCHEMA_TOKENS, dict[str, TableSchema]()
    for score, table in scored:
        if len(chosen) >= ENOUGH_TABLES and score < WELL * best:
            break
        wanted = [name for name in (*paths.between(chosen, table.name), table.name) if name not in chosen]
        shown = [_narrowed(paths.tables[name], keys[name], hints, coverage) for name in wanted]
        cost = sum(_tokens(one, dialect) for one in shown)
        if cost <= room:
            room -= cost
            chosen |= {one.name: one for one in shown}
    return with_known_keys([chosen[table.name] for table in schema.tables if table.name in chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    name: frozenset[str]
    rest: frozenset[str]


@lru_cache(maxsize=5_000)
def _words(table: TableSchema) -> _Words:
    rest = [table.description, *(_words_of_column(column) for column in table.columns)]
    return _Words(name=stem_set(words_of(table.name)), rest=stem_set(" . ".join(rest)))


def _words_of_column(column: Column) -> str:
    return f"{words_of(column.name)} {column.description}"


def _coverage(question: str, schema: Schema) -> Callable[[frozenset[str]], float]:
    """Return a function that tells how much of a question some stems cover, in [0, 1]."""
    asked = stem_set(question)
    used = Counter(
        stem for table in schema.tables for stem in asked & (_words(table).name | _words(table).rest)
    )
    weights = {stem: log(1 + len(schema.tables) / used[stem]) for stem in asked if used[stem]}
    whole = sum(weights.values()) or 1.0
    return lambda stems: sum(weights.get(stem, 0.0) for stem in asked & stems) / whole


def _key_columns(schema: Schema) -> dict[str, frozenset[str]]:
    """Return the columns of every table that keys are made of or lead to."""
    keys = {table.name: set(table.primary_key) for table in schema.tables}
    for table in schema.tables:
        for key in table.foreign_keys:
            keys[table.name] |= set(key.columns)
            keys.get(key.table, set()).update(key.references)
    return {name: frozenset(columns) for name, columns in keys.items()}


def _narrowed(
    table: TableSchema,
    keys: frozenset[str],
    hints: Sequence[Hint],
    coverage: Callable[[frozenset[str]], float],
) -> TableSchema:
    """Return a table with its keys and the columns that matter most, in their own order."""
    if len(table.columns) <= MOST_COLUMNS:
        return table
    named = {hint.column for hint in hints if hint.table == table.name}

    def weight(column: Column) -> float:
        return 2.0 * (column.name in keys or column.name in named) + coverage(
            stem_set(_words_of_column(column))
        )

    kept = {column.name for column in sorted(table.columns, key=weight, reverse=True)[:MOST_COLUMNS]}
    return replace(table, columns=tuple(column for column in table.columns if column.name in kept))


class _Paths:
    """The shortest ways along foreign keys."""

    def __init__(self, schema: Schema) -> None:
        self.tables = {table.name: table for table in schema.tables}
        self._beside: dict[str, list[str]] = {name: [] for name in self.tables}
        for table in schema.tables:
            for key in table.foreign_keys:
                if key.table in self.tables and key.table != table.name:
                    self._beside[table.name].append(key.table)
                    self._beside[key.table].append(table.name)

    def between(self, chosen: Iterable[str], goal: str) -> list[str]:
        """Return the tables on the shortest way from any of those chosen to the goal; empty without one."""
        goals = set(chosen)
        came_from: dict[str, str | None] = {goal: None}
        pending = deque([(goal, 0)])
        while pending:
            name, steps = pending.popleft()
            if name in goals:
                return _way_back(name, came_from)
            for beside in self._beside[name] if steps < LONGEST_PATH else ():
                if beside not in came_from:
                    came_from[beside] = name
                    pending.append((beside, steps + 1))
        return []


def _way_back(name: str, came_from: Mapping[str, str | None]) -> list[str]:
    way: list[str] = []
    following = came_from[name]
    while following is not None and came_from[following] is not None:
        way.append(following)
        following = came_from[following]
    return way


def _tokens(table: TableSchema, dialect: Dialect) -> int:
    return len(render_table(table, dialect=dialect)) // CHARACTERS_A_TOKEN
