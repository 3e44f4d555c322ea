"""What the corpus knows of words."""

import pytest

from graph.reasoning.local.lexicon import Lexicon, read_lexicon
from tests.fakes_graph import chunk_of
from tools.text.words import stem_set, stems
from tools.types import Metadata

CHUNKS = {
    "guides": [
        chunk_of("Boil water in the kettle.", metadata=Metadata(products=("Alder", "Alder Plus"))),
        chunk_of("Descale the kettle.", metadata=Metadata(products=("Birch",), extra=(("revision", "B"),))),
    ],
    "rules": [chunk_of("Return the kettle within a month.", base="rules", title="Returns", section=())],
}


@pytest.fixture
def lexicon() -> Lexicon:
    """Read three passages."""
    return read_lexicon(CHUNKS)


def test_rare_words_weigh_more(lexicon: Lexicon) -> None:
    """An unknown word is the rarest."""
    kettle, boil, unknown = (
        lexicon.rarity(next(iter(stem_set(word)))) for word in ("kettle", "boil", "zebra")
    )
    assert 0 < kettle < boil < unknown
    assert lexicon.known("kettl")
    assert not lexicon.known("zebra")


def test_coverage_is_the_rarity_weighted_share(lexicon: Lexicon) -> None:
    """All, none, and a common word without a rare one."""
    question = stem_set("boil kettle")
    assert lexicon.coverage(question, stem_set("boil the kettle")) == pytest.approx(1.0)
    assert lexicon.coverage(question, stem_set("zebra")) == 0.0
    assert 0 < lexicon.coverage(question, {"kettl"}) < lexicon.coverage(question, {"boil"}) < 1
    assert lexicon.coverage((), {"kettl"}) == 0.0


def test_affinity_leans_to_the_base_that_uses_the_words(lexicon: Lexicon) -> None:
    """The bases' shares add up to one; unknown words lean nowhere."""
    words = stems("descale the kettle")
    guides, rules = (lexicon.affinity(words, base) for base in ("guides", "rules"))
    assert guides > rules
    assert guides + rules == pytest.approx(1.0)
    assert lexicon.affinity(["zebra"], "guides") == 0.0


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("Is the ALDER PLUS loud?", ("Alder Plus",)),
        ("the Alder's lid", ("Alder",)),
        ("Alder Plus or Alder?", ("Alder Plus", "Alder")),
        ("the Alderman", ()),
    ],
)
def test_products_are_found_as_whole_names(lexicon: Lexicon, text: str, products: tuple[str, ...]) -> None:
    """The longer name hides the shorter one inside it."""
    assert lexicon.products_in(text) == products


@pytest.mark.parametrize(
    ("text", "revisions"),
    [("the Birch B", ("B",)), ("revision B", ("B",)), ("plan B", ()), ("the Birch", ())],
)
def test_a_revision_is_named_behind_its_word_or_product(
    lexicon: Lexicon, text: str, revisions: tuple[str, ...]
) -> None:
    """A lone letter is none."""
    assert lexicon.revisions_in(text) == revisions
