"""What every Embedder does: the fake, the bundled model, the same as a local folder, and an endpoint's."""

import socket
import threading
from collections.abc import Iterator

import numpy
import pytest

from tests.endpoint.server import Endpoint
from tests.fakes import FakeEmbedder
from tools.knowledge.embedding import MINILM_FOLDER, FastEmbedder, MiniLM
from tools.models.embedding import OpenAIEmbedder
from tools.ports import Embedder


@pytest.fixture(name="embedder", params=["fake", "minilm", "folder", "endpoint"], scope="module")
def _embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    with Endpoint(dimension=256) as endpoint:
        made: dict[str, Embedder] = {
            "fake": FakeEmbedder(),
            "minilm": MiniLM(),
            "folder": FastEmbedder(MINILM_FOLDER),
            "endpoint": OpenAIEmbedder("minnow", base_url=endpoint.base_url),
        }
        yield made[request.param]


def test_vectors_are_unit_rows_in_the_order_of_the_texts(embedder: Embedder) -> None:
    """Texts of any length and order get the vector they get alone."""
    texts = ["a long text about the water tank " * 9, "burrs", "", "clean the burrs monthly"]
    vectors = embedder.embed(texts)
    assert vectors.shape == (4, embedder.dimension)
    assert vectors.dtype == numpy.float32
    numpy.testing.assert_allclose(numpy.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        # int8 activations share one scale a batch, so a short text among long ones moves a little
        assert float(embedder.embed([text])[0] @ vector) > 0.95


def test_near_texts_are_nearer_than_far_ones(embedder: Embedder) -> None:
    """Cosine follows meaning, or at least words."""
    question, near, far = embedder.embed(
        ["how do I clean the burrs", "clean the burrs with a brush", "parcels ship within two days"]
    )
    assert question @ near > question @ far


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    """The empty matrix still has the dimension."""
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_a_caller_may_change_what_it_got(embedder: Embedder) -> None:
    """A remembered query vector is not shared between callers."""
    first = embedder.embed(["burrs"])
    expected = first.copy()
    first[:] = 0
    numpy.testing.assert_array_equal(embedder.embed(["burrs"]), expected)


def test_threads_share_an_embedder(embedder: Embedder) -> None:
    """Parallel calls give the vectors of sequential ones."""
    texts = [f"text number {number}" for number in range(8)]
    expected = [embedder.embed([text]) for text in texts]
    results: dict[int, bool] = {}

    def check(index: int) -> None:
        fresh = embedder.embed([texts[index], texts[index]])
        results[index] = bool(fresh[0] @ expected[index][0] > 0.98)

    threads = [threading.Thread(target=check, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(8), True)


def test_a_name_identifies_the_model(embedder: Embedder) -> None:
    """The name is not empty and stays the same."""
    assert embedder.name
    assert embedder.name == embedder.name.strip()


def test_the_bundled_model_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading and embedding open no socket."""

    def refuse(*arguments: object) -> None:
        raise AssertionError(f"opened a connection: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert MiniLM().embed(["offline"]).shape == (1, 384)
