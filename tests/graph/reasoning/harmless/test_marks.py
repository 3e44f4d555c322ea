"""Markers in every style."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.reasoning.harmless.marks import ENCODED, MARK, decode, encode, numbers_in


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("[3]", [3]),
        ("[3][5]", [3, 5]),
        ("[3, 5; 7]", [3, 5, 7]),
        ("[ 3 ]", [3]),
        ("[^3]", [3]),
        ("[#3]", [3]),
        ("【3†L4-L9】", [3]),
        ("［3］", [3]),
        ("\\[3\\]", [3]),
        ("[Source 3]", [3]),
        ("[sources: 3 and 5]", [3, 5]),
        ("[source 3, source 5]", [3, 5]),
        ("[2-4]", [2, 3, 4]),
        ("[4–2]", [4, 2]),
        ("[1-900]", [1, 900]),
        ("(3)", []),
        ("[3 kg]", []),
        ("[x]", []),
        ("[]", []),
    ],
)
def test_markers_name_numbers(written: str, numbers: list[int]) -> None:
    """Round brackets and other words are no markers."""
    assert numbers_in(written) == numbers
    assert bool(re.fullmatch(f"(?:{MARK})+", written, re.IGNORECASE)) == bool(numbers)


@given(st.lists(st.integers(1, 60_000)))
def test_encoded_markers_are_decoded_once_each(numbers: list[int]) -> None:
    """In order, whatever stands between them."""
    encoded = encode(numbers)
    assert decode(f"It {encoded} stops.") == tuple(dict.fromkeys(numbers))
    assert ENCODED.sub("", f"It{encoded} stops.") == "It stops."
