"""Runs checked, read-only SQL on SQLite or PostgreSQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from tools.database.binding import bound_values
from tools.database.capping import capped
from tools.database.costs import MOST_COST, check_cost
from tools.database.guard import check
from tools.database.guarding.policy import AccessRule
from tools.database.guarding.refusal import meant
from tools.database.keeping import MOST_BYTES_OF_VALUES, Kept, bytes_of, seen_by
from tools.database.schema import Dialect, Schema, quoted_name
from tools.database.sources import Reader, Source, named_problems
from tools.database.sqlite import source as sqlite
from tools.database.structure import Structure
from tools.database.wanted import Wanted
from tools.errors import ConfigurationError, Problem, RejectedQuery, TransientError
from tools.types import ANYONE, Cell, Principal, Table

_CONNECTIONS = 4
_VALUES_KEPT_SECONDS = 300.0
_MOST_ROWS_FOR_VALUES = 200_000
_SCHEMA_PROBLEMS: tuple[Problem, ...] = ("unknown_table", "unknown_column")


def open_database(
    url: str,
    *,
    tables: tuple[str, ...],
    deadline_seconds: float,
    rules: tuple[AccessRule, ...] = (),
    descriptions: Mapping[str, str] | None = None,
    most_cost: float = MOST_COST,
    allow_writable_role: bool = False,
    settled: bool = False,
    most_bytes_kept: int = MOST_BYTES_OF_VALUES,
) -> "SqlDatabase":
    """Open a database for reading; connects when first used.

    Args:
        url: SQLAlchemy's form, such as `sqlite:////data/shop.db` or `postgresql://user:word@host/shop`.
        tables: Names of the tables and views that may be read; empty means all of them.
        deadline_seconds: Longest time one statement may take.
        rules: What groups of askers may see.
        descriptions: Words for `table` or `table.column`.
        most_cost: Estimated work of a statement beyond which it is refused; see `tools.database.costs`.
        allow_writable_role: Whether PostgreSQL may be read through a role that could write.
        settled: Whether it was opened before with success; then tables that have gone since are left out.
        most_bytes_kept: Room for the values of columns that are kept.

    Raises:
        ConfigurationError: The url is wrong, or names no SQLite database.
    """
    source = _source(url, tables, deadline_seconds)
    wanted = Wanted(tables=tables, descriptions=dict(descriptions or {}))
    return SqlDatabase(
        source=source,
        structure=Structure(
            source=source, wanted=wanted, rules=rules, examined=not allow_writable_role, settled=settled
        ),
        most_cost=most_cost,
        kept=Kept(seconds=_VALUES_KEPT_SECONDS, most=most_bytes_kept, size=bytes_of),
        pool=QueuePool(
            source.connect,
            pool_size=_CONNECTIONS,
            max_overflow=0,
            timeout=deadline_seconds,
            reset_on_return=None,
        ),
    )


def _source(url: str, tables: tuple[str, ...], deadline_seconds: float) -> Source:
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError) as error:
        raise ConfigurationError(
            "database: [database] url is not a database url; write sqlite:///FILE or postgresql://…"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigurationError("database: a SQLite url needs a file, as in sqlite:///shop.db")
        path = Path(parsed.database)
        sqlite.check_file(path)
        return sqlite.SqliteSource(path=path, deadline_seconds=deadline_seconds)
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return _postgres(parsed, tables, deadline_seconds)
    raise ConfigurationError(
        f"database: {parsed.get_backend_name()!r} is not supported; use sqlite:///FILE or postgresql://…"
    )


def _postgres(url: URL, tables: tuple[str, ...], deadline_seconds: float) -> Source:
    from tools.database.postgres.source import (
        PostgresSource,  # loads its driver, which other databases do without
    )

    return PostgresSource(
        address=url.set(drivername="postgresql").render_as_string(hide_password=False),
        place=url.database or url.username or "postgres",
        tables_wanted=tables,
        deadline_seconds=deadline_seconds,
    )


@dataclass(slots=True, kw_only=True)
class SqlDatabase:
    """One database, read by any number of threads; the port `Database` and `ReflectedDatabase`."""

    source: Source
    structure: Structure
    most_cost: float
    pool: QueuePool
    kept: Kept[tuple[str, ...]] = field(repr=False)

    @property
    def dialect(self) -> Dialect:
        """The SQL it speaks."""
        return self.source.dialect

    def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Cell],
        *,
        limit: int,
        principal: Principal = ANYONE,
    ) -> Table:
        """Run one SELECT with `:name` parameters and return at most `limit` rows.

        A statement that names an unknown table or column makes the engine look at the tables again: they may
        have changed.

        Raises:
            RejectedQuery: The statement is refused or wrong; its `problem` says how.
            DeadlineExceeded: It ran longer than allowed.
            ConfigurationError: What is configured does not fit the database.
            TransientError: The database is away or locked.
        """
        try:
            return self._run(statement, parameters, limit, principal)
        except RejectedQuery as refused:
            if refused.problem not in _SCHEMA_PROBLEMS or not self.structure.has_changed():
                raise
        return self._run(statement, parameters, limit, principal)

    def schema(self, principal: Principal = ANYONE) -> Schema:
        """Return the tables and columns that exist for the asker.

        Raises:
            ConfigurationError: What is configured does not fit the database, or its role could write.
            TransientError: The database is away or locked.
        """
        return self.structure.visible(principal)

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Return up to `limit` distinct texts of a column in order; kept for five minutes.

        They are those of the rows that the asker may see, so a masked column has none. Of a large table only
        the first 200,000 rows are looked at.

        Raises:
            ConfigurationError: There is no such table or column for the asker.
            RejectedQuery: To find them is too much work, as in a view that joins large tables.
            DeadlineExceeded: It took longer than a statement may.
            TransientError: The database is away or locked.
        """
        return self.kept.get(
            (table, column, limit, seen_by(principal, table, self.structure.rules)),
            lambda: self._read_values(table, column, limit, principal),
        )

    def ping(self) -> None:
        """Raise a PlumblineError when the database cannot serve."""
        with self._reader(self.structure.schema()) as reader, reader.select("SELECT 1", {}) as answer:
            capped(answer.columns, answer.rows, limit=1)

    def close(self) -> None:
        """Let go of all connections."""
        self.pool.dispose()

    def _run(self, statement: str, parameters: Mapping[str, Cell], limit: int, principal: Principal) -> Table:
        policy = self.structure.policy(principal)
        schema = self.structure.readable(policy)
        verdict = check(statement, dialect=self.dialect, schema=schema, max_rows=limit + 1, policy=policy)
        if verdict.normalized is None:
            raise RejectedQuery(verdict.reason or "the statement is refused", verdict.problem or "refused")
        values = bound_values(verdict, parameters, principal)
        is_told = not policy.tables
        with self._reader(schema) as reader:
            plan = reader.explain(verdict.normalized, values, is_told=is_told)
            check_cost(plan.work, most=self.most_cost, is_told=is_told)
            with reader.select(verdict.normalized, values) as answer:
                return replace(capped(answer.columns, answer.rows, limit=limit), plan=plan.lines)

    def _read_values(self, table: str, column: str, limit: int, principal: Principal) -> tuple[str, ...]:
        known = self.schema(principal).table(table, dialect=self.dialect)
        columns = [item.name for item in known.columns] if known else []
        names = [name for name in columns if name == column] or [
            name for name in columns if name.lower() == column.lower()
        ]
        if known is None or not names:
            raise ConfigurationError(
                f"database: there is no column {column!r} in table {table!r}; correct the query's parameter"
                f"{meant(column, columns)}"
            )
        name, source = quoted_name(names[0]), quoted_name(known.name)
        statement = (
            f"SELECT DISTINCT looked.found FROM (SELECT {name} AS found FROM {source} "  # noqa: S608  # quoted, and checked
            f"LIMIT {_MOST_ROWS_FOR_VALUES}) AS looked WHERE NOT looked.found IS NULL ORDER BY looked.found"
        )
        found = self._run(statement, {}, limit, principal)
        return tuple(str(row[0]) for row in found.rows if str(row[0]).strip())

    @contextmanager
    def _reader(self, schema: Schema) -> Iterator[Reader]:
        """Lend a reader; a connection on which anything failed is not used again."""
        with named_problems(self.source):
            lent = self._begun()
            own, is_clean = lent.driver_connection, False
            try:
                with self.source.reading(own, schema) as reader:
                    yield reader
                self.source.end(own)
                is_clean = True
            finally:
                if not is_clean:
                    lent.invalidate()
                lent.close()

    def _begun(self) -> PoolProxiedConnection:
        """Take a connection that answers; those that went stale while they waited are dropped."""
        for _ in range(_CONNECTIONS):
            try:
                lent = self.pool.connect()
            except exc.TimeoutError as error:
                raise TransientError("database: all connections are busy; try again") from error
            is_fit = False
            try:
                self.source.begin(lent.driver_connection)
                is_fit = True
            except self.source.failures:
                continue
            finally:
                if not is_fit:
                    lent.invalidate()
                    lent.close()
            return lent
        raise TransientError(f"database: {self.source.place!r} does not take statements; try again")
