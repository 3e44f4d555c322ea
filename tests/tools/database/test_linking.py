"""Values of a column among a question's words."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.linking import ValueIndex

TREES = [
    "Oak",
    "Oak Large",
    "Oak Large Plus",
    "Chestnut",
    "Mountain Ash",
    "Ash",
    "Elms & Co",
    "Linden",
    "IT",
    "NO",
]
TREES += ["TR-100045", "O'Brien", "Müller", "silver birch", "Larch", "accessory", "Box"]


@pytest.mark.parametrize(
    ("question", "values"),
    [
        ("How many Oak do we have?", ["Oak"]),
        ("the oak large, please", ["Oak Large"]),
        ("OAK LARGE PLUS or Oak", ["Oak Large Plus", "Oak"]),
        ("Oak Large and the Oak", ["Oak Large", "Oak"]),
        ("Ash or Mountain Ash?", ["Ash", "Mountain Ash"]),
        ("stock of chestnuts", ["Chestnut"]),
        ("the Chestnut's price", ["Chestnut"]),
        ("the Oaks’ leaves", ["Oak"]),
        ("three boxes", ["Box"]),
        ("Which accessories?", ["accessory"]),
        ("larches", ["Larch"]),
        ("muller", ["Müller"]),
        ("Müller’s order", ["Müller"]),
        ("What about o'brien?", ["O'Brien"]),
        ("elms co", ["Elms & Co"]),
        ("order tr-100045 and TR 100045", ["TR-100045", "TR-100045"]),
        ("order TR-100046", []),
        ("chesttnut", ["Chestnut"]),
        ("Lindden tree", ["Linden"]),
        ("mountain ashes", ["Mountain Ash"]),
        ("Oakk", []),
        ("minden", []),
        ("soak", []),
        ("is it here? no", []),
        ("the IT group", ["IT"]),
        ("sent to NO", ["NO"]),
        ("", []),
        ("nothing of the kind", []),
    ],
)
def test_the_values_that_people_mean_are_found(question: str, values: list[str]) -> None:
    """In the order of the question, the longest winning each place."""
    assert [link.value for link in ValueIndex(TREES).link(question)] == values


def test_a_link_says_where_its_words_stand() -> None:
    """The words are given as written, with a possessive apostrophe."""
    question = "Show the OAKS' price"
    (link,) = ValueIndex(TREES).link(question)
    assert link.text == question[link.start : link.end] == "OAKS'"


def test_a_word_of_another_value_is_no_typing_error() -> None:
    """The value "Birches Home" keeps "birches" from standing for "Birchen"."""
    index = ValueIndex(["Birchen", "Birches Home"])
    assert index.link("the birches here") == []
    assert [link.value for link in index.link("the birchenn here")] == ["Birchen"]


def test_two_equally_near_values_are_both_left_out() -> None:
    """A guess would be a coin toss."""
    assert ValueIndex(["Marlena", "Marlene"]).link("Marlen Marlenx") == []


def test_typing_errors_can_be_switched_off() -> None:
    """Words of a choice are taken as they are."""
    assert ValueIndex(["Chestnut"], typing_errors=False).link("chesttnut") == []


def test_an_index_without_values_finds_nothing() -> None:
    """Nor do values without letters or with a whole text."""
    assert ValueIndex([]).link("Oak") == []
    assert ValueIndex(["---", " ".join(["word"] * 50)]).link("--- word word") == []


@given(st.lists(st.sampled_from(TREES), max_size=5), st.text(max_size=20))
def test_places_never_overlap_and_hold_their_words(values: list[str], noise: str) -> None:
    """Whatever stands between the values."""
    question = f" {noise} ".join(values)
    links = ValueIndex(TREES).link(question)
    for first, second in pairwise(links):
        assert first.end <= second.start
    assert all(question[link.start : link.end] == link.text and link.value in TREES for link in links)


@given(st.sampled_from([value for value in TREES if len(value) > 2]))
def test_every_value_finds_itself(value: str) -> None:
    """As written, in capitals and in small letters."""
    index = ValueIndex(TREES)
    for form in (value, value.upper(), value.lower()):
        assert [link.value for link in index.link(f"the {form} here")] == [value]
