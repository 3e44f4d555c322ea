"""What every Store does: the fake, the embedded engine, the client's own, and a server when there is one."""

import os
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import fmean, stdev

import numpy
import pytest
from qdrant_client import QdrantClient

from tests.fakes import FakeEmbedder, FakeStore
from tools.errors import InvalidInput, PlumblineError
from tools.knowledge.store_edge import EdgeStore
from tools.knowledge.store_server import ServerStore, connect
from tools.ports import Store
from tools.types import Chunk, Filter, Metadata

LANGUAGES = {"manuals": "english", "policies": "english", "leitfaden": "german", "shouce": "chinese"}
DENSE = {"leitfaden": False, "shouce": False}
EMBEDDER = FakeEmbedder()
STAFF = Filter(groups=frozenset({"staff"}))
SERVER = os.environ.get("PLUMBLINE_TEST_QDRANT_URL")  # noqa: TID251 tests may look for a server

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


def make_fake(folder: Path) -> Store:
    return FakeStore(languages=LANGUAGES, dense=DENSE)


def make_edge(folder: Path) -> Store:
    return EdgeStore.open(
        folder / "edge", embedder_name="fake", dimension=64, languages=LANGUAGES, dense=DENSE
    )


def make_memory(folder: Path) -> Store:
    return server_store(QdrantClient(":memory:"), "memory")


def make_server(folder: Path) -> Store:
    return server_store(connect(SERVER or ""), f"test-{uuid.uuid4()}")


def server_store(client: QdrantClient, collection: str) -> ServerStore:
    return ServerStore.open(
        client, collection, embedder_name="fake", dimension=64, languages=LANGUAGES, dense=DENSE
    )


MAKERS = [
    pytest.param(make_fake, id="fake"),
    pytest.param(make_edge, id="edge"),
    pytest.param(make_memory, id="memory"),
    pytest.param(
        make_server,
        id="server",
        marks=[
            pytest.mark.skipif(not SERVER, reason="set PLUMBLINE_TEST_QDRANT_URL to a Qdrant server"),
            pytest.mark.enable_socket,
        ],
    ),
]


@pytest.fixture(name="store", params=MAKERS)
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    maker: Callable[[Path], Store] = request.param
    store = maker(tmp_path)
    yield store
    if isinstance(store, ServerStore) and SERVER and request.node.callspec.id == "server":
        client = connect(SERVER)
        client.delete_collection(store._collection)
        client.close()
    store.close()


def passage(text: str, *, base: str = "manuals", source: str = "a.md", start: int = 0) -> Chunk:
    """Make a chunk whose id follows from its content."""
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{base}/{source}/{start}/{text}"))
    return Chunk(
        id=identifier,
        knowledge_base=base,
        source=source,
        title="Guide",
        section=("Care",),
        text=text,
        start=start,
        end=start + len(text),
    )


def closed(text: str, *groups: str, start: int = 0) -> Chunk:
    """Make a chunk for the members of some groups."""
    chunk = passage(text, source=f"{groups[0]}.md", start=start)
    return replace(chunk, metadata=Metadata(groups=groups))


def put(store: Store, *chunks: Chunk) -> None:
    store.upsert(chunks, EMBEDDER.embed([chunk.embedding_text for chunk in chunks]))


def texts(store: Store, query: str, where: Filter | None = None, *, limit: int = 10) -> list[str]:
    hits = store.search(query, EMBEDDER.embed([query]), limit=limit, where=where or Filter())
    return [hit.chunk.text for hit in hits]


def test_a_passage_is_found_whole(store: Store) -> None:
    """Every field of a chunk survives the store."""
    metadata = Metadata(
        valid_from=date(2026, 1, 2),
        valid_to=date(2026, 3, 4),
        superseded_by="b.md",
        version="1.10",
        products=("Alpha", "Beta"),
        authority="official",
        groups=("partners", "staff"),
        extra=(("revision", "A"),),
    )
    chunk = replace(passage("clean the burrs monthly"), metadata=metadata, url="https://docs.example/a")
    put(store, chunk, replace(chunk, id=str(uuid.uuid4()), metadata=Metadata(), url=None))
    found = {
        hit.chunk.id: hit.chunk
        for hit in store.search("burrs", EMBEDDER.embed(["burrs"]), limit=5, where=STAFF)
    }
    assert found[chunk.id] == chunk
    assert len(found) == 2


