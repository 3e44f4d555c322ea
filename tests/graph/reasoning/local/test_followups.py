"""Questions that lean on the conversation."""

import pytest

from graph.plan import Turn
from graph.reasoning.local.followups import codes_in, has_dangling_pronoun, inherit, names_in, standalone
from graph.reasoning.local.lexicon import read_lexicon
from tests.fakes_graph import TODAY, chunk_of
from tools.types import Metadata

LEXICON = read_lexicon(
    {
        "guides": [
            chunk_of(
                "Boil water.", metadata=Metadata(products=("Alder", "Birch"), extra=(("revision", "B"),))
            )
        ]
    }
)


def completed(question: str, before: str | None) -> str:
    """Return the question as it stands alone behind another."""
    history = [Turn(question=before, answer="An answer.")] if before else []
    return standalone(question, history, LEXICON, today=TODAY)


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        pytest.param(None, "Is it loud?", "Is it loud?", id="first question"),
        pytest.param("Is the Alder loud?", "Is it heavy?", "Is the Alder heavy?", id="pronoun"),
        pytest.param("Is the Alder loud?", "What about the Birch?", "Is the Birch loud?", id="other product"),
        pytest.param("Where is order AB-1234?", "And AB-9999?", "Where is order AB-9999?", id="other code"),
        pytest.param("Is the Alder loud?", "Is the Birch heavy?", "Is the Birch heavy?", id="stands alone"),
        pytest.param(
            "Is the Alder loud?",
            "Do you ship coffee machines to customers in Norway?",
            "Do you ship coffee machines to customers in Norway?",
            id="another subject",
        ),
    ],
)
def test_a_follow_up_is_completed_from_the_question_before(
    before: str | None, question: str, expected: str
) -> None:
    """And what leans on nothing stays as it is."""
    assert completed(question, before) == expected


@pytest.mark.parametrize("question", ["with a filter?", "It's the one from May.", "And why?"])
def test_a_remark_keeps_the_subject_before(question: str) -> None:
    """The product is named in what is searched."""
    assert "Alder" in completed(question, "Is the Alder loud?")


def test_a_part_inherits_the_product_named_before() -> None:
    """The nearest one before it, unless the part names its own."""
    assert "Birch" in inherit("How heavy is it?", ["Is the Alder loud?", "Is the Birch loud?"], LEXICON)
    assert inherit("Is the Alder heavy?", ["Is the Birch loud?"], LEXICON) == "Is the Alder heavy?"
    assert inherit("How heavy?", ["Is that loud?"], LEXICON) == "How heavy?"


def test_names_are_products_codes_and_proper_names() -> None:
    """Products first, each once."""
    assert names_in("Does Ada Moor own a birch and order AB-12?", LEXICON) == [
        "Birch",
        "AB-12",
        "Ada Moor",
    ]
    assert codes_in("order AB-1234, part 77, model x9z") == ("AB-1234", "x9z")


@pytest.mark.parametrize(
    ("question", "expected"),
    [("Is it loud?", True), ("Is it possible to return a kettle?", False), ("Is the Alder loud?", False)],
)
def test_a_pronoun_without_a_noun_has_dangling_pronoun(question: str, expected: bool) -> None:
    """An "it" that stands for nothing does not count."""
    assert has_dangling_pronoun(question) is expected
