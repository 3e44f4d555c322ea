"""Judges what the guard allows by other means than the guard's: SQLite's authorizer, PostgreSQL's parser."""

import logging
import re
import sqlite3
import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Protocol

from tests.tools.database.corpora import READABLE, SHOP, definitions
from tests.tools.database.mutating import Mutator
from tools.database.guard import check
from tools.database.guarding.policy import AccessRule, policy_for
from tools.database.guarding.vocabulary import SQLITE_FUNCTIONS
from tools.database.schema import Dialect
from tools.types import Principal

_MOST_ROWS = 100
_KEPT = 20
_GOVERNED_EVERY = 8
"""Of the allowed mutants, how many times fewer are also checked with a policy."""
POLICY = policy_for(
    Principal(attributes=(("country", "Sweden"), ("customer_id", 1))),
    (
        AccessRule(table="customers", hidden=("email",), masked=("city",), rows="country = :country"),
        AccessRule(table="orders", rows="customer_id = :customer_id"),
    ),
)
_UNSEEN = {("customers", "email"), ("customers", "city")}
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}


class Judge(Protocol):
    """Says what is wrong with a statement that the guard allowed."""

    def __call__(self, statement: str, names: Iterable[str], *, governed: bool) -> Iterator[str]:
        """Yield every rule it breaks; `names` are its parameters."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of some mutants."""

    mutants: int = 0
    allowed: int = 0
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    """How long each check took, in seconds of the processor: the machine may have other work."""
    violations: list[str] = field(default_factory=list)
    broken: int = 0
    """How many violations there were; the first ones are kept."""

    def add(self, other: "Tally") -> None:
        """Count another tally in."""
        self.mutants += other.mutants
        self.allowed += other.allowed
        self.seconds.extend(other.seconds)
        self.violations += other.violations
        self.broken += other.broken

    def blame(self, statement: str, reasons: Iterable[str]) -> None:
        """Note what is wrong with a mutant."""
        for reason in reasons:
            self.broken += 1
            if len(self.violations) < _KEPT:
                self.violations.append(f"{reason}: {statement!r}")


def judged(dialect: Dialect, seed: int, count: int) -> Tally:
    """Make mutants, put them to the guard, and judge what it allows."""
    logging.disable(logging.WARNING)  # the parser would tell of every statement it does not know
    tally = Tally()
    with closing(SqliteJudge()) as sqlite:
        judge = sqlite if dialect == "sqlite" else _postgres_judge()
        for mutant in Mutator(dialect, seed).statements(count):
            tally.mutants += 1
            began = time.thread_time()
            verdict = check(mutant, dialect=dialect, schema=SHOP, max_rows=_MOST_ROWS)
            tally.seconds.append(time.thread_time() - began)
            if verdict.normalized is None:
                if verdict.allowed or not verdict.reason or not verdict.problem:
                    tally.blame(mutant, ["refused without a reason"])
                continue
            tally.allowed += 1
            tally.blame(mutant, _instability(verdict.normalized, dialect))
            tally.blame(mutant, judge(verdict.normalized, verdict.parameters, governed=False))
            if tally.allowed % _GOVERNED_EVERY == 0:
                tally.blame(mutant, _under_policy(mutant, dialect, judge))
    return tally


def judged_in_processes(dialects: Sequence[Dialect], *, count: int, shards: int) -> Tally:
    """Judge so many mutants of each dialect, with as many processes as there are processors."""
    work = [(dialect, seed, count // shards) for seed in range(shards) for dialect in dialects]
    total = Tally()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for tally in pool.map(judged, *zip(*work, strict=True)):
            total.add(tally)
    return total


def _instability(normalized: str, dialect: Dialect) -> Iterator[str]:
    again = check(normalized, dialect=dialect, schema=SHOP, max_rows=_MOST_ROWS)
    if again.normalized != normalized:
        yield f"written anew it becomes {again.normalized!r} ({again.reason})"


def _under_policy(mutant: str, dialect: Dialect, judge: Judge) -> Iterator[str]:
    verdict = check(mutant, dialect=dialect, schema=SHOP, max_rows=_MOST_ROWS, policy=POLICY)
    if verdict.normalized is not None:
        names = {*verdict.parameters, *(f"asker_{name}" for name in verdict.attributes)}
        yield from judge(verdict.normalized, names, governed=True)


class SqliteJudge:
    """Lets SQLite compile statements and records everything it asks leave for."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")
        self._connection.executescript(definitions())
        self._asked: set[tuple[int, str | None, str | None]] = set()
        self._connection.set_authorizer(self._record)

    def __call__(self, statement: str, names: Iterable[str], *, governed: bool) -> Iterator[str]:
        """Yield what it would do beyond reading what may be read."""
        self._asked.clear()
        try:
            self._connection.execute(f"EXPLAIN {statement}", dict.fromkeys(names, 1)).close()
        except (sqlite3.ProgrammingError, sqlite3.Warning) as error:
            yield f"SQLite sees more than one statement or parameter ({error})"
        except (sqlite3.Error, UnicodeError):
            pass  # what is wrong runs nothing; what it asked leave for still counts
        for action, first, second in self._asked:
            if action not in _READING:
                yield f"SQLite is asked for action {action}"
            elif action == sqlite3.SQLITE_FUNCTION and second not in SQLITE_FUNCTIONS:
                yield f"SQLite is asked for the function {second}"
            elif action == sqlite3.SQLITE_READ and second:
                yield from _reading(str(first).lower(), second.lower(), governed=governed)

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def _record(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        self._asked.add((action, first, second))
        return sqlite3.SQLITE_OK


def _reading(table: str, column: str, *, governed: bool) -> Iterator[str]:
    if table not in READABLE or (governed and (table, column) in _UNSEEN):
        yield f"SQLite is asked for {table}.{column}"


_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|::|:([A-Za-z_]\w*)")


def has_postgres_parser() -> bool:
    """Whether PostgreSQL's own parser is installed; it is under another licence and only a tool of tests."""
    return find_spec("pglast") is not None


def _postgres_judge() -> Judge:
    from tests.tools.database.judging_postgres import broken_rules

    def judge(statement: str, names: Iterable[str], *, governed: bool) -> Iterator[str]:
        numbered = _PARAMETER.sub(lambda found: "$1" if found.group(1) else found.group(), statement)
        yield from broken_rules(numbered, governed=governed)

    return judge
