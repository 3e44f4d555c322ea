"""Which claims need no model to be believed."""

import pytest

from graph.reasoning.checks import Cited
from graph.reasoning.llm.entailment import Entailment
from graph.reasoning.local.lexicon import read_lexicon
from tests.fakes_graph import chunk_of
from tools.types import Metadata

LEXICON = read_lexicon(
    {"guides": [chunk_of("Kettles.", metadata=Metadata(products=("Moor", "Moor 2", "Fell")))]}
)
WARRANTY = Cited(
    heading="Warranty; valid from 2026-03-01 (1 March 2026)",
    text=(
        "The warranty of the Moor 2 is 3 years. It does not cover the seal. "
        "Only the first owner may register. Shipping is free above EUR 75, except to islands."
    ),
    verbatim=True,
)
GENERAL = Cited(
    heading="Returns", text="A kettle can be returned within 45 days.", verbatim=True, particular=False
)
ROWS = Cited(text="Moor 2 | 12 | Leeds | stock", verbatim=False)


def plain(claim: str, *cited: Cited, question: str = "") -> bool:
    """Judge one claim."""
    return Entailment(question=question, lexicon=LEXICON).plain(claim, cited or (WARRANTY,))


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param("The warranty of the Moor 2 is 3 years.", id="quoted"),
        pytest.param("The Moor 2 has a warranty of 3 years.", id="in another order"),
        pytest.param("Yes, the warranty of the Moor 2 is 3 years.", id="with a yes before it"),
        pytest.param("The warranty does not cover the seal.", id="denies what is denied"),
        pytest.param("Only the first owner may register.", id="restricts what is restricted"),
        pytest.param("From 1 March 2026 the warranty of the Moor 2 is 3 years.", id="a date of the heading"),
    ],
)
def test_what_a_source_says_in_the_same_words_is_plain(claim: str) -> None:
    """No model is asked about it."""
    assert plain(claim)


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param("The warranty of the Moor 2 is 5 years.", id="another figure"),
        pytest.param("The warranty of the Moor is 3 years.", id="a product with a shorter name"),
        pytest.param("The warranty of the Fell is 3 years.", id="another product"),
        pytest.param("The warranty of the Moor 2 is not 3 years.", id="denied"),
        pytest.param("The warranty covers the seal.", id="no longer denied"),
        pytest.param("The first owner may register.", id="no longer restricted"),
        pytest.param("Shipping is free above EUR 75.", id="the exception left out"),
        pytest.param("The warranty can be sold to a friend at any time.", id="other words"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_differs_is_not_plain(claim: str) -> None:
    """It shares most words all the same."""
    assert not plain(claim)


def test_what_the_asker_said_needs_no_source() -> None:
    """As long as the source is not about something else in particular."""
    question = "Can I return the Fell that I bought in June?"
    claim = "The Fell bought in June can be returned within 45 days."
    assert plain(claim, GENERAL, question=question)
    assert not plain(claim, GENERAL)
    assert not plain("The warranty of the Fell is 3 years.", question="What is the warranty of the Fell?")


def test_rows_are_one_run() -> None:
    """The cells of a row stand beside one another, and no sentence ends between them."""
    assert plain("12 of the Moor 2 are in stock in Leeds.", ROWS)
    assert not plain("14 of the Moor 2 are in stock in Leeds.", ROWS)


def test_without_a_judge_most_words_are_enough() -> None:
    """Less than for what is plain, and more than nothing."""
    words = Entailment(question="", lexicon=LEXICON)
    assert words.enough("The warranty of the Moor 2 lasts 3 years altogether.", [WARRANTY])
    assert not words.enough("The kettle is made of glass.", [WARRANTY])
