"""The beginning of an answer, by rules."""

import pytest

from graph.reasoning.local.hypothetical import opening


@pytest.mark.parametrize(
    ("question", "statement"),
    [
        ("How do I clean the kettle?", "To clean the kettle, follow these steps."),
        ("Can I return it?", "You can return it."),
        ("What is the price of the toaster?", "the price of the toaster is"),
        ("Why does it leak?", "it leak because"),
    ],
)
def test_a_question_becomes_the_beginning_of_its_answer(question: str, statement: str) -> None:
    """The words stay, the form is that of a statement."""
    assert opening(question) == statement


def test_what_no_rule_knows_stays_as_it_is() -> None:
    """Only the question mark goes."""
    assert opening("Kettle warranty?") == "Kettle warranty"
