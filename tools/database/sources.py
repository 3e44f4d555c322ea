"""What the engine asks of one kind of database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from tools.database.lineage import Found
from tools.database.plans import Plan
from tools.database.schema import Dialect, Schema
from tools.errors import PlumblineError
from tools.types import Cell

LOOKING_SECONDS = 30.0
"""How long a look at the tables may take, which nobody's statement asks for."""
Connection: TypeAlias = Any  # each driver has a class of its own, which only its source knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a statement gives, row by row; to be read while its reader is at hand."""

    columns: tuple[str, ...]
    rows: Iterable[Sequence[object]]


class Reader(Protocol):
    """One connection that can only read, until the deadline."""

    def explain(self, statement: str, values: Mapping[str, Cell], *, is_told: bool) -> Plan:
        """Return how the database would go about a checked statement, without running it.

        Args:
            statement: SQL.
            values: Of its parameters.
            is_told: Whether the lines of the plan may say how many rows there are.
        """

    def select(self, statement: str, values: Mapping[str, Cell]) -> AbstractContextManager[Answer]:
        """Run a checked statement; rows are fetched as they are asked for."""


class Source(Protocol):
    """One database, how to reach it and what to expect of it.

    Methods raise the driver's errors, which `problem` translates.
    """

    @property
    def dialect(self) -> Dialect:
        """The SQL it speaks."""

    @property
    def place(self) -> str:
        """Its name for messages: no path, address, user or password."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What `problem` translates."""

    def connect(self) -> Connection:
        """Open a connection."""

    def begin(self, connection: Connection) -> None:
        """Make a connection ready to be read; fails when it went stale."""

    def end(self, connection: Connection) -> None:
        """Leave nothing behind on a connection that others will use."""

    def tables(self, *, examined: bool) -> Found:
        """Look at what may be read, on a connection of its own.

        Args:
            examined: Whether to refuse a login that could write.

        Raises:
            ConfigurationError: It could.
        """

    def reading(self, connection: Connection, schema: Schema) -> AbstractContextManager[Reader]:
        """Lend a reader of the schema's tables on a connection that was begun."""

    def problem(self, error: Exception) -> PlumblineError:
        """Return our error for one of the driver's."""


@contextmanager
def named_problems(source: Source) -> Iterator[None]:
    """Raise our errors in place of the driver's."""
    try:
        yield
    except source.failures as error:
        raise source.problem(error) from error
