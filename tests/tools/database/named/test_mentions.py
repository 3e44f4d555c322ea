"""Names that a catalogue does not know."""

import pytest

from tools.database.named.mentions import unknown_names


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("How far did Jane Doe drive?", ["Jane Doe"]),
        ("Where are Zebra Nights and Quiet Days?", ["Zebra Nights", "Quiet Days"]),
        ("What costs a XR-20?", ["XR-20"]),
        ("Which Trees are old?", []),
        ("What was planted in March or on Monday?", []),
        ("What do I owe?", []),
        ("Jane drives", []),
        ("WHERE IS MY ORDER NOW PLEASE TELL ME", []),
        ("", []),
    ],
)
def test_only_capitalised_words_that_nothing_explains_are_names(question: str, names: list[str]) -> None:
    """First words, months, shouting and the catalogue's own words are none."""
    found = unknown_names(question, known=lambda stem: stem == "tree")
    assert [question[start:end] for start, end in found] == names
