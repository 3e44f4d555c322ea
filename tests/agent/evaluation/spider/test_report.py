"""Figures over outcomes."""

import json
from pathlib import Path

import pytest

from agent.evaluation.spider.outcomes import Outcome, Tried
from agent.evaluation.spider.report import agreement, by_difficulty, read_verdicts, score, summary
from tools.errors import InvalidInput


def outcome(idx: int, **fields: object) -> Outcome:
    return Outcome.model_validate(
        {"idx": idx, "db_id": "fleet", "question": "?", "hardness": "easy", "gold": "SELECT 1", **fields}
    )


FAILED = Tried(statement="SELECT x", problem="unknown_column")
OUTCOMES = [
    outcome(0, answered=True, correct=True, model_calls=1, input_tokens=100, cost_usd=0.25, seconds=1.0),
    outcome(1, answered=True, attempts=[FAILED, Tried(statement="SELECT 1")], model_calls=2, seconds=3.0),
    outcome(2, problem="unknown_column", attempts=[FAILED], hardness="extra", seconds=2.0, note="no model"),
    outcome(3, problem="not_understood", hardness="extra", db_id="orchard", gold_problem="timeout"),
]


def test_shares_are_of_all_and_of_the_answered() -> None:
    """A system may keep silent."""
    figures = score(OUTCOMES)
    assert (figures.accuracy, figures.answered_share, figures.accuracy_answered) == (0.25, 0.5, 0.5)
    assert (score([]).accuracy, score([]).answered_share, score([]).accuracy_answered) == (0.0, 0.0, 0.0)


def test_difficulties_come_easiest_first() -> None:
    """Those that do not occur are left out."""
    groups = by_difficulty(OUTCOMES)
    assert {name: (one.questions, one.correct) for name, one in groups.items()} == {
        "easy": (2, 1),
        "extra": (2, 0),
    }


def test_the_summary_counts_problems_repairs_and_what_was_spent() -> None:
    """As JSON has them."""
    figures = summary(OUTCOMES)
    assert figures["problems"] == {"unknown_column": 1, "not_understood": 1}
    assert figures["gold_problems"] == {"timeout": 1}
    assert figures["repairs"] == {"failed_once": 2, "answered_then": 1, "correct_then": 0}
    assert figures["model"] == {"calls": 3, "input_tokens": 100, "output_tokens": 0, "cost_usd": 0.25}
    assert figures["seconds"] == {"total": 6.0, "p50": 1.5}
    assert figures["degraded"] == 1
    assert figures["databases"]["orchard"]["questions"] == 1
    assert json.loads(json.dumps(figures)) == figures


@pytest.mark.parametrize(
    ("system", "predictions", "found"),
    [
        (None, "predictions_gpt", "gpt"),
        (None, "predictions_gpt_sc", "gpt_sc"),
        ("other", "predictions_gpt", "other"),
    ],
)
def test_verdicts_are_those_on_the_system_of_the_predictions(
    tmp_path: Path, system: str | None, predictions: str, found: str
) -> None:
    """The longest name that the file's ends with, unless one is given."""
    file = tmp_path / "verdicts.json"
    file.write_text('{"gpt": {"0": 1}, "gpt_sc": {"0": 1}, "sc": {"0": 0}, "other": {"0": 0}}', "utf-8")
    assert read_verdicts(file, system=system, predictions=predictions).system == found


def test_agreement_counts_the_questions_that_both_have_judged(tmp_path: Path) -> None:
    """The others are named."""
    file = tmp_path / "verdicts.json"
    file.write_text('{"local": {"0": 1, "1": 1, "2": 0, "9": 1}}', encoding="utf-8")
    agreed = agreement(OUTCOMES, read_verdicts(file, system=None, predictions="local"))
    assert (agreed.system, agreed.compared, agreed.disagreements) == ("local", 3, (1,))
    assert agreed.share == pytest.approx(2 / 3)
    nothing = agreement([], read_verdicts(file, system=None, predictions="local"))
    assert (nothing.compared, nothing.share) == (0, 0.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "is no object of verdicts"),
        ('{"0": 1}', "is no object of verdicts"),
        ('{"gpt": {"0": 2}}', "'0': 2 is no verdict"),
        ('{"gpt": {"first": 1}}', "'first': 1 is no verdict"),
        ('{"other": {}}', "has no verdicts on 'gpt'; name one with --system \\(other\\)"),
    ],
)
def test_wrong_verdicts_are_told(tmp_path: Path, text: str, told: str) -> None:
    """With what to write instead."""
    file = tmp_path / "verdicts.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=told):
        read_verdicts(file, system=None, predictions="gpt")
