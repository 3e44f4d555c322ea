"""Removal of near duplicates."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes_graph import chunk_of, hit_of
from tools.ranking.duplicates import drop_near_duplicates
from tools.types import Hit, Metadata

LONG = (
    "Descale the boiler every three months with citric acid, rinse the tank twice with cold water, "
    "and dry the lid before closing it."
)


def hit(text: str, number: int = 1, metadata: Metadata | None = None) -> Hit:
    """Return a hit of its own."""
    return hit_of(chunk_of(text, identifier=str(number), metadata=metadata))


def test_the_better_of_two_copies_is_kept() -> None:
    """Spacing, case and one changed word do not make another passage."""
    copy = LONG.upper().replace(" ", "  ")
    nearly = LONG.replace("dry the lid", "dry your lid")
    found = drop_near_duplicates(
        [hit(LONG, 1), hit("Something else entirely.", 2), hit(copy, 3), hit(nearly, 4)]
    )
    assert [one.chunk.id for one in found] == ["1", "2"]


def test_passages_that_share_only_a_sentence_are_both_kept() -> None:
    """The overlap counts against everything that both say."""
    other = (
        f"{LONG.split(',')[0]}. Order new filters, hoses, gaskets and brushes in the shop for little money."
    )
    assert len(drop_near_duplicates([hit(LONG, 1), hit(other, 2)])) == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Metadata(valid_from=date(2026, 1, 1)), id="newer version"),
        pytest.param(Metadata(valid_to=date(2025, 12, 31)), id="older version"),
        pytest.param(Metadata(products=("Mug",)), id="another product"),
    ],
)
def test_versions_of_one_text_are_no_duplicates(other: Metadata) -> None:
    """The rules choose between them later."""
    assert len(drop_near_duplicates([hit(LONG, 1), hit(LONG, 2, other)])) == 2


def test_the_threshold_is_the_share_of_common_shingles() -> None:
    """Two of four shingles in common make one half."""
    one, two = "alder birch cedar damson elder", "alder birch cedar damson fir"
    hits = [hit(one, 1), hit(two, 2)]
    assert len(drop_near_duplicates(hits, threshold=0.34)) == 2
    assert len(drop_near_duplicates(hits, threshold=1 / 3)) == 1


@given(st.lists(st.sampled_from([LONG, LONG + " Twice.", "Short.", "", "One two three four five six"])))
def test_what_is_left_is_a_subsequence_without_duplicates(texts: list[str]) -> None:
    """Doing it twice changes nothing."""
    hits = [hit(text, number) for number, text in enumerate(texts)]
    found = drop_near_duplicates(hits)
    kept = iter(hits)
    assert all(one in kept for one in found)
    assert drop_near_duplicates(found) == found
    assert drop_near_duplicates([*found, *(replace(one, score=0.0) for one in found)]) == found
