"""Words, stems and numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.text.words import fold, numbers, stem_set, stems, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don’t overfill it!", ["Don’t", "overfill", "it"]),
        ("a non-stick pan, v1.2", ["a", "non-stick", "pan", "v1.2"]),
        ("1,250 pieces, 12,5 more", ["1,250", "pieces", "12", "5", "more"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("", []),
    ],
)
def test_words_keep_inner_marks(text: str, expected: list[str]) -> None:
    """Hyphens, dots and apostrophes inside a word belong to it."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"), [("CAFÉ", "cafe"), ("Straße", "STRASSE"), ("don’t", "Don't"), ("1,250", "1250")]
)
def test_folded_spellings_compare(one: str, other: str) -> None:
    """Case, accents, apostrophes and thousands separators do not count."""
    assert fold(one) == fold(other)


@given(st.text(st.characters(max_codepoint=127)))
def test_unaccented_text_folds_alike_alone_and_beside_accents(text: str) -> None:
    """The short way for ASCII gives what the long way gives."""
    assert f"{fold(text)}e" == fold(f"{text}é")


@pytest.mark.parametrize(
    ("one", "other"),
    [("boiling", "boils"), ("the kettle's lid", "kettle lid"), ("non-stick pans", "stick pan non")],
)
def test_forms_of_a_word_share_their_stem(one: str, other: str) -> None:
    """Endings, possessives and hyphens do not count."""
    assert stem_set(one) & stem_set(other) == stem_set(other)


def test_stop_words_have_no_stem() -> None:
    """They carry the form of a question, not its subject."""
    assert stems("What is the, and where are they?") == []


def test_repeats_and_order_are_kept() -> None:
    """A list is a list; the set is the set."""
    assert stems("lid kettle lid") == ["lid", "kettl", "lid"]
    assert stem_set("lid kettle lid") == {"lid", "kettl"}


def test_text_without_spaces_is_compared_by_pairs_of_characters() -> None:
    """A longer word contains the shorter one's pairs; a single character stands for itself."""
    assert stem_set("烧水") <= stem_set("怎么烧水壶")
    assert stems("壶") == ["壶"]
    assert "kettl" in stem_set("kettle壶")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,250.50 euros", {"1250.5"}),
        ("007 and 7", {"7"}),
        ("0.50 or 0.500", {"0.5"}),
        ("-3 °C, +4 °C", {"-3", "4"}),
        ("from 10-20 on 2026-01-05", {"10", "20", "2026", "1", "5"}),
        ("model B2, E61", set()),
        ("12\u202f000", {"12000"}),
        ("no figures", set()),
    ],
)
def test_numbers_are_compared_in_one_spelling(text: str, expected: set[str]) -> None:
    """Separators, zeros and a plus sign do not count; digits inside names are no numbers."""
    assert numbers(text) == expected


@given(st.integers(-(10**12), 10**12))
def test_an_integer_is_recognised_however_it_is_grouped(value: int) -> None:
    """With thousands separators or without."""
    assert numbers(f"It is {value:,} now") == numbers(f"It is {value} now") == {str(value)}


@given(st.text())
def test_no_text_breaks_the_word_functions(text: str) -> None:
    """Whatever comes from a document or a question."""
    assert stem_set(text) == frozenset(stems(text))
    assert all(stem for stem in stems(text))
    assert all(word in text for word in words(text))
    assert numbers(" ".join(numbers(text))) == numbers(text)
