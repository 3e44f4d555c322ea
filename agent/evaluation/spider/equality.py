"""Execution equality as the official test suite of Spider defines it.

Two results are equal if some permutation of the predicted columns makes both the same bag of rows, or the
same sequence of rows where the gold statement orders them. Cells compare as Python compares them, so 1, 1.0
and True are one value and "1" is another. Before that the statements are brought into the form that is
compared: signs torn apart are joined, and DISTINCT is left out on both sides.

Zhong, Yu, Klein: Semantic Evaluation for Text-to-SQL with Distilled Test Suites (2020),
https://github.com/taoyds/test-suite-sql-eval
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from tools.types import Cell

Row: TypeAlias = tuple[Cell, ...]
MOST_TRIALS = 2_000
"""Partial permutations that are tried; a real result needs about one for each column."""
_TORN = (("> =", ">="), ("< =", "<="), ("! =", "!="))
_THIS_YEAR = re.compile(r"YEAR\s*\(\s*CURDATE\s*\(\s*\)\s*\)\s*", re.IGNORECASE)
_DISTINCT = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/)|\bdistinct\b""",
    re.IGNORECASE | re.DOTALL,
)
"""Whatever may hold the word as a text or a name is the group that stays."""


def mended(statement: str) -> str:
    """Return a statement with torn signs joined, and MySQL's current year replaced by the data set's."""
    for torn, whole in _TORN:
        statement = statement.replace(torn, whole)
    return _THIS_YEAR.sub("2020", statement)


def compared(statement: str) -> str:
    """Return a statement in the form in which gold and prediction are executed."""
    return _DISTINCT.sub(lambda found: found.group(1) or "", mended(statement))


def is_ordered(gold: str) -> bool:
    """Tell whether the order of rows matters for a gold statement."""
    return "order by" in gold.lower()


def results_equal(gold: Sequence[Row], predicted: Sequence[Row], *, ordered: bool) -> bool:
    """Compare two results.

    Args:
        gold: Rows of the gold statement.
        predicted: Rows of the statement that is judged.
        ordered: Whether the order of rows matters.
    """
    if not gold and not predicted:
        return True
    if len(gold) != len(predicted) or len(gold[0]) != len(predicted[0]):
        return False
    if not _may_be_equal(gold, predicted, ordered=ordered):
        return False
    if ordered:  # then a permutation exists exactly if both have the same columns, each as a whole
        return Counter(zip(*gold, strict=True)) == Counter(zip(*predicted, strict=True))
    return _same_bag(gold, predicted)


def _may_be_equal(gold: Sequence[Row], predicted: Sequence[Row], *, ordered: bool) -> bool:
    """Compare rows whose cells are sorted: the script's quick rejection.

    It sorts by spelling, so 2 beside 2.5 and 2.0 beside 2.5 may differ although the cells are equal. Its
    verdicts are what published figures are made of.
    """
    one, other = (
        [tuple(sorted(row, key=lambda cell: str(cell) + str(type(cell)))) for row in rows]
        for rows in (gold, predicted)
    )
    return one == other if ordered else set(one) == set(other)


def _same_bag(gold: Sequence[Row], predicted: Sequence[Row]) -> bool:
    """Assign predicted columns to gold columns one by one, as long as the bags of partial rows agree."""
    wanted, offered = list(zip(*gold, strict=True)), list(zip(*predicted, strict=True))
    bags = [_bag([column]) for column in offered]
    candidates = [
        [column for column, bag in zip(offered, bags, strict=True) if bag == _bag([one])] for one in wanted
    ]
    trials = iter(range(MOST_TRIALS))
    return _assigned(wanted, candidates, [], trials)


def _assigned(
    wanted: list[Row], candidates: list[list[Row]], chosen: list[Row], trials: Iterator[int]
) -> bool:
    """Complete a partial permutation; equal columns stand for one another, so each is tried once."""
    place = len(chosen)
    if place == len(wanted):
        return True
    target = _bag(wanted[: place + 1])
    left = Counter(candidates[place])
    left.subtract(column for column in chosen if column in left)
    for column, count in left.items():
        if count <= 0 or next(trials, None) is None:
            continue
        trial = [*chosen, column]
        if _bag(trial) == target and _assigned(wanted, candidates, trial, trials):
            return True
    return False


def _bag(columns: Sequence[Row]) -> Counter[Row]:
    return Counter(zip(*columns, strict=True))
