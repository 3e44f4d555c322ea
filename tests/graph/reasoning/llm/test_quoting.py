"""The span of a passage that is quoted for a claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.reasoning.llm.quoting import quote
from tests.fakes_graph import chunk_of
from tools.text.sentences import units

TEXT = (
    "# Kettle\n\nThe kettle stops by itself. It weighs 2 kg. The cord is 90 cm long. The lid is glass.\n\n"
    "- Clean it monthly.\n- Store it dry.\n\n| Part | Price |\n|---|---|\n| Lid | 9 |\n| Cord | 12 |\n\nEnd."
)
CHUNK = chunk_of(TEXT, start=100)


def quoted(*claims: str) -> str:
    """Return what is quoted for these claims."""
    start, end = quote(claims, CHUNK)
    return TEXT[start - 100 : end - 100]


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param(
            ("It switches off (stops) by itself.",), "The kettle stops by itself.", id="one sentence"
        ),
        pytest.param(("The cord measures 90 cm.",), "The cord is 90 cm long.", id="a number weighs more"),
        pytest.param(
            ("The kettle weighs 2 kg and has a 90 cm cord.",),
            "It weighs 2 kg. The cord is 90 cm long.",
            id="two neighbours",
        ),
        pytest.param(("A new lid costs 9.",), "| Lid | 9 |", id="a table row keeps its line"),
        pytest.param(
            ("Store it dry.", "Clean it."), "Clean it monthly.\n- Store it dry.", id="hull of two claims"
        ),
        pytest.param(("You need:", "The lid is glass."), "The lid is glass.", id="empty words widen nothing"),
        pytest.param(
            ("The kettle weighs 2 kg; its cord costs 12.",),
            TEXT[TEXT.index("It weighs") : TEXT.index("\n\nEnd")],
            id="a number far away is fetched",
        ),
    ],
)
def test_the_smallest_run_that_says_it_is_quoted(claims: tuple[str, ...], expected: str) -> None:
    """Whole units, whatever the claim's wording."""
    assert quoted(*claims) == expected


def test_a_claim_in_other_words_altogether_is_carried_by_the_whole_passage() -> None:
    """From its first unit to its last, without the heading above."""
    assert quoted("水壶会自动断电。") == TEXT.removeprefix("# Kettle\n\n")
    assert quote(["Anything."], chunk_of("# Only", start=7)) == (7, 13)
    assert quote(["Anything."], chunk_of("---", start=7)) == (7, 10)


@given(st.lists(st.sampled_from(TEXT.split()), max_size=8).map(" ".join))
def test_a_quotation_is_a_run_of_whole_units(claim: str) -> None:
    """It starts where a unit starts and ends where one ends."""
    start, end = quote([claim], CHUNK)
    found = units(TEXT)
    assert start - 100 in {unit.start for unit in found}
    assert end - 100 in {unit.end for unit in found}
    assert start < end
