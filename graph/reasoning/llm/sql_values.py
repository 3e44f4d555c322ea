"""Values of text columns that a question names: the only rows of the database that a prompt ever shows.

The words of such a value stand in the question itself, so nothing comes to the model that the asker did
not write.
"""

import time
from collections.abc import Iterator, Sequence

from graph.reasoning.llm.marking import clean, defang
from graph.reasoning.llm.sql_linking import Hint
from tools.database.keeping import Kept, bytes_of
from tools.database.linking import ValueIndex
from tools.database.schema import ReflectedDatabase, TableSchema
from tools.errors import ConfigurationError, RejectedQuery, TransientError
from tools.types import Principal

MOST_COLUMNS = 60
"""Columns that are looked into."""
MOST_VALUES = 2_000
"""Distinct values of a column that are looked at."""
MOST_HINTS = 12
SHORTEST_NUMBER = 4
"""Digits of a number that is rather a name than an amount, such as a year."""
LONGEST_VALUE = 80
"""Characters; a longer text is no name."""

_KEPT_SECONDS = 300.0
_MOST_BYTES = 32_000_000
_BYTES_OF_INDEX = 8
"""About so many times the bytes of its values."""


class ValueIndexes:
    """Indexes of values that were lately looked into; each owner has its own, for they hold rows."""

    def __init__(self) -> None:
        """Keep none yet."""
        self._kept = Kept[tuple[tuple[str, ...], ValueIndex]](
            seconds=_KEPT_SECONDS, most=_MOST_BYTES, size=lambda made: _BYTES_OF_INDEX * bytes_of(made[0])
        )

    def of(self, values: tuple[str, ...]) -> ValueIndex:
        """Return the index of a column's values."""
        return self._kept.get(values, lambda: (values, ValueIndex(values)))[1]


def named_values(
    question: str,
    tables: Sequence[TableSchema],
    database: ReflectedDatabase,
    *,
    principal: Principal,
    seconds: float,
    indexes: ValueIndexes,
) -> tuple[Hint, ...]:
    """Return the values that a question names, longest first; blocks the thread.

    A column that cannot be read now gives none, and a database that is away ends the search: hints are help
    that a query can do without, and who runs the query hears of the trouble.

    Args:
        question: What is asked.
        tables: Where to look, the most promising first.
        database: Tells the distinct values of a column.
        principal: Whose question it is.
        seconds: After this time no further column is begun.
        indexes: Those that were made for earlier questions.
    """
    ends = time.monotonic() + seconds
    found: dict[Hint, int] = {}
    for table, column in _text_columns(tables):
        if time.monotonic() >= ends:
            break
        try:
            values = database.values(table, column, limit=MOST_VALUES, principal=principal)
        except TransientError:
            break
        except (RejectedQuery, ConfigurationError):
            continue
        for link in indexes.of(values).link(question):
            if _is_showable(link.value):
                found[Hint(table=table, column=column, value=link.value)] = link.end - link.start
    return tuple(sorted(found, key=lambda hint: -found[hint])[:MOST_HINTS])


def literal(value: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def _text_columns(tables: Sequence[TableSchema]) -> Iterator[tuple[str, str]]:
    pairs = ((table.name, column.name) for table in tables for column in table.columns if column.is_text)
    yield from (pair for pair, _ in zip(pairs, range(MOST_COLUMNS), strict=False))


def _is_showable(value: str) -> bool:
    """Tell whether a value can be shown as it is, and is more than a small number of the question."""
    if value.isdecimal() and len(value) < SHORTEST_NUMBER:
        return False
    return len(value) <= LONGEST_VALUE and defang(clean(value)) == value and "\n" not in value
