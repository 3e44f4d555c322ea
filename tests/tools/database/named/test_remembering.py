"""Vectors that are kept on disk between starts."""

import pickle
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeEmbedder
from tools.database.named.remembering import _fingerprint, remembered

TEXTS = ("How many copies are there?", "Who has borrowed it?")


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    file = tmp_path / "vectors.npz"
    remembered(TEXTS, embedder=FakeEmbedder(), file=file)
    return file


def test_what_was_embedded_once_is_read_back_exactly(file: Path) -> None:
    """The second time nothing is embedded."""
    embedder = FakeEmbedder()
    vectors = remembered(TEXTS, embedder=embedder, file=file)
    assert embedder.calls == []
    assert vectors.dtype == numpy.float32
    numpy.testing.assert_array_equal(vectors, embedder.embed(TEXTS))


@pytest.mark.parametrize(
    ("texts", "embedder"),
    [
        pytest.param((*TEXTS, "One more?"), FakeEmbedder(), id="another text"),
        pytest.param(TEXTS[::-1], FakeEmbedder(), id="another order"),
        pytest.param(TEXTS, FakeEmbedder(name="newer"), id="another embedder"),
        pytest.param(TEXTS, FakeEmbedder(dimension=32), id="another length of the vectors"),
    ],
)
def test_other_vectors_replace_those_in_the_file(
    file: Path, texts: tuple[str, ...], embedder: FakeEmbedder
) -> None:
    """They are computed once, and the next start finds them."""
    embedder.calls.clear()
    vectors = remembered(texts, embedder=embedder, file=file)
    numpy.testing.assert_array_equal(remembered(texts, embedder=embedder, file=file), vectors)
    assert embedder.calls == [texts]
    assert vectors.shape == (len(texts), embedder.dimension)


class Bomb:
    """Ends the test run when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return exit, (3,)


def pickled(file: Path) -> None:
    file.write_bytes(pickle.dumps(Bomb()))


def object_arrays(file: Path) -> None:
    held = numpy.empty(1, dtype=object)
    held[0] = Bomb()
    numpy.savez(file, fingerprint=held, vectors=held)


def a_plain_array(file: Path) -> None:
    with file.open("wb") as stream:
        numpy.save(stream, numpy.zeros(3))


def other_names(file: Path) -> None:
    numpy.savez(file, numbers=numpy.zeros(3))


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def overwritten(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 60] = bytes(60 * [0xA5])
    file.write_bytes(bytes(data))


def empty(file: Path) -> None:
    file.write_bytes(b"")


def missing(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    "damage",
    [pickled, object_arrays, a_plain_array, other_names, cut_off, overwritten, empty, missing],
    ids=lambda damage: damage.__name__,
)
def test_a_file_that_is_no_memory_is_made_anew(file: Path, damage: object) -> None:
    """Whatever stands there, nothing is executed and the vectors are right, now and at the next start."""
    assert callable(damage)
    damage(file)
    embedder = FakeEmbedder()
    for _ in range(2):
        vectors = remembered(TEXTS, embedder=embedder, file=file)
        numpy.testing.assert_array_equal(vectors, FakeEmbedder().embed(TEXTS))
    assert embedder.calls == [TEXTS]


def test_a_folder_that_takes_no_file_only_costs_time(tmp_path: Path) -> None:
    """The vectors are there all the same."""
    embedder = FakeEmbedder()
    file = tmp_path / "missing" / "vectors.npz"
    numpy.testing.assert_array_equal(
        remembered(TEXTS, embedder=embedder, file=file), remembered(TEXTS, embedder=embedder, file=file)
    )
    assert embedder.calls == [TEXTS, TEXTS]


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_only_equal_lists_of_texts_have_equal_fingerprints(one: list[str], two: list[str]) -> None:
    """Also when the texts are the same characters cut in other places."""
    embedder = FakeEmbedder()
    assert (_fingerprint(one, embedder) == _fingerprint(two, embedder)) == (one == two)
