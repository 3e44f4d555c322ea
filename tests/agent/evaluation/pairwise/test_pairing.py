"""Two runs' answers side by side."""

import pytest

from agent.evaluation.pairwise.pairing import pairing_of
from tests.agent.evaluation.pairwise.runs import pairing, run_of
from tools.errors import InvalidInput


def test_only_shared_cases_that_differ_are_put_side_by_side() -> None:
    """White space makes no difference; what only one run asked is left out."""
    first = run_of("plain", {"a": "one", "b": "the same words", "c": "alone"})
    second = run_of("candidate", {"b": "the same\n words", "a": "two", "d": "alone"})
    found = pairing_of(first, second)
    assert [(pair.case.id, pair.first, pair.second) for pair in found.pairs] == [("a", "one", "two")]
    assert found.same == ("b",)


def test_two_runs_of_one_name_are_told_apart() -> None:
    """A rating needs two names."""
    found = pairing_of(run_of("full", {"a": "x"}), run_of("full", {"a": "y"}))
    assert (found.first, found.second) == ("full (first)", "full (second)")


def test_sides_are_exchanged_by_chance_but_always_alike() -> None:
    """About half of the cases, and the same ones each time; other answers fall otherwise."""
    pairs = {str(number): (f"a{number}", f"b{number}") for number in range(400)}
    found, again = pairing(pairs), pairing(pairs)
    swapped = [found.swapped(case) for case in pairs]
    assert 150 < sum(swapped) < 250
    assert [again.swapped(case) for case in pairs] == swapped
    assert pairing({**pairs, "0": ("another", "b0")}).digest != found.digest


def test_what_is_known_of_the_right_answer_is_told() -> None:
    """Facts with their alternatives, and what a question that has no answer demands."""
    labels = {"must_contain": ["7 days|a week"], "must_not_contain": ["never"], "status": "unanswerable"}
    assert pairing({"a": ("x", "y")}, **labels).pairs[0].expected.splitlines() == [
        "It says that what is known does not answer this.",
        "It says: 7 days or a week",
        "It does not say: never",
    ]
    assert not pairing({"a": ("x", "y")}).pairs[0].expected


def test_runs_that_cannot_be_compared_are_refused() -> None:
    """No case in common, or another question under the same id."""
    with pytest.raises(InvalidInput, match="share no case"):
        pairing_of(run_of("plain", {"a": "x"}), run_of("candidate", {"b": "x"}))
    with pytest.raises(InvalidInput, match="differ in the question of a"):
        pairing_of(run_of("plain", {"a": "x"}), run_of("candidate", {"a": "x"}, question="Another?"))
