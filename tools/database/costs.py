"""Refuses statements that would take too much work, before they run.

What a statement would cost is read from the plan that the database makes for it (EXPLAIN, never EXPLAIN
ANALYZE). Both formulas count rows handled, so one limit, `most_cost`, serves both databases. With the default
of 50 million, what passes ends within some seconds on one core, if the estimate is right; it need not be,
which is what the deadline is for.

SQLite explains a plan as nested loops, read by `sqlite.loops`. PostgreSQL gives its own estimates:

    work = max(total cost,  Σ over nodes of rows(node) · times(node) · share(node))

    times   how often a node runs: inside a nested loop or a correlated subplan, once for each outer row
    share   the part that is read before a LIMIT above stops it; all of it below a sort, hash or aggregate

The total cost alone is not enough: at 0.01 a row it lets a product of 50,000 by 50,000 rows pass, and a LIMIT
above a product makes it look cheap.

Both databases estimate from statistics of all rows, those included that a rule hides from the asker. So
whether a statement is refused still depends a little on rows that the asker may not see, which no message
can undo; that is why such an asker is told nothing but the refusal itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, log10
from typing import TypeAlias

from tools.errors import RejectedQuery

MOST_COST = 50_000_000.0
"""Rows that one statement may handle unless configured otherwise."""

Node: TypeAlias = Mapping[str, object]
"""A node of PostgreSQL's plan in JSON."""
_FAR = 10.0
"""How many times the work that is allowed is worth a figure."""
_READ_TO_THE_END = {"Sort", "Hash", "Aggregate", "WindowAgg", "Materialize", "SetOp", "Bitmap Heap Scan"}


def check_cost(work: float, *, most: float, is_told: bool = True) -> None:
    """Refuse more work than is allowed.

    Args:
        work: As estimated.
        most: What is allowed.
        is_told: Whether the message may say how much it is, if only by its order of magnitude: to an asker
            who may not see all rows the figure would tell how many there are.

    Raises:
        RejectedQuery: Its problem is `too_expensive`, its message says what to do.
    """
    if work <= most:
        return
    times = "more than"
    if is_told and work > _FAR * most:
        is_countable = isfinite(work) and work / most < 1e12
        times = f"about {10 ** round(log10(work / most)):,} times" if is_countable else "vastly more than"
    raise RejectedQuery(
        f"the statement would take {times} the work that is allowed; join every table on its key, "
        "filter more, or ask for less",
        "too_expensive",
    )


def postgres_work(plan: Node) -> float:
    """Return the estimated work of a plan, the root node of EXPLAIN (FORMAT JSON)."""
    return max(number_of(plan, "Total Cost"), sum(_handled(plan, times=1.0, share=1.0)))


def _handled(node: Node, *, times: float, share: float) -> Iterator[float]:
    kind, rows = node.get("Node Type"), number_of(node, "Plan Rows")
    yield rows * times * share
    children = children_of(node)
    if not children:
        return
    outer = number_of(children[0], "Plan Rows")
    for child in children:
        relation = child.get("Parent Relationship")
        again, part = times, share
        if relation == "SubPlan":
            again *= max(1.0, rows * share)
            part = 1.0
        elif kind == "Nested Loop" and relation == "Inner":
            again *= max(1.0, outer * share)
            part = 1.0
        elif kind == "Limit":
            part = min(share, rows / max(1.0, number_of(child, "Plan Rows")))
        elif kind in _READ_TO_THE_END or relation == "InitPlan":
            part = 1.0
        yield from _handled(child, times=again, share=part)


def children_of(node: Node) -> Sequence[Node]:
    """Return the nodes below one of PostgreSQL's plan."""
    children = node.get("Plans")
    return children if isinstance(children, list) else []


def number_of(node: Node, key: str) -> float:
    """Return a figure of a node, 0 when it has none."""
    value = node.get(key)
    return float(value) if isinstance(value, int | float) else 0.0
