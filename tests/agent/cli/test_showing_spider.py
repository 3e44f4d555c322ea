"""How figures of several systems look."""

import io

from rich.console import Console

from agent.cli.showing_spider import as_json, show
from agent.evaluation.spider.outcomes import Outcome
from agent.evaluation.spider.report import Agreement, Measured


def measured(name: str, *, correct: bool, note: str | None = None) -> Measured:
    outcome = Outcome(
        idx=7,
        db_id="fleet",
        question="How many [red]ships[/red]?",
        hardness="hard",
        gold="SELECT 3",
        statement="SELECT 2",
        answered=True,
        correct=correct,
        note=note,
        model_calls=3,
        input_tokens=1500,
    )
    agreed = Agreement(system="gpt", compared=1, disagreements=()) if note is None else None
    return Measured(name=name, label=name, outcomes=[outcome], agreement=agreed)


def shown(several: list[Measured], *, failures: bool) -> str:
    screen = Console(file=io.StringIO(), width=120)
    show(screen, several, failures=failures)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_each_system_has_a_row() -> None:
    """With what it achieved, what it cost, and where it had less than was asked for."""
    text = shown(
        [measured("zero-shot", correct=False, note="no model"), measured("vote", correct=True)],
        failures=False,
    )
    assert "zero-shot │   0.0% │   0.0% │" in text
    assert "vote      │ 100.0% │ 100.0% │" in text
    assert "1,500" in text
    assert "zero-shot: 1 questions had less than was asked for" in text
    assert "vote: 100.00% of 1 verdicts on gpt are the same" in text
    assert "SELECT 2" not in text


def test_wrong_answers_are_shown_as_they_are() -> None:
    """Questions are no markup."""
    text = shown([measured("zero-shot", correct=False), measured("vote", correct=True)], failures=True)
    assert "7 fleet hard: How many [red]ships[/red]?" in text
    assert text.count("SELECT 2") == 1


def test_one_system_is_an_object_and_several_are_a_list() -> None:
    """Under `ladder`."""
    assert as_json([measured("vote", correct=True)])["system"] == "vote"
    several = as_json([measured("zero-shot", correct=False), measured("vote", correct=True)])
    assert [one["accuracy"] for one in several["ladder"]] == [0.0, 1.0]
