"""The database whose statements run in worker processes; the port `ReflectedDatabase`.

A deadline inside a database's engine is polite: one long operation, or a stopped process, does not see it.
So the parent waits a moment longer than that, then kills the process that runs the statement and has
another one started.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.database.guarding.policy import AccessRule, policy_for
from tools.database.keeping import MOST_BYTES_OF_VALUES, Kept, bytes_of, seen_by
from tools.database.schema import Dialect, Schema
from tools.database.worker.channel import Overdue
from tools.database.worker.messages import Kind, Reply, encoded, principal_as_json
from tools.database.worker.opening import Opening
from tools.database.worker.pool import Pool
from tools.database.worker.processes import Ended, Launch
from tools.errors import DeadlineExceeded, PlumblineError, RejectedQuery, TransientError
from tools.types import ANYONE, Cell, Principal, Table

GRACE_SECONDS = 0.1
"""How much later than its own deadline a process is killed."""
_SHARE = 0.5
"""Part of its deadline that a statement may wait while all processes are busy, and that it always has."""
_LONGEST_LOOK_SECONDS = 30.0
"""For looking at the tables, of which there may be thousands."""
_SCHEMA_KEPT_SECONDS = 30.0
_VALUES_KEPT_SECONDS = 60.0
_MOST_SCHEMAS = 64
_MOST_REQUEST_BYTES = 1_000_000


def open_isolated(
    url: str,
    *,
    workers: int,
    memory_mb: int,
    tables: tuple[str, ...],
    deadline_seconds: float,
    most_cost: float,
    rules: tuple[AccessRule, ...] = (),
    descriptions: Mapping[str, str] | None = None,
    allow_writable_role: bool = False,
) -> "IsolatedDatabase":
    """Open a database in processes of their own; returns at once, errors come with the first use.

    Args:
        url: SQLAlchemy's form, such as `sqlite:////data/shop.db` or `postgresql://user:word@host/shop`.
        workers: Most processes.
        memory_mb: Most memory that a statement may take in its process.
        tables: As for `open_database`, like everything below.
        deadline_seconds: Longest time one statement may take, waiting for a process included.
        most_cost: Estimated work that is refused.
        rules: What groups of askers may see.
        descriptions: Words for tables and columns.
        allow_writable_role: Whether a role that could write will do.
    """
    opening = Opening(
        url=url,
        tables=tables,
        deadline_seconds=deadline_seconds,
        rules=rules,
        descriptions=descriptions or {},
        most_cost=most_cost,
        allow_writable_role=allow_writable_role,
        memory_mb=memory_mb,
    )
    return isolated(Launch(opening=opening), workers=workers)


def isolated(launch: Launch, *, workers: int) -> "IsolatedDatabase":
    """Open a database in processes that are started in a given way."""
    return IsolatedDatabase(
        dialect=launch.opening.dialect,
        rules=launch.opening.rules,
        deadline_seconds=launch.opening.deadline_seconds,
        workers=workers,
        pool=Pool(launch, workers=workers),
    )


@dataclass(slots=True, kw_only=True)
class IsolatedDatabase:
    """One database, read by any number of threads through a few processes."""

    dialect: Dialect
    deadline_seconds: float
    workers: int
    rules: tuple[AccessRule, ...] = ()
    """What makes the values of a column differ between askers."""
    pool: Pool = field(repr=False)
    _schemas: Kept[Schema] = field(
        default_factory=lambda: Kept(seconds=_SCHEMA_KEPT_SECONDS, most=_MOST_SCHEMAS), repr=False
    )
    _values: Kept[tuple[str, ...]] = field(
        default_factory=lambda: Kept(seconds=_VALUES_KEPT_SECONDS, most=MOST_BYTES_OF_VALUES, size=bytes_of),
        repr=False,
    )
    _version: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Cell],
        *,
        limit: int,
        principal: Principal = ANYONE,
    ) -> Table:
        """Run one SELECT with `:name` parameters and return at most `limit` rows.

        Raises:
            RejectedQuery: The statement is refused, wrong, or wants more memory than it may take.
            DeadlineExceeded: It ran longer than allowed.
            TransientError: The database is away or locked, all processes are busy, or one died of it.
        """
        told = {"do": "fetch", "statement": statement, "parameters": dict(parameters), "limit": limit}
        return self._ask(told, principal, Table, seconds=self.deadline_seconds)

    def schema(self, principal: Principal = ANYONE) -> Schema:
        """Return the tables that may be read, as lately seen.

        Raises:
            ConfigurationError: A configured table does not exist.
            TransientError: The database is away or locked.
        """
        return self._schemas.get(
            policy_for(principal, self.rules),
            lambda: self._ask({"do": "schema"}, principal, Schema, seconds=self._looking_seconds),
        )

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Return up to `limit` distinct texts of a column in order; kept for a while.

        Raises:
            ConfigurationError: There is no such table or column.
            DeadlineExceeded: It took longer than a statement may.
            TransientError: The database is away or locked.
        """
        told = {"do": "values", "table": table, "column": column, "limit": limit}
        return self._values.get(
            (table, column, limit, seen_by(principal, table, self.rules)),
            lambda: self._ask(told, principal, tuple, seconds=self.deadline_seconds),
        )

    def ping(self) -> None:
        """Raise a PlumblineError when the database cannot serve."""
        self._ask({"do": "ping"}, ANYONE, type(None), seconds=self._looking_seconds)

    def close(self) -> None:
        """End all processes."""
        self.pool.close()

    @property
    def _looking_seconds(self) -> float:
        return max(self.deadline_seconds, _LONGEST_LOOK_SECONDS)

    def _ask(
        self, told: Mapping[str, object], principal: Principal, kind: type[Kind], *, seconds: float
    ) -> Kind:
        request, called = _request(told, principal), time.monotonic()
        for _ in range(1 + self.workers):  # all may have ended while idle; a statement is never tried again
            try:
                with self.pool.lent(patience_seconds=_SHARE * self.deadline_seconds) as worker:
                    end = max(called + seconds, time.monotonic() + _SHARE * seconds)
                    reply = worker.ask(
                        request, kind, until=end + GRACE_SECONDS, when_slow=self.pool.prepare_another
                    )
            except Overdue as error:
                raise DeadlineExceeded(
                    f"the query ran longer than {seconds:g} seconds; ask for less"
                ) from error
            except Ended as error:
                failure = error
                if error.was_asked:
                    break
            else:
                return self._noted(reply)
        raise TransientError(f"database: a worker process {failure}; try again, or ask for less") from failure

    def _noted(self, reply: Reply[Kind]) -> Kind:
        """Doubt what is remembered when the process knows another schema, and return what it says."""
        with self._lock:
            changed, self._version = reply.version not in {"", self._version}, reply.version or self._version
        if reply.version:
            self.pool.settle()
        if changed:
            self._schemas.doubt()
            self._values.doubt()
        if isinstance(reply.content, PlumblineError):
            raise reply.content
        return reply.content


def _request(told: Mapping[str, object], principal: Principal) -> bytes:
    try:
        request = encoded({**told, "principal": principal_as_json(principal)})
    except ValueError as error:
        raise RejectedQuery(
            "a value of the statement is no finite number; give another", "parameters"
        ) from error
    if len(request) > _MOST_REQUEST_BYTES:
        raise RejectedQuery("the statement and its values are too long; write less", "too_large")
    return request
