"""Unit rows, and the memory of single texts."""

from collections.abc import Sequence

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tools.ports import Matrix
from tools.vectors import Remembering, unit_rows


@given(arrays(numpy.float32, (3, 4), elements=st.floats(-1000, 1000, width=32)))
def test_rows_get_length_one_and_keep_their_direction(vectors: Matrix) -> None:
    """Only a row without a direction stays as it is."""
    lengths = numpy.linalg.norm(vectors, axis=1, keepdims=True)
    rows = unit_rows(vectors)
    assert rows.dtype == numpy.float32
    clear = lengths[:, 0] > 1e-3
    numpy.testing.assert_allclose(numpy.linalg.norm(rows[clear], axis=1), 1, atol=1e-5)
    numpy.testing.assert_allclose(rows * lengths, vectors, rtol=1e-4, atol=1e-3)


def test_the_single_text_used_longest_ago_is_forgotten_first() -> None:
    """Lists of texts are not remembered at all."""
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> Matrix:
        asked.extend(texts)
        return numpy.ones((len(texts), 2), dtype=numpy.float32)

    remembering = Remembering(embed, size=2)
    for texts in (["one"], ["two"], ["one"], ["three"], ["one"], ["two"], ["one", "two"]):
        assert remembering(texts).shape == (len(texts), 2)
    assert asked == ["one", "two", "three", "two", "one", "two"]
    assert remembering.texts == ["one", "two"]


def test_a_text_that_could_not_be_embedded_is_tried_again() -> None:
    """The error reaches the caller, and nothing of it is kept."""
    left = [ValueError("away")]

    def embed(texts: Sequence[str]) -> Matrix:
        if left:
            raise left.pop()
        return numpy.ones((len(texts), 2), dtype=numpy.float32)

    remembering = Remembering(embed, size=2)
    with pytest.raises(ValueError, match="away"):
        remembering(["one"])
    assert remembering.texts == []
    assert remembering(["one"]).shape == (1, 2)
