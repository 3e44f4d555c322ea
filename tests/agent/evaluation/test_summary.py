"""A run in numbers."""

import pytest

from agent.evaluation.cases import Case
from agent.evaluation.measured import Measured
from agent.evaluation.runs import Run, RunInfo
from agent.evaluation.summary import Summary, percentile
from tests.agent.evaluation.test_grading import answer_of

INFO = RunInfo(name="full", dataset="d", mode="local", configuration="1", questions="1", started="")


def test_means_count_the_cases_that_have_them() -> None:
    """A metric that some cases lack is the mean of the others; held back counts what must be held back."""
    run = Run(
        info=INFO,
        measured=[
            Measured(
                case=Case(id="a", question="?", kind="x"),
                answer=answer_of(),
                metrics={"mrr": 0.5, "hit_rate": 1},
            ),
            Measured(case=Case(id="b", question="?", kind="y"), answer=answer_of(), wrong=("x",)),
            Measured(
                case=Case(id="c", question="?", kind="y", status="unanswerable"),
                answer=answer_of(status="unanswerable"),
            ),
            Measured(
                case=Case(id="d", question="?", kind="y", status="declined"), answer=answer_of(), wrong=("x",)
            ),
        ],
    )
    summary = Summary.of(run)
    assert summary.accuracy.estimate == 0.5
    assert summary.metrics["mrr"].estimate == 0.5
    assert summary.metrics["mrr"].cases == 1
    assert {kind: part.accuracy.cases for kind, part in summary.kinds.items()} == {"x": 1, "y": 3}
    assert summary.abstention == 0.5
    assert summary.coverage == 0.75


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (95, 4.0), (25, 1.0), (0, 1.0), (100, 4.0)])
def test_percentiles_are_values_that_occur(percent: float, value: float) -> None:
    """By the nearest rank."""
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value
