"""Splitting compound questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.reasoning.local.splitting import MOST_PARTS, split


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        pytest.param("How long does it boil?", ["How long does it boil?"], id="plain"),
        pytest.param(
            "How do I clean the lid and what does a new one cost?",
            ["How do I clean the lid?", "What does a new one cost?"],
            id="two clauses",
        ),
        pytest.param("How long? Why?", ["How long?", "Why?"], id="two sentences"),
        pytest.param(
            "What is the weight and the price of the kettle?",
            ["What is the weight of the kettle?", "What is the price of the kettle?"],
            id="two properties",
        ),
        pytest.param(
            "I bought it in May. Can I return it?",
            ["I bought it in May. Can I return it?"],
            id="context first",
        ),
        pytest.param(
            "Can I return it? It is a red kettle.",
            ["Can I return it? It is a red kettle."],
            id="context last",
        ),
        pytest.param("How do I rinse and dry the lid?", ["How do I rinse and dry the lid?"], id="two verbs"),
        pytest.param(
            "Is the red or the blue kettle better and why?",
            ["Is the red or the blue kettle better and why?"],
            id="comparison",
        ),
        pytest.param("boil dry warning", ["boil dry warning"], id="keywords"),
    ],
)
def test_a_question_is_cut_only_where_another_one_opens(question: str, parts: list[str]) -> None:
    """Statements stay with the question that they belong to."""
    assert split(question) == parts


def test_more_parts_than_can_be_answered_stay_together() -> None:
    """The last part holds the rest; nothing is dropped."""
    parts = split("What? Why now? Who pays? How long? Where to?")
    assert len(parts) == MOST_PARTS
    assert parts[-1] == "How long? Where to?"


@given(st.text(max_size=120))
def test_any_text_has_between_one_and_four_parts(text: str) -> None:
    """A question without an end, a sentence or a word included."""
    assert 1 <= len(split(text)) <= MOST_PARTS
