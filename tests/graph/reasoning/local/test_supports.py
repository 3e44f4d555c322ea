"""Finding answering spans, and growing them to a readable answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.reasoning.local.passages import complete
from tests.fakes import FakeEmbedder
from tests.fakes_graph import chunk_of, finder_of, hit_of
from tools.text.sentences import units

STEPS = chunk_of(
    "Descale it every month. Use citric acid.\n\nTo descale the kettle:\n\n"
    "1. Fill it with acid.\n2. Boil it.\n3. Rinse it.",
    start=30,
)
OTHER = chunk_of("The guarantee lasts two years. It covers the lid.", identifier="chunk-2", start=900)


def test_the_answering_sentence_comes_first() -> None:
    """Whatever the rank of its passage."""
    found = finder_of(STEPS, OTHER).find(
        "How long is the guarantee?", [hit_of(STEPS, 1.0), hit_of(OTHER, 0.9)]
    )
    assert found[0].unit.text == "The guarantee lasts two years."
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_no_passages_have_no_spans() -> None:
    """And nothing is embedded for them."""
    embedder = FakeEmbedder()
    finder = finder_of(STEPS, embedder=embedder)
    before = len(embedder.calls)
    assert finder.find("", []) == []
    assert len(embedder.calls) == before


def test_spans_are_embedded_once() -> None:
    """A second question over the same passage embeds only its own words, and finds the same spans."""
    embedder = FakeEmbedder()
    finder = finder_of(STEPS, embedder=embedder)
    first = finder.find("How do I descale it?", [hit_of(STEPS)])
    before = len(embedder.calls)
    assert finder.find("How do I descale it?", [hit_of(STEPS)]) == first
    embedded = [text for call in embedder.calls[before:] for text in call]
    assert not any(one.unit.text in text for one in first for text in embedded)


def test_a_procedure_is_quoted_whole() -> None:
    """A question that asks for steps gets all of them, in order."""
    found = complete(
        "How do I descale the kettle?", finder_of(STEPS).find("How do I descale the kettle?", [hit_of(STEPS)])
    )
    steps = [support.text for support in found if support.kind == "step"]
    assert steps == ["Fill it with acid.", "Boil it.", "Rinse it."]


def test_the_same_is_not_said_twice() -> None:
    """A copy of the passage under another name adds nothing."""
    copy = chunk_of(OTHER.text, identifier="chunk-3", source="copy.md")
    question = "How long is the guarantee?"
    found = complete(question, finder_of(OTHER, copy).find(question, [hit_of(OTHER), hit_of(copy, 0.9)]))
    assert len({support.text for support in found}) == len(found)


BLOCKS = st.lists(
    st.sampled_from(
        [
            "The lid fits.",
            "It boils: fast!",
            "- **one** lid",
            "1. Boil it.",
            "| A | B |\n|---|---|\n| lid | 3 |",
            "# Boil",
            "水を沸かす。",
        ]
    ),
    min_size=1,
    max_size=6,
)


@given(BLOCKS, st.integers(0, 10_000), st.sampled_from(["How do I boil the lid?", "How many lids?", "lid"]))
def test_every_support_is_a_slice_of_its_document(blocks: list[str], start: int, question: str) -> None:
    """Offsets count in the document, and the text is that of a unit that stands there."""
    text = "\n\n".join(blocks)
    chunk = chunk_of(text, start=start)
    document = "·" * start + text
    readable = {(start + unit.start, start + unit.end): unit.text for unit in units(text)}
    found = finder_of(chunk).find(question, [hit_of(chunk)])
    supports = complete(question, found) if found else []
    for support in (*(one.support() for one in found), *supports):
        assert (
            document[support.start : support.end] == text[support.start - start : support.end - start] != ""
        )
        assert readable[support.start, support.end] == support.text


@pytest.mark.parametrize("question", ["", "?", "what is the"])
def test_a_question_without_words_still_ranks(question: str) -> None:
    """Nothing divides by zero."""
    assert finder_of(OTHER).find(question, [hit_of(OTHER, 0.0)])
