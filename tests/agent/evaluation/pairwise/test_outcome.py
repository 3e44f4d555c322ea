"""What a comparison came to."""

import pytest

from agent.evaluation.pairwise.outcome import Verdict, Verdicts, outcome_of
from tests.agent.evaluation.pairwise.runs import pairing
from tools.errors import InvalidInput

PAIRS = {**{str(number): (f"a{number}", f"b{number}") for number in range(30)}, "same": ("x", "x")}


def test_wins_ties_and_what_nobody_compared_are_counted() -> None:
    """Answers in the same words are ties; the advantage is the second run's."""
    said = [Verdict(case=str(number), result="second") for number in range(20)]
    said += [Verdict(case="20", result="first"), Verdict(case="21", result="tie", torn=True)]
    found = outcome_of(pairing(PAIRS), Verdicts(said=said, problems=("22: gone",)))
    assert (found.wins, found.ties, found.same, found.torn) == ({"plain": 1, "candidate": 20}, 2, 1, 1)
    assert (found.undecided, found.problems) == (8, ("22: gone",))
    assert found.advantage.estimate == pytest.approx(19 / 23)
    assert found.advantage.decision == "kept"
    assert list(found.elo) == list(found.bradley_terry) == ["candidate", "plain"]
    assert [one.better for one in found.decided[-3:]] == ["candidate", "plain", None]
    assert found.decided[0].question == "What is 0?"


def test_equal_runs_have_no_sure_difference() -> None:
    """Answers that are all the same need nobody."""
    found = outcome_of(pairing({"a": ("x", "x")}), Verdicts(said=[]))
    assert (found.advantage.estimate, found.advantage.decision, found.ties) == (0.0, "no effect", 1)


def test_no_verdict_at_all_is_an_error_that_says_why() -> None:
    """Rather than a rating of nothing."""
    with pytest.raises(InvalidInput, match="compared: 0: the endpoint is gone; try again"):
        outcome_of(pairing(PAIRS), Verdicts(said=[], problems=("0: the endpoint is gone; try again",)))
    with pytest.raises(InvalidInput, match="vote on at least one case"):
        outcome_of(pairing(PAIRS), Verdicts(said=[]))
