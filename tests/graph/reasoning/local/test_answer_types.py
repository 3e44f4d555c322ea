"""What a question's form asks for."""

import pytest

from graph.reasoning.local.answer_types import asks_for_steps, is_typed, satisfies


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        pytest.param("How much does it cost?", "It is €12.50.", "It is red.", id="money"),
        pytest.param("How long is the guarantee?", "For 2 years.", "For private use.", id="time"),
        pytest.param("How often must I descale it?", "Every month.", "With citric acid.", id="frequency"),
        pytest.param("How many cups fit in?", "Eight fit.", "Many fit.", id="number"),
        pytest.param("When does it ship?", "On Friday.", "In a box.", id="date"),
        pytest.param("Who pays the postage?", "It is paid by Moor Ltd.", "It is paid in full.", id="name"),
    ],
)
def test_a_text_holds_what_the_form_asks_for(question: str, holds: str, lacks: str) -> None:
    """A number, a time, money, a date or a name."""
    assert is_typed(question)
    assert satisfies(question, holds)
    assert not satisfies(question, lacks)


@pytest.mark.parametrize("question", ["Why does it leak?", "Is it red?", "boil dry"])
def test_a_question_without_a_form_is_satisfied_by_anything(question: str) -> None:
    """Nothing is held against a span."""
    assert not is_typed(question)
    assert satisfies(question, "Whatever.")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How do I descale it?", True),
        ("What are the steps to reset it?", True),
        ("How long do I boil it?", False),
        ("How can I see how much it costs?", False),
        ("Is it red?", False),
    ],
)
def test_a_procedure_is_asked_for_by_how_to(question: str, expected: bool) -> None:
    """But not by how long or how much."""
    assert asks_for_steps(question) is expected
