"""Reciprocal rank fusion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes_graph import hit_of
from tools.ranking.fusion import RANK_CONSTANT, fuse
from tools.types import Hit

LISTS = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8), min_size=1, max_size=5)


def hits(names: str | list[str]) -> list[Hit]:
    """Return one hit a letter, best first."""
    return [hit_of(name) for name in names]


def names(found: list[Hit]) -> str:
    """Return the letters of the hits."""
    return "".join(hit.chunk.text for hit in found)


def test_scores_are_those_of_the_formula() -> None:
    """Computed by hand: 1/(k+1) + 1/(k+2) against 1/(k+2) + 1/(k+1) with weights 2 and 1."""
    k = RANK_CONSTANT
    found = fuse([hits("ab"), hits("bc")], weights=[2.0, 1.0])
    best = 3 / (k + 1)
    assert names(found) == "bac"
    assert [hit.score for hit in found] == pytest.approx(
        [(2 / (k + 2) + 1 / (k + 1)) / best, (2 / (k + 1)) / best, (1 / (k + 2)) / best]
    )


def test_the_fused_score_is_explained() -> None:
    """Earlier contributions stay beside it."""
    hit = Hit(chunk=hit_of("a").chunk, score=7.0, explanation={"dense": 0.5})
    (fused,) = fuse([[hit]])
    assert (fused.score, fused.explanation) == (1.0, {"dense": 0.5, "fusion": 1.0})


def test_ties_keep_the_order_of_first_appearance() -> None:
    """The result does not depend on hashing."""
    assert names(fuse([hits("xy"), hits("yx")])) == "xy"
    assert names(fuse([hits("y"), hits("x")])) == "yx"


def test_nothing_fuses_to_nothing() -> None:
    """No lists and empty lists."""
    assert fuse([]) == []
    assert fuse([[], []]) == []


def test_a_weight_too_few_is_an_error() -> None:
    """Lists and weights belong together."""
    with pytest.raises(ValueError, match="zip"):
        fuse([hits("a"), hits("b")], weights=[1.0])


@given(LISTS)
def test_fusion_is_a_permutation_of_the_distinct_chunks(lists: list[list[str]]) -> None:
    """Nothing is lost, added or doubled; scores fall and lie in (0, 1]."""
    found = fuse([hits(one) for one in lists])
    assert sorted(names(found)) == sorted({name for one in lists for name in one})
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 + 1e-9 for score in scores)


@given(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1))
def test_agreeing_lists_keep_their_order(order: list[str]) -> None:
    """And the head of all lists scores one."""
    found = fuse([hits(order)] * 3, weights=[0.2, 1.0, 3.0])
    assert names(found) == "".join(order)
    assert found[0].score == pytest.approx(1.0)