def test_the_best_passage_comes_first_with_reasons(store: Store) -> None:
    """Scores fall, and the explanation names the fused score and both branches."""
    put(
        store,
        passage("clean the burrs monthly"),
        passage("fill the tank with water"),
        passage("ship within days"),
    )
    hits = store.search("burrs clean", EMBEDDER.embed(["burrs clean"]), limit=3, where=Filter())
    assert hits[0].chunk.text == "clean the burrs monthly"
    assert hits[0].score == hits[0].explanation["fused"]
    assert hits[0].score > hits[1].score
    assert hits[0].explanation.keys() == {"dense", "bm25", "fused"}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_scores_are_fused_by_their_distribution(store: Store) -> None:
    """Each branch adds (s - (mean - 3 sd)) / (6 sd) over its own candidates."""
    put(store, *(passage(text) for text in ("clean burrs", "burrs", "clean the tank", "ship within days")))
    hits = store.search("clean burrs", EMBEDDER.embed(["clean burrs"]), limit=4, where=Filter())
    expected: dict[str, float] = defaultdict(float)
    for branch in ("dense", "bm25"):
        found = {hit.chunk.id: float(hit.explanation[branch]) for hit in hits if branch in hit.explanation}
        low, spread = fmean(found.values()) - 3 * stdev(found.values()), 6 * stdev(found.values())
        for identifier, score in found.items():
            expected[identifier] += (score - low) / spread
    assert len(hits) == 4
    assert {hit.chunk.id: hit.score for hit in hits} == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("written", "query", "scores"),
    [
        pytest.param(["burrs"], "burrs", [1.0], id="one candidate in each branch"),
        pytest.param(["burrs", "burrs"], "burrs", [1.0, 1.0], id="equal candidates"),
        pytest.param(["burrs"], "warranty", [0.5], id="no candidate by words"),
    ],
)
def test_a_branch_without_spread_counts_half(
    store: Store, written: list[str], query: str, scores: list[float]
) -> None:
    """A single candidate or equal ones get 0.5 from a branch, an empty branch gives nothing: never NaN."""
    put(store, *(passage(text, start=number) for number, text in enumerate(written)))
    hits = store.search(query, EMBEDDER.embed([query]), limit=4, where=Filter())
    assert [hit.score for hit in hits] == pytest.approx(scores)


def test_the_filter_narrows_to_bases_and_sources(store: Store) -> None:
    """A base or source that was not asked for never turns up, however well it fits."""
    put(
        store,
        passage("burrs one", source="one.md"),
        passage("burrs two", source="two.md"),
        passage("burrs three", base="policies", source="one.md"),
    )
    assert set(texts(store, "burrs", Filter(knowledge_bases=("manuals",)))) == {"burrs one", "burrs two"}
    assert set(texts(store, "burrs", Filter(sources=("one.md",)))) == {"burrs one", "burrs three"}
    both = Filter(knowledge_bases=("policies",), sources=("one.md",))
    assert texts(store, "burrs", both) == ["burrs three"]
    assert texts(store, "burrs", Filter(knowledge_bases=("nowhere",))) == []


def test_a_base_that_is_no_longer_configured_is_found_only_by_name(store: Store) -> None:
    """Searching all bases means the configured ones."""
    put(store, passage("burrs old", base="retired"), passage("burrs new"))
    assert texts(store, "burrs") == ["burrs new"]
    assert texts(store, "burrs", Filter(knowledge_bases=("retired",))) == ["burrs old"]


def test_documents_of_groups_are_found_by_their_members_alone(store: Store) -> None:
    """Somebody in any of a document's groups finds it; nobody else does, whatever else is asked for."""
    put(
        store,
        passage("burrs for all"),
        closed("burrs for staff", "staff"),
        closed("burrs for two", "partners", "staff"),
        closed("burrs for the board", "board"),
    )
    assert texts(store, "burrs") == ["burrs for all"]
    assert set(texts(store, "burrs", STAFF)) == {"burrs for all", "burrs for staff", "burrs for two"}
    partners = Filter(groups=frozenset({"partners", "visitors"}))
    assert set(texts(store, "burrs", partners)) == {"burrs for all", "burrs for two"}
    strangers = Filter(groups=frozenset({"Staff", "*", "", "board "}))
    assert texts(store, "burrs", strangers) == ["burrs for all"]
    both = replace(STAFF, knowledge_bases=("manuals",), sources=("board.md",))
    assert texts(store, "burrs", both) == []


