"""The router as each asker may know it."""

import numpy
import pytest

from graph.reasoning.local.audiences import REMEMBERED, Routers, shares_of
from graph.reasoning.local.lexicon import join, read_lexicon
from graph.reasoning.local.logistic import even
from graph.reasoning.local.router import Place, Router
from tests.fakes import FakeEmbedder
from tests.fakes_graph import chunk_of
from tools.types import ANYONE, Metadata, Principal

EMBEDDER = FakeEmbedder()
CHUNKS = {
    "guides": [
        chunk_of("Descale the kettle.", metadata=Metadata(products=("Moor",))),
        chunk_of("Open the vault.", metadata=Metadata(products=("Onyx",), groups=("board", "staff"))),
        chunk_of("Sell the factory.", metadata=Metadata(products=("Agate",), groups=("board",))),
    ],
    "rules": [chunk_of("Fire the baker.", base="rules", metadata=Metadata(groups=("board",)))],
}
STAFF, BOARD = Principal(groups=frozenset({"staff", "x"})), Principal(groups=frozenset({"board"}))


def routers() -> Routers:
    """Make a router that knows everything, and its views."""
    none = numpy.zeros((0, EMBEDDER.dimension), dtype=numpy.float32)
    vectors = {base: EMBEDDER.embed([chunk.text for chunk in found]) for base, found in CHUNKS.items()}
    vectors["database"] = EMBEDDER.embed(["Orders and prices."])
    places = tuple(
        Place(name=name, description=EMBEDDER.embed([name]), examples=none, chunks=chunks)
        for name, chunks in vectors.items()
    )
    shares = shares_of(CHUNKS)
    lexicon = join([share.lexicon for share in shares], bases=CHUNKS)
    whole = Router(places=places, bases=tuple(CHUNKS), lexicon=lexicon, belongs=even(8), in_scope=even(6))
    return Routers(whole, shares)


@pytest.mark.parametrize(
    ("principal", "products", "words", "near"),
    [
        pytest.param(ANYONE, ("Moor",), {"descal"}, (1, 0), id="anyone"),
        pytest.param(STAFF, ("Moor", "Onyx"), {"descal", "vault"}, (2, 0), id="staff"),
        pytest.param(
            BOARD, ("Agate", "Moor", "Onyx"), {"descal", "vault", "factori", "baker"}, (3, 1), id="board"
        ),
    ],
)
def test_a_view_knows_what_its_asker_may_read(
    principal: Principal, products: tuple[str, ...], words: set[str], near: tuple[int, int]
) -> None:
    """Names, words and vectors are those of the documents for everybody and for the asker's groups."""
    router = routers().of(principal)
    assert router.lexicon.products == products
    assert {word for word in ("descal", "vault", "factori", "baker") if router.lexicon.known(word)} == words
    question = EMBEDDER.embed(["Which vault?"])[0]
    assert tuple(len(place.nearness(question)) for place in router.places) == (*near, 1)
    assert set(router.probabilities("Which vault?", EMBEDDER)[0]) == set(CHUNKS)


def test_whoever_may_read_everything_has_the_whole_router() -> None:
    """The words of all shares together are those of all documents."""
    known = routers().of(BOARD).lexicon
    everything = read_lexicon(CHUNKS)
    assert (known.totals, known.products) == (everything.totals, everything.products)
    assert known.frequencies == everything.frequencies


def test_askers_of_the_same_rights_share_a_view_and_few_are_kept() -> None:
    """Groups that no document names make no difference."""
    views = routers()
    assert views.of(STAFF) is views.of(Principal(groups=frozenset({"staff"})))
    assert views.of(ANYONE) is views.of(Principal(groups=frozenset({"nobody's", "*"})))
    assert len(views._views) <= REMEMBERED


def test_without_groups_everybody_has_the_same_router() -> None:
    """Nothing is copied where nothing is closed."""
    open_alone = {"guides": CHUNKS["guides"][:1]}
    whole = routers().of(BOARD)
    assert Routers(whole, shares_of(open_alone)).of(ANYONE) is whole
