"""Two runs over the same cases."""

from collections.abc import Mapping

import pytest

from agent.evaluation.cases import Case
from agent.evaluation.comparing import compare
from agent.evaluation.measured import Measured
from agent.evaluation.runs import Run, RunInfo
from tests.agent.evaluation.test_grading import answer_of
from tools.errors import InvalidInput


def run_of(name: str, right: Mapping[str, bool], **metrics: float) -> Run:
    """Return a run in which these cases are right or wrong."""
    info = RunInfo(name=name, dataset="d", mode="local", configuration=name, questions="1", started="")
    measured = [
        Measured(
            case=Case(id=one, question="?", kind=one[0]),
            answer=answer_of(),
            wrong=() if is_right else ("lacks 'x'",),
            metrics=metrics,
        )
        for one, is_right in right.items()
    ]
    return Run(info=info, measured=measured)


def test_what_flipped_is_listed_and_what_changed_has_an_interval() -> None:
    """Only cases of both count; metrics are compared where both have them."""
    before = run_of("before", {"a1": True, "a2": False, "b1": False, "gone": True}, mrr=0.5)
    after = run_of("after", {"a1": False, "a2": True, "b1": True, "new": True}, mrr=0.75, hit_rate=1.0)
    found = compare(before, after)
    assert found.shared == 3
    assert [flip.id for flip in found.won] == ["a2", "b1"]
    assert [flip.id for flip in found.lost] == ["a1"]
    assert found.lost[0].after == ("lacks 'x'",)
    assert found.accuracy.estimate == pytest.approx(1 / 3)
    assert found.kinds["a"].estimate == 0.0
    assert found.kinds["b"].estimate == 1.0
    assert found.metrics.keys() == {"mrr"}
    assert (found.metrics["mrr"].low, found.metrics["mrr"].high) == (0.25, 0.25)


def test_runs_that_share_nothing_cannot_be_compared() -> None:
    """The message says what to do."""
    with pytest.raises(InvalidInput, match="share no case"):
        compare(run_of("before", {"a": True}), run_of("after", {"b": True}))