def test_what_may_not_be_read_takes_no_place_and_no_share(store: Store) -> None:
    """In every branch: a hundred better passages of others crowd nothing out and shift no score."""
    put(store, passage("clean the burrs of the mill"), passage("fill the tank", start=1))
    put(store, *(closed(f"clean burrs {number}", "board", start=number) for number in range(100)))
    hits = store.search("clean burrs", EMBEDDER.embed(["clean burrs"]), limit=2, where=STAFF)
    assert [hit.chunk.text for hit in hits] == ["clean the burrs of the mill", "fill the tank"]
    assert hits[0].explanation.keys() == {"dense", "bm25", "fused"}
    low, spread = 0.5 - 3 * stdev([0.0, 1.0]), 6 * stdev([0.0, 1.0])
    assert hits[0].score == pytest.approx((1 - low) / spread + 0.5, abs=1e-3)
    alone = store.search("clean burrs", None, limit=2, where=STAFF)
    assert [hit.chunk.text for hit in alone] == ["clean the burrs of the mill"]


def test_ids_and_samples_hold_every_document(store: Store) -> None:
    """Upkeep sees what is closed as well: it would forget it otherwise."""
    chunks = [passage("burrs for all"), closed("burrs for staff", "staff")]
    put(store, *chunks)
    assert store.ids("manuals") == {chunk.id for chunk in chunks}
    assert {chunk.metadata.groups for chunk in store.sample("manuals", limit=9)[0]} == {(), ("staff",)}


def test_the_limit_is_kept(store: Store) -> None:
    """No more hits than asked for, and all of them when there is room."""
    put(store, *(passage(f"burrs {number}", start=number) for number in range(70)))
    assert len(texts(store, "burrs", limit=4)) == 4
    assert len(texts(store, "burrs", limit=60)) == 60


def test_a_language_the_embedder_does_not_speak_is_searched_by_words_alone(store: Store) -> None:
    """Chinese passages are found by BM25; without a shared word there is no hit at all."""
    put(store, passage("每月清洗磨盘", base="shouce"), passage("水箱容量两升", base="shouce"))
    where = Filter(knowledge_bases=("shouce",))
    assert texts(store, "如何清洗磨盘", where)[:1] == ["每月清洗磨盘"]
    hits = store.search("磨盘", EMBEDDER.embed(["磨盘"]), limit=5, where=where)
    assert hits
    assert all("dense" not in hit.explanation for hit in hits)
    assert texts(store, "warranty", where) == []


def test_without_a_vector_words_alone_decide(store: Store) -> None:
    """Scores are those of the BM25 branch by its own distribution; without a shared word there is no hit."""
    put(store, *(passage(text) for text in ("clean burrs", "burrs", "clean the tank", "ship within days")))
    hits = store.search("clean burrs", None, limit=4, where=Filter())
    words = [float(hit.explanation["bm25"]) for hit in hits]
    low, spread = fmean(words) - 3 * stdev(words), 6 * stdev(words)
    assert hits[0].chunk.text == "clean burrs"
    assert {hit.chunk.text for hit in hits} == {"clean burrs", "burrs", "clean the tank"}
    assert [hit.score for hit in hits] == pytest.approx([(word - low) / spread for word in words], abs=1e-4)
    assert all(hit.explanation.keys() == {"bm25", "fused"} for hit in hits)
    assert len(store.search("clean burrs", None, limit=1, where=Filter())) == 1
    assert store.search("warranty", None, limit=4, where=Filter()) == []
    assert store.search("", None, limit=4, where=Filter()) == []


def test_bases_of_several_languages_are_searched_together(store: Store) -> None:
    """One search finds words in each base's own language."""
    put(
        store,
        passage("clean the burrs monthly"),
        passage("每月清洗磨盘", base="shouce"),
        passage("die maschine reinigen", base="leitfaden"),
    )
    assert set(texts(store, "burrs 磨盘 maschine")) >= {
        "clean the burrs monthly",
        "每月清洗磨盘",
        "die maschine reinigen",
    }
    assert texts(store, "maschine", Filter(knowledge_bases=("leitfaden", "shouce"))) == [
        "die maschine reinigen"
    ]


