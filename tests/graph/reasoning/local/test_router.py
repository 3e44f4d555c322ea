"""The classifier, taught by a tiny corpus."""

import pytest

from graph.reasoning.local.lexicon import read_lexicon
from graph.reasoning.local.router import Place, Router, learn, off_topic
from tests.fakes_graph import chunk_of
from tools.knowledge.embedding import MiniLM

TEXTS = {
    "guides": [
        "Fill the kettle with water and boil it for two minutes.",
        "Descale the kettle every month with citric acid and rinse it.",
        "When the red lamp blinks, the kettle has boiled dry. Let it cool.",
        "Clean the lid and the filter with warm water and a soft brush.",
    ],
    "rules": [
        "You can return an unused kettle within thirty days for a full refund.",
        "The guarantee lasts two years from the day of purchase.",
        "Shipping is free for orders above fifty euros.",
        "A refund is paid within five days to the card that was used.",
    ],
}
EXAMPLES = {
    "guides": ["How do I descale the kettle?", "Why does the lamp blink?", "How do I clean the filter?"],
    "rules": ["Can I return my order?", "How long is the guarantee?", "What does shipping cost?"],
}
DESCRIPTIONS = {
    "guides": "How to use and clean the kettle.",
    "rules": "Returns, refunds, guarantee and shipping.",
}


@pytest.fixture(scope="module")
def embedder() -> MiniLM:
    """Load the bundled model once."""
    return MiniLM()


@pytest.fixture(scope="module")
def router(embedder: MiniLM) -> Router:
    """Teach a router."""
    chunks = {
        base: [chunk_of(text, base=base, title=base) for text in texts] for base, texts in TEXTS.items()
    }
    places = [
        Place(
            name=base,
            description=embedder.embed([DESCRIPTIONS[base]]),
            examples=embedder.embed(EXAMPLES[base]),
            chunks=embedder.embed(TEXTS[base]),
        )
        for base in TEXTS
    ]
    return learn(
        places,
        bases=tuple(TEXTS),
        lexicon=read_lexicon(chunks),
        examples=EXAMPLES,
        headings={"guides": ["Descaling", "Cleaning"], "rules": ["Refunds", "Guarantee"]},
        embedder=embedder,
    )


@pytest.mark.parametrize(
    ("question", "base"),
    [
        ("How often should I descale it with citric acid?", "guides"),
        ("The red lamp on my kettle blinks, what now?", "guides"),
        ("When is my refund paid?", "rules"),
        ("Is shipping of my order free?", "rules"),
    ],
)
def test_a_question_goes_to_the_base_that_knows(
    router: Router, embedder: MiniLM, question: str, base: str
) -> None:
    """And is in scope."""
    bases, in_scope = router.probabilities(question, embedder)
    assert max(bases, key=lambda name: bases[name]) == base
    assert in_scope > 0.5


@pytest.mark.parametrize(
    "question", ["Who won the world cup in 1998?", "Write a poem about the sea", "2 + 2"]
)
def test_what_has_nothing_to_do_with_the_documents_is_out_of_scope(
    router: Router, embedder: MiniLM, question: str
) -> None:
    """No example of it was configured."""
    assert router.probabilities(question, embedder)[1] < 0.5


@pytest.mark.parametrize("question", ["", "?", "的", "x" * 500])
def test_every_text_has_probabilities(router: Router, embedder: MiniLM, question: str) -> None:
    """Between nought and one, for every base."""
    bases, in_scope = router.probabilities(question, embedder)
    assert set(bases) == set(TEXTS)
    assert all(0 <= probability <= 1 for probability in (*bases.values(), in_scope))


def test_learning_is_deterministic(router: Router, embedder: MiniLM) -> None:
    """The same lessons give the same router."""
    again = learn(
        router.places,
        bases=router.bases,
        lexicon=router.lexicon,
        examples=EXAMPLES,
        headings={"guides": ["Descaling", "Cleaning"], "rules": ["Refunds", "Guarantee"]},
        embedder=embedder,
    )
    assert (again.belongs, again.in_scope) == (router.belongs, router.in_scope)


def test_the_bundled_messages_are_many_and_distinct() -> None:
    """They stand for everything that nobody's documents answer."""
    messages = off_topic()
    assert len(messages) > 50
    assert len(set(messages)) == len(messages)
    assert all(message.strip() == message != "" for message in messages)
