"""Writes the plans of databases for people, a line a step, what a step needs indented below it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tools.database.costs import Node, children_of, number_of
from tools.database.sqlite.loops import PlanLine

MOST_LINES = 200
MOST_CHARACTERS = 300
"""Of one line; what is longer is cut."""
_INDENT = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a database would go about a statement."""

    work: float
    """Estimated, in rows handled."""
    lines: tuple[str, ...]


def sqlite_lines(plan: Sequence[PlanLine]) -> tuple[str, ...]:
    """Return the lines of EXPLAIN QUERY PLAN, which tell no figures."""
    depths = {0: -1}
    for number, parent, _, _ in plan:
        depths[number] = depths.get(parent, -1) + 1
    return _kept((depths[number], words) for number, _, _, words in plan)


def postgres_lines(plan: Node, *, is_told: bool) -> tuple[str, ...]:
    """Return a plan, the root node of EXPLAIN (FORMAT JSON).

    Args:
        plan: The node.
        is_told: Whether estimates of rows are, which also count those that a rule hides from the asker.
    """
    return _kept(_steps(plan, depth=0, is_told=is_told))


def _steps(node: Node, *, depth: int, is_told: bool) -> Iterator[tuple[int, str]]:
    estimate = f"  (rows={number_of(node, 'Plan Rows'):.0f})" if is_told else ""
    yield depth, f"{_step(node)}{estimate}"
    for child in children_of(node):
        yield from _steps(child, depth=depth + 1, is_told=is_told)


def _step(node: Node) -> str:
    """Name what a node does, with which index, to what."""
    subplan, join, index = (node.get(key) for key in ("Subplan Name", "Join Type", "Index Name"))
    target = node.get("Relation Name") or node.get("CTE Name") or node.get("Function Name")
    alias = node.get("Alias")
    words = [
        f"{subplan}:" if subplan else "",
        f"{join}" if join and join != "Inner" else "",
        f"{node.get('Node Type')}",
        f"using {index}" if index else "",
        f"on {target or alias}" if target or alias else "",
        f"{alias}" if target and alias and alias != target else "",
    ]
    return " ".join(filter(None, words))


def _kept(steps: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(
        f"{_INDENT * depth}{_on_one_line(words)}"[:MOST_CHARACTERS]
        for depth, words in islice(steps, MOST_LINES)
    )


def _on_one_line(words: str) -> str:
    """Replace the signs that names may hold and no screen shows."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in words)
