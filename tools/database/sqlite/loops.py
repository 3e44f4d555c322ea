"""Reads SQLite's plan of a statement as nested loops and counts the rows they handle.

EXPLAIN QUERY PLAN lists, for each SELECT, the tables in the order of the loops: the first is the outermost.
SQLite gives no figures with it, so they come from what is known of the tables:

    work(SELECT) = Σ over loops k of  rows(1) · rows(2) · … · rows(k)

    SCAN t                          all rows of t
    SEARCH t by rowid or a whole unique key                  1
    SEARCH t by another index       its average of ANALYZE, else 10, as SQLite itself assumes
    SEARCH t by a range             all rows it is a range of, a quarter of them when it has two ends
    SEARCH t by an automatic index  10, and all rows of t once, to build it
    MATERIALIZE, CO-ROUTINE         their own work once; as many rows as their loops give, at most their
                                    LIMIT, 1 for a total, rows^0.75 when they are grouped
    CORRELATED SUBQUERY             its work for every row of the loops around it
    UNION and its like              the sum of its parts

https://sqlite.org/eqp.html; an unknown name counts as the largest table of the statement.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.database.schema import lowered
from tools.database.sqlite.outline import Outline

PlanLine = tuple[int, int, int, str]
"""Id, parent's id, an unused figure, and words: one row of EXPLAIN QUERY PLAN."""

_ACCESS = re.compile(r"(SCAN|SEARCH) (.+?)(?: USING (.+?)| VIRTUAL TABLE .+?)?(?: LEFT-JOIN)?\Z", re.DOTALL)
_CONSTANTS = re.compile(r"SCAN (\d+ )?CONSTANT ROWS?\Z")
_INDEX = re.compile(r"(AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?INDEX (?:(.*?) )?\((.*)\)\Z", re.DOTALL)
_FILLED = re.compile(r"(?:MATERIALIZE|CO-ROUTINE) (.+)\Z", re.DOTALL)
_PART = re.compile(r"COMPOUND QUERY|MERGE|LEFT\Z|RIGHT\Z|LEFT-MOST|UNION|INTERSECT|EXCEPT")
_USUAL_MATCHES = 10.0
_SHARE_BETWEEN = 0.25
_GROUPS_EXPONENT = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """What is known of one table without reading it."""

    rows: float
    unique: Mapping[str, int] = field(default_factory=dict)
    """Columns of each unique index, by its name."""
    averages: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """By index: rows that share the first column, the first two, and so on; from ANALYZE."""


@dataclass(frozen=True, slots=True)
class _Estimate:
    work: float
    rows: float


def sqlite_work(lines: Sequence[PlanLine], *, outline: Outline, facts: Mapping[str, TableFacts]) -> float:
    """Return the estimated work of a plan.

    Args:
        lines: EXPLAIN QUERY PLAN.
        outline: What the names in the plan stand for.
        facts: The statement's tables by folded name.
    """
    children: dict[int, list[PlanLine]] = {}
    for line in lines:
        children.setdefault(line[1], []).append(line)
    reading = _Reading(children=children, outline=outline, facts=facts)
    return min(reading.block(0).work, outline.stops_after)


@dataclass(slots=True, kw_only=True)
class _Reading:
    children: Mapping[int, Sequence[PlanLine]]
    outline: Outline
    facts: Mapping[str, TableFacts]
    filled: dict[str, float] = field(default_factory=dict)
    """Rows of subqueries that were computed once, by folded name."""

    def block(self, parent: int) -> _Estimate:
        """Count the loops below one line of the plan."""
        loops, work, parts = 1.0, 0.0, 0.0
        for number, _, _, words in self.children.get(parent, ()):
            if words.startswith(("SCAN ", "SEARCH ")):
                loops *= max(1.0, self._rows(words))
                work += loops + self._preparation(words)
            elif words.startswith("MULTI-INDEX OR"):
                matches = self._alternatives(number)
                loops *= max(1.0, matches)
                work += loops
            elif words.startswith("CORRELATED "):
                work += loops * self.block(number).work
            elif filled := _FILLED.match(words):
                work += self._fill(filled[1], number)
            elif _PART.match(words):
                part = self.block(number)
                work, parts = work + part.work, parts + part.rows
            else:
                work += self.block(number).work
        return _Estimate(work, parts or loops)

    def _fill(self, name: str, number: int) -> float:
        inner = self.block(number)
        folded, rows = lowered(name), inner.rows
        if folded in self.outline.grouped:
            rows = rows**_GROUPS_EXPONENT
        self.filled[folded] = min(rows, self.outline.most_rows.get(folded, rows))
        return min(inner.work, self.outline.listed.get(folded, inner.work))

    def _alternatives(self, number: int) -> float:
        return sum(
            self._rows(words)
            for alternative, *_ in self.children.get(number, ())
            for *_, words in self.children.get(alternative, ())
        )

    def _rows(self, words: str) -> float:
        if constants := _CONSTANTS.match(words):
            return float(constants[1] or 1)
        access = _ACCESS.match(words)
        if access is None:  # a form of access that is not known here
            return self._largest()
        every = self._size(access[2])
        if access[1] == "SCAN" or not access[3]:
            return every
        if access[3].startswith("INTEGER PRIMARY KEY"):
            return 1.0 if "rowid=?" in access[3] else every * _share(access[3])
        index = _INDEX.match(access[3])
        return self._matches(index[2] or "", index[3], every) if index else every

    def _preparation(self, words: str) -> float:
        access = _ACCESS.match(words)
        is_built = access is not None and (access[3] or "").startswith("AUTOMATIC ")
        return self._size(access[2]) if access and is_built else 0.0

    def _matches(self, index: str, conditions: str, every: float) -> float:
        equal = conditions.count("=?")
        ranges = _share(conditions)
        if equal == 0:
            return every * ranges
        for table in self.facts.values():
            if equal >= table.unique.get(index, equal + 1):
                return 1.0
            if len(table.averages.get(index, ())) >= equal:
                return table.averages[index][equal - 1] * ranges
        return min(every, _USUAL_MATCHES) * ranges

    def _size(self, name: str) -> float:
        """Return the rows of what a plan calls by a name; of the largest when it may be several."""
        sizes = []
        for folded in self.outline.names.get(lowered(name), {lowered(name)}):
            if folded in self.filled:
                sizes.append(self.filled[folded])
            elif folded in self.facts:
                sizes.append(self.facts[folded].rows)
        return max(sizes) if sizes else self._largest()

    def _largest(self) -> float:
        return max((table.rows for table in self.facts.values()), default=1.0)


def _share(conditions: str) -> float:
    """Return the part of the rows that a range takes; one end may leave all of them."""
    return _SHARE_BETWEEN if ">?" in conditions and "<?" in conditions else 1.0
