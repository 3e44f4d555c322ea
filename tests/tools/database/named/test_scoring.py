"""The probability of a query, and what counts as asking for advice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.named.scoring import WEIGHTS, Signals, StemWeights, asks_advice, probability
from tools.text.words import stem_set

EVEN = Signals(
    meaning=0.6,
    description=0.4,
    words=0.4,
    foreign=0.4,
    filled=0,
    code=0,
    personal=0,
    missing=0,
    unused=0,
    advice=0,
    elsewhere=0,
)


@pytest.mark.parametrize("signal", WEIGHTS)
def test_each_signal_moves_the_probability_its_own_way(signal: str) -> None:
    """What speaks for a query raises it, what speaks against it lowers it."""
    more = replace(EVEN, **{signal: getattr(EVEN, signal) + 0.5})
    assert (probability(more) > probability(EVEN)) is (WEIGHTS[signal] > 0)


@given(st.builds(Signals, **{name: st.floats(min_value=-1, max_value=2) for name in WEIGHTS}))
def test_a_probability_stays_between_nothing_and_certainty(signals: Signals) -> None:
    """Whatever the signals."""
    assert 0 < probability(signals) < 1


@pytest.mark.parametrize(
    "question",
    [
        "How do I return a damaged book?",
        "how can we reset it",
        "What should I do when it leaks?",
        "Can I bring a dog?",
        "May children borrow books?",
        "Are we insured abroad?",
        "What happens after the warranty?",
        "Why does it smoke?",
        "What is the policy on refunds?",
        "What does the red light mean?",
        "How often should the filter be changed?",
        "Is smoking allowed?",
    ],
)
def test_how_to_and_policy_questions_ask_for_advice(question: str) -> None:
    """Documents answer them."""
    assert asks_advice(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many loans are there?",
        "How much did we earn last month?",
        "Can you show me the stock?",
        "Can I see my invoice?",
        "Do we have any left?",
        "Which vehicles are in repair?",
        "Where is my order?",
        "What did repairs cost?",
        "Status of KL-204",
        "What is the price of it?",
    ],
)
def test_questions_for_data_do_not(question: str) -> None:
    """A database answers them."""
    assert not asks_advice(question)


def test_rare_words_weigh_more_than_common_ones() -> None:
    """Every query is about orders, only one about returns."""
    weights = StemWeights(["orders by month", "orders returned", "orders by city"])
    asked = stem_set("returned orders")
    assert weights.overlap(asked, stem_set("returned things")) > weights.overlap(
        asked, stem_set("orders seen")
    )


@pytest.mark.parametrize(
    ("first", "second", "overlap"), [("a tree", "the trees", 1.0), ("tree", "house", 0.0), ("", "the", 0.0)]
)
def test_overlap_goes_from_none_to_all(first: str, second: str, overlap: float) -> None:
    """Small words and endings do not count."""
    assert StemWeights(["tree"]).overlap(stem_set(first), stem_set(second)) == pytest.approx(overlap)
