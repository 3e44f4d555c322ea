"""Whether an answer says what it should, rests on the right rows, and is one at all."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice, product

from agent.evaluation.facts import folded, holds
from agent.evaluation.measured import Observed
from agent.evaluation.spider.equality import MOST_TRIALS, Row, is_ordered, results_equal
from tools.errors import InvalidInput
from tools.ports import Database
from tools.types import Principal

MOST_ROWS = 10_000
"""Of an expected statement; what gives more cannot be compared."""
REFUSED = ("unanswerable", "declined")


def fact_match(observed: Observed) -> float | None:
    """Return the share of the expected facts that are said, 0 if a forbidden one is; None without facts."""
    case, text = observed.case, folded(observed.answer.answer)
    if not case.must_contain and not case.must_not_contain:
        return None
    if any(holds(text, fact) for fact in case.must_not_contain):
        return 0.0
    said = [holds(text, fact) for fact in case.must_contain]
    return sum(said) / len(said) if said else 1.0


def refusal(observed: Observed) -> float:
    """Return 1 where refusing, or not refusing, was right; asking back is not refusing."""
    return float((observed.answer.status in REFUSED) == (observed.case.status in REFUSED))


def clarification(observed: Observed) -> float:
    """Return 1 where asking back, or not asking, was right."""
    return float((observed.answer.status == "clarify") == (observed.case.status == "clarify"))


def sql_match(observed: Observed, database: Database) -> float | None:
    """Return 1 if any rows found hold those of the expected statement; None without one. Blocks the thread.

    It is run on behalf of the asker. Rows hold others when they are equal (execution match, Zhong, Yu & Klein
    2020: any order of the columns, the order of rows only where the expected statement orders them) but for
    further columns, which harm no answer.

    Raises:
        InvalidInput: The statement gives too many rows to be compared.
        RejectedQuery: It is refused or wrong.
        TransientError: The database is away or too slow.
    """
    case = observed.case
    if case.expected_statement is None:
        return None
    whose = Principal(groups=frozenset(case.groups), attributes=tuple(sorted(case.attributes.items())))
    gold = database.fetch(case.expected_statement, {}, limit=MOST_ROWS, principal=whose)
    if gold.truncated:
        raise InvalidInput(f"it gives more than {MOST_ROWS} rows; narrow it down")
    ordered = is_ordered(case.expected_statement)
    return float(any(_hold(table.rows, gold.rows, ordered=ordered) for table in observed.tables))


def _hold(rows: Sequence[Row], gold: Sequence[Row], *, ordered: bool) -> bool:
    """Tell whether some columns of the rows are those of the gold rows."""
    if len(rows) != len(gold) or not gold:
        return len(rows) == len(gold)
    columns = list(zip(*rows, strict=True))
    bags = [Counter(column) for column in columns]
    choices = [
        [place for place, bag in enumerate(bags) if bag == Counter(wanted)]
        for wanted in zip(*gold, strict=True)
    ]
    return any(
        results_equal(gold, list(zip(*(columns[place] for place in chosen), strict=True)), ordered=ordered)
        for chosen in islice(product(*choices), MOST_TRIALS)
    )
