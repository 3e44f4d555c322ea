"""Quotable units of Markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.text.sentences import plain, units

DOCUMENT = """# Use

Fill it to 1.5 l, i.e. the mark. **Do not** boil it dry!
It switches off
on its own.

## Parts

You need:

- a lid
- a [cord](cord.md)
  of two metres

1. Fill it.
2) Switch it on. Wait.

| Part | Price | Note |
|---|---:|---|
| Lid | 12.50 | |
| Cord | 9.00 | black |

> Quoted words
> go on here.
"""


def test_a_document_falls_into_its_units() -> None:
    """Kinds and readable texts, in reading order."""
    assert [(unit.kind, unit.text) for unit in units(DOCUMENT)] == [
        ("heading", "Use"),
        ("sentence", "Fill it to 1.5 l, i.e. the mark."),
        ("sentence", "Do not boil it dry!"),
        ("sentence", "It switches off on its own."),
        ("heading", "Parts"),
        ("sentence", "You need:"),
        ("item", "a lid"),
        ("item", "a cord of two metres"),
        ("step", "Fill it."),
        ("step", "Switch it on. Wait."),
        ("row", "Lid — Price: 12.50"),
        ("row", "Cord — Price: 9.00; Note: black"),
        ("sentence", "Quoted words go on here."),
    ]


def test_blocks_tell_what_belongs_together() -> None:
    """A paragraph's sentences share a number, as do a table's rows."""
    found = units(DOCUMENT)
    by_kind = {
        kind: [unit.block for unit in found if unit.kind == kind] for kind in ("sentence", "row", "step")
    }
    assert len(set(by_kind["sentence"][:3])) == 1
    assert len(set(by_kind["row"])) == 1
    assert len(set(by_kind["step"])) == 1
    assert by_kind["row"][0] not in by_kind["sentence"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Ask Dr. Moor. She knows.", ["Ask Dr. Moor.", "She knows."], id="title"),
        pytest.param("It costs approx. 5 euros.", ["It costs approx. 5 euros."], id="abbreviation"),
        pytest.param("He said “Stop.” Then left.", ["He said “Stop.", "Then left."], id="closing quote"),
        pytest.param("Fill v1.2 up. 3 cups fit.", ["Fill v1.2 up.", "3 cups fit."], id="digit begins"),
        pytest.param("先加水。然后烧开！完成。", ["先加水。", "然后烧开！", "完成。"], id="no spaces"),
        pytest.param("no capital. follows here", ["no capital. follows here"], id="lower case goes on"),
    ],
)
def test_sentences_end_where_a_reader_sees_the_end(text: str, expected: list[str]) -> None:
    """Dots inside abbreviations and numbers do not end one."""
    assert [unit.text for unit in units(text)] == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param("| A | B |\n|---|---|\n| x | y |", ["x — B: y"], id="header"),
        pytest.param("|A|B|C|\n|---|---|---|\n||y|z|", ["B: y; C: z"], id="empty first cell"),
        pytest.param("| A | B |\n|---|---|\n| x | 1\\|2 |", ["x — B: 1|2"], id="escaped bar"),
        pytest.param("| A | B |\n|---|---|\n| x | y | z |", ["x — B: y; z"], id="a cell too many"),
        pytest.param("| A | B |\n|---|---|\n| x |", ["x"], id="a cell too few"),
        pytest.param("| x | y |", ["x: y"], id="no header"),
        pytest.param("||", [], id="nothing in it"),
    ],
)
def test_a_table_row_names_its_columns(table: str, expected: list[str]) -> None:
    """A cell never gets another column's name."""
    assert [unit.text for unit in units(table)] == expected


def test_code_is_text_and_its_marks_are_not() -> None:
    """A fenced block is quoted without reading Markdown into it."""
    found = units("Run:\n\n```\n# no heading\n- no item\n```\n\nDone.")
    assert [unit.kind for unit in found] == ["sentence"] * len(found)
    assert found[-1].text == "Done."


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("**bold** and _soft_ and `code`", "bold and soft and code"),
        ("[a link](x.md) and ![a picture](y.png)", "a link and a picture"),
        ("a<br>b \\* c   d\n e", "a b * c d e"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("3 < 5 and 7 > 5", "3 < 5 and 7 > 5"),
    ],
)
def test_marks_are_taken_off_and_words_are_not(marked: str, expected: str) -> None:
    """What a reader of the rendered page sees."""
    assert plain(marked) == expected


PIECES = st.sampled_from(
    [
        *("# ", "## ", "- ", "* ", "1. ", "2) ", "> ", "| ", " |", "|---|", "||", "```", "~~~", "---", "**"),
        *(
            "\n",
            "\n\n",
            "\r\n",
            "  ",
            "\t",
            "\u2028",
            "\x0c",
            ". ",
            "! ",
            "? ",
            "。",
            ": ",
            "\\|",
            "<b>",
            "[x](y)",
        ),
        *("Boil", "water", "e.g.", "Dr.", "1.5", "水", "é", "“", "”", "_", "*", "`", "(", ")"),
    ]
)
MARKDOWN = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200)


@given(MARKDOWN)
def test_the_offsets_of_every_unit_are_true(text: str) -> None:
    """Units stand in order, do not overlap, quote something, and hold no word their source does not."""
    behind = 0
    for unit in units(text):
        assert behind <= unit.start < unit.end <= len(text)
        source = text[unit.start : unit.end]
        if unit.kind != "heading":
            assert source == source.strip()
        if unit.kind not in ("row", "heading"):
            assert unit.text == plain(re.sub(r"\n\s*>", "\n", source))
        behind = unit.end
