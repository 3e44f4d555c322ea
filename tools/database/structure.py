"""What the engine knows of a database's tables, and when it looks at them again."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.database.guarding.conditions import problems_of
from tools.database.guarding.policy import AccessRule, Policy, policy_for, visible
from tools.database.lineage import Found, Lineage, without_evasions
from tools.database.schema import Schema, TableSchema, fold_name
from tools.database.sources import Source, named_problems
from tools.database.wanted import Wanted, chosen
from tools.errors import ConfigurationError
from tools.types import Principal

_MOST_VIEWS = 200
"""Policies whose view of the tables is kept."""


@dataclass(slots=True, kw_only=True)
class Structure:
    """The tables of one database as configured, looked at when first needed and when they seem to change."""

    source: Source
    wanted: Wanted
    rules: Sequence[AccessRule]
    examined: bool
    """Whether a login that could write is refused."""
    settled: bool = False
    """Whether it was opened before with success: what is configured was there, and may have gone since."""
    seconds_between_looks: float = 3.0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _schema: Schema | None = None
    _lineage: Lineage = field(default_factory=Lineage, repr=False)
    _seen: dict[Policy, Schema] = field(default_factory=dict, repr=False)
    _not_before: float = 0.0

    def schema(self) -> Schema:
        """Return everything that may be read by anybody.

        Raises:
            ConfigurationError: What is configured does not fit the database, or its role could write.
            TransientError: The database is away or locked.
        """
        with self._lock:
            if self._schema is None:
                self._schema = self._look(strict=not self.settled)
                self.settled = True
            return self._schema

    def policy(self, principal: Principal) -> Policy:
        """Return what one asker may see."""
        return policy_for(principal, self.rules)

    def readable(self, policy: Policy) -> Schema:
        """Return the tables that a policy leaves, with all of their columns.

        Views and partitions through which a rule could be evaded are left out.
        """
        schema = self.schema()
        if not policy.tables:
            return schema
        with self._lock:
            seen = self._seen.get(policy)
            if seen is None:
                if len(self._seen) >= _MOST_VIEWS:
                    self._seen.clear()
                seen = without_evasions(schema, policy, self._lineage, dialect=self.source.dialect)
                self._seen[policy] = seen
            return seen

    def visible(self, principal: Principal) -> Schema:
        """Return the tables and columns that exist for one asker."""
        policy = self.policy(principal)
        return visible(self.readable(policy), policy)

    def has_changed(self) -> bool:
        """Look again, unless that was done a moment ago, and tell whether something is different.

        A configured table that is gone is left out, so that the others can still be read.

        Raises:
            ConfigurationError: A rule now names what does not exist, so it would protect nothing.
        """
        with self._lock:
            if time.monotonic() < self._not_before:
                return False
            self._not_before = time.monotonic() + self.seconds_between_looks
            before, self._schema = self.schema(), None
            self._seen.clear()
            self._schema = self._look(strict=False)
            return self._schema != before

    def _look(self, *, strict: bool) -> Schema:
        with named_problems(self.source):
            found = self.source.tables(examined=self.examined)
        place, dialect = self.source.place, self.source.dialect
        schema = chosen(self._listed(found), self.wanted, dialect=dialect, place=place, strict=strict)
        problems = list(problems_of(self.rules, schema=schema, dialect=dialect))
        if problems:
            raise ConfigurationError(
                f"database: [[database.access]] does not fit {place!r}: {'; '.join(problems)}; correct it"
            )
        self._lineage = found.lineage
        return schema

    def _listed(self, found: Found) -> list[TableSchema]:
        """Leave out partitions and heirs, whose rows their parent shows, unless they are asked for."""
        wanted = {*self.wanted.tables}
        wanted |= {fold_name(name, dialect=self.source.dialect, quoted=False) for name in wanted}
        return [
            table for table in found.tables if table.name not in found.lineage.parents or table.name in wanted
        ]