def test_a_search_that_finds_nothing_is_an_empty_list(store: Store) -> None:
    """An empty store and an empty query are answered, not refused."""
    assert texts(store, "anything") == []
    put(store, passage("clean the burrs"))
    assert isinstance(texts(store, ""), list)


def test_writing_again_replaces(store: Store) -> None:
    """The same id twice is one chunk, in its later form."""
    chunk = passage("old words")
    put(store, chunk)
    put(store, replace(chunk, text="new words"))
    assert texts(store, "words") == ["new words"]
    assert store.ids("manuals") == {chunk.id}


def test_deleted_passages_are_gone(store: Store) -> None:
    """Deleting forgets ids and ignores unknown ones."""
    kept, lost = passage("burrs kept"), passage("burrs lost")
    put(store, kept, lost)
    store.delete([lost.id, str(uuid.uuid4())])
    store.delete([])
    assert texts(store, "burrs") == ["burrs kept"]
    assert store.ids("manuals") == {kept.id}


def test_ids_are_those_of_one_base(store: Store) -> None:
    """More ids than one page are all returned, and only the base's own."""
    chunks = [passage(f"text {number}", start=number) for number in range(2100)]
    put(store, *chunks, passage("other", base="policies"))
    assert store.ids("manuals") == {chunk.id for chunk in chunks}
    assert store.ids("nowhere") == set()


def test_a_sample_holds_chunks_and_their_vectors(store: Store) -> None:
    """The sample is in id order, cut to the limit, and its vectors are unit rows."""
    chunks = sorted(
        (passage(f"text {number}", start=number) for number in range(9)), key=lambda chunk: chunk.id
    )
    put(store, *chunks, passage("other", base="policies"))
    sampled, vectors = store.sample("manuals", limit=5)
    assert sampled == chunks[:5]
    expected = EMBEDDER.embed([chunk.embedding_text for chunk in chunks[:5]])
    numpy.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert len(store.sample("manuals", limit=50)[0]) == 9
    nothing, empty = store.sample("nowhere", limit=5)
    assert nothing == []
    assert empty.shape == (0, 64)


def test_vectors_of_a_wrong_shape_are_refused(store: Store) -> None:
    """A matrix that does not fit is the caller's mistake, on one line."""
    with pytest.raises(InvalidInput, match="vectors of shape"):
        store.upsert([passage("a")], numpy.zeros((1, 3), dtype=numpy.float32))
    with pytest.raises(InvalidInput, match="vectors of shape"):
        store.search("a", numpy.zeros((1, 3), dtype=numpy.float32), limit=1, where=Filter())


def test_threads_may_search_while_one_writes(store: Store, request: pytest.FixtureRequest) -> None:
    """Searches during writes neither fail nor see half a chunk."""
    if request.node.callspec.id == "memory":
        pytest.skip("qdrant-client's in-memory mode, meant for tests, is not safe to share between threads")
    put(store, passage("burrs first"))
    failures: list[BaseException] = []

    def look() -> None:
        try:
            for _ in range(30):
                assert "burrs first" in texts(store, "burrs", limit=50)
        except (AssertionError, PlumblineError, RuntimeError) as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 10):
        put(store, passage(f"burrs {number}", start=number))
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_closed_store_says_so(store: Store) -> None:
    """Ping passes while open; after close everything is refused, and closing again is harmless."""
    store.ping()
    store.close()
    store.close()
    with pytest.raises(PlumblineError, match="closed"):
        store.ping()
    with pytest.raises(PlumblineError, match="closed"):
        store.ids("manuals")


def test_without_words_the_vectors_alone_decide(store: Store) -> None:
    """An empty text asks for meaning alone: BM25 says nothing, also of passages that share words."""
    put(store, *(passage(text) for text in ("clean burrs", "burrs", "clean the tank", "ship within days")))
    hits = store.search("", EMBEDDER.embed(["clean burrs"]), limit=4, where=Filter())
    assert hits
    assert all(hit.explanation.keys() == {"dense", "fused"} for hit in hits)
    cosines = [float(hit.explanation["dense"]) for hit in hits]
    assert cosines == sorted(cosines, reverse=True)
