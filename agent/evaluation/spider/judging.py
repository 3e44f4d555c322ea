"""Judges statements by what they give, through the same guard and engine that serve people."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.evaluation.spider.dataset import Question
from agent.evaluation.spider.equality import Row, compared, is_ordered, results_equal
from agent.evaluation.spider.outcomes import Shortcoming
from tools.errors import DeadlineExceeded, RejectedQuery, TransientError
from tools.ports import Database

MOST_ROWS = 10_000
"""Of a result; what has more cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a prediction gives what the gold statement gives."""

    correct: bool = False
    problem: Shortcoming | None = None
    """Why the prediction gave no rows."""
    message: str = ""
    gold_problem: Shortcoming | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    rows: Sequence[Row] = ()
    problem: Shortcoming | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Referee:
    """Judges the predictions for one database; each gold statement runs once. Blocks the thread."""

    database: Database
    _gold: dict[str, _Result] = field(default_factory=dict)

    def judge(self, question: Question, statement: str) -> Verdict:
        """Run both statements and compare their results."""
        gold = compared(question.gold)
        if gold not in self._gold:
            self._gold[gold] = self._run(gold)
        expected, found = self._gold[gold], self._run(compared(statement))
        comparable = expected.problem is None and found.problem is None
        return Verdict(
            correct=comparable and results_equal(expected.rows, found.rows, ordered=is_ordered(gold)),
            problem=found.problem,
            message=found.message,
            gold_problem=expected.problem,
        )

    def _run(self, statement: str) -> _Result:
        try:
            table = self.database.fetch(statement, {}, limit=MOST_ROWS)
        except RejectedQuery as error:
            return _Result(problem=error.problem, message=str(error))
        except DeadlineExceeded as error:
            return _Result(problem="timeout", message=str(error))
        except TransientError as error:
            return _Result(problem="unavailable", message=str(error))
        if table.truncated:
            return _Result(problem="too_large", message=f"the result has more than {MOST_ROWS} rows")
        return _Result(rows=table.rows)
