"""Which step lost a case."""

from typing import Any

import pytest

from agent.evaluation.diagnosis import advise, diagnose
from agent.evaluation.measured import Lost
from tests.agent.evaluation.observations import claim, observed, passage

GOLD = {"expected_sources": ["kettle.md"], "must_contain": ["5 minutes"], "knowledge_bases": ["guides"]}
HOLDING = passage("kettle.md", "It boils in 5 minutes.")
NOISE = [passage("noise.md", str(number)) for number in range(9)]


@pytest.mark.parametrize(
    ("loss", "axis", "given"),
    [
        ("not indexed", "context", {**GOLD, "expected_sources": ["missing.md"]}),
        ("not retrieved", "context", {**GOLD, "found": NOISE}),
        ("ranked out", "context", {**GOLD, "found": [*NOISE, HOLDING], "evidence": NOISE[:8]}),
        ("packed out", "context", {**GOLD, "found": [HOLDING, *NOISE], "evidence": NOISE[:3]}),
        ("misrouted", "context", {**GOLD, "knowledge_bases": ["rules"], "found": NOISE}),
        ("misrouted", "context", {**GOLD, "answer": {"status": "declined"}}),
        ("wrong SQL", "context", {"uses_database": True, "answer": {"database": 0.9}}),
        ("not used", "behaviour", {**GOLD, "found": [HOLDING]}),
        (
            "unfaithful",
            "behaviour",
            {**GOLD, "found": [HOLDING], "claims": [claim("It takes 5 minutes.", kept=False)]},
        ),
        ("unfaithful", "behaviour", {"must_not_contain": ["1250"]}),
        ("wrong status", "behaviour", {**GOLD, "found": [HOLDING], "answer": {"status": "unanswerable"}}),
        ("wrong status", "behaviour", {"status": "unanswerable"}),
    ],
)
def test_the_first_step_that_lost_it_is_named(loss: str, axis: str, given: dict[str, Any]) -> None:
    """Each failure is planted at one step."""
    lost = diagnose(observed(wrong=["wrong"], **given), indexed=lambda source: source != "missing.md")
    assert lost is not None
    assert (lost.loss, lost.axis) == (loss, axis)


def test_a_right_answer_was_not_lost() -> None:
    """Whatever else may be odd about it."""
    assert diagnose(observed(status="unanswerable"), indexed=lambda _: False) is None


def test_advice_goes_by_the_most_frequent_loss() -> None:
    """It names the axis on which most failures lie, and a rung."""
    ranked = Lost(loss="ranked out", axis="context", step="rerank", reason="")
    unused = Lost(loss="not used", axis="behaviour", step="synthesize", reason="")
    advice = advise([ranked, ranked, unused])
    assert advice.rung == "rerank"
    assert advice.axes == {"context": 2, "behaviour": 1}
    assert "lacks the context" in advice.text
    assert advise([]).rung is None
