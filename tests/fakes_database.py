"""Fakes of the database ports: tables held in memory, and a catalogue of prepared answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tools.database.guard import check
from tools.database.schema import Dialect, Schema
from tools.errors import ConfigurationError, InvalidInput, PlumblineError, RejectedQuery
from tools.ports import Matrix
from tools.types import ANYONE, Cell, Match, Principal, Rows, Table

Answer = Callable[[Mapping[str, Cell]], Table]
"""Computes the whole result of one statement from its parameters."""


@dataclass(slots=True, kw_only=True)
class FakeDatabase:
    """A database that answers prepared statements; the guard is real. The port `ReflectedDatabase`."""

    tables: Schema
    answers: dict[str, Answer] = field(default_factory=dict)
    """By statement, as the guard normalizes it without a row cap."""
    column_values: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """By table and column."""
    failure: PlumblineError | None = None
    """Raised by every call when set."""
    calls: list[tuple[str, dict[str, Cell]]] = field(default_factory=list)
    """Statements and parameters of `fetch`, in order."""
    spoken: Dialect = "sqlite"

    @property
    def dialect(self) -> str:
        """The SQL it pretends to speak."""
        return self.spoken

    def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Cell],
        *,
        limit: int,
        principal: Principal = ANYONE,
    ) -> Table:
        """Answer a prepared statement, cut at `limit` rows; everybody sees the same."""
        self._fail()
        verdict = check(statement, dialect=self.spoken, schema=self.tables, max_rows=None)
        if verdict.normalized is None:
            raise RejectedQuery(verdict.reason or "refused", verdict.problem or "refused")
        missing = sorted(verdict.parameters - set(parameters))
        if missing:
            names = ", ".join(f":{name}" for name in missing)
            raise RejectedQuery(f"the statement needs values for {names}", "parameters")
        if verdict.normalized not in self.answers:
            raise RejectedQuery(f"the fake has no answer to {verdict.normalized!r}; prepare one")
        self.calls.append((verdict.normalized, dict(parameters)))
        table = self.answers[verdict.normalized](parameters)
        return Table(columns=table.columns, rows=table.rows[:limit], truncated=len(table.rows) > limit)

    def schema(self, principal: Principal = ANYONE) -> Schema:
        """Return the prepared tables."""
        self._fail()
        return self.tables

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Return the prepared values."""
        self._fail()
        if (table, column) not in self.column_values:
            raise ConfigurationError(f"database: there is no column {column!r} in table {table!r}")
        return self.column_values[table, column][:limit]

    def ping(self) -> None:
        """Fail when told to."""
        self._fail()

    def close(self) -> None:
        """Hold nothing, so let go of nothing."""

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass(slots=True, kw_only=True)
class FakeCatalog:
    """A catalogue that matches prepared questions; the port `Catalog`."""

    matches: dict[str, Sequence[Match]] = field(default_factory=dict)
    """By question."""
    results: dict[str, Rows] = field(default_factory=dict)
    """By query name; the parameters of the match are put in."""
    failure: PlumblineError | None = None
    """Raised by `run` when set."""
    questions: list[tuple[str, date]] = field(default_factory=list)
    """What was asked, in order."""

    def match(self, question: str, vector: Matrix, *, today: date) -> list[Match]:
        """Return the prepared matches, best first."""
        self.questions.append((question, today))
        return sorted(self.matches.get(question, ()), key=lambda match: -match.score)

    def run(self, match: Match, *, principal: Principal = ANYONE) -> Rows:
        """Return the prepared rows."""
        if self.failure is not None:
            raise self.failure
        if match.query not in self.results:
            raise InvalidInput(f"the catalogue has no query {match.query!r}")
        if match.missing:
            raise InvalidInput(f"query {match.query!r} still needs: {' '.join(match.missing)}")
        rows = self.results[match.query]
        return Rows(
            name=match.query,
            statement=rows.statement,
            parameters=match.parameters,
            columns=rows.columns,
            rows=rows.rows,
            truncated=rows.truncated,
            description=rows.description,
            answer=rows.answer,
            empty=rows.empty,
        )
