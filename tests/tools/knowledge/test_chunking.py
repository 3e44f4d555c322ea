"""Documents to passages: true offsets, headings respected, nothing lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.knowledge.chunking import chunk
from tools.knowledge.loading import load_bytes
from tools.knowledge.markdown import headings
from tools.knowledge.tokens import BundledTokens
from tools.types import Chunk, Document

TOKENS = BundledTokens()


def document(text: str, *, title: str = "Guide", source: str = "a.md") -> Document:
    return Document(source=source, title=title, text=text)


def chunks(text: str, *, title: str = "Guide", capacity: int = 220, tiny: int = 80) -> list[Chunk]:
    return chunk(
        document(text, title=title),
        knowledge_base="manuals",
        pipeline="1",
        tokens=TOKENS,
        capacity=capacity,
        tiny=tiny,
    )


def sentences(count: int, word: str = "water") -> str:
    return " ".join(f"The {word} tank number {number} holds two litres." for number in range(count))


BLOCKS = st.sampled_from(
    [
        "# Guide\n\n", "# Other\n\n", "## A\n\n", "## B\n\n", "### C\n\n", "#\n\n", "Setext\n===\n\n",
        "A sentence. Another one!\n\n", "- one\n- two\n  - three\n\n", "```\n# no heading\n```\n\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n", "> # quoted\n\n", "***\n\n", "中文没有空格。\n\n",
        "é\u0301🙂 \n\n", "\n\n\n",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(BLOCKS, st.text(max_size=30)), max_size=12).map("".join), st.integers(4, 60))
def test_offsets_are_true_and_nothing_overlaps(text: str, capacity: int) -> None:
    """For any text every chunk is a slice of it, in order, within the capacity, with an id of its own."""
    found = chunks(text, capacity=capacity)
    assert bool(found) == bool(text.strip())
    end = 0
    for item in found:
        assert text[item.start : item.end] == item.text == item.text.strip()
        assert item.start >= end
        assert TOKENS.count(item.text) <= capacity
        end = item.end
    assert len({item.id for item in found}) == len(found)


@settings(max_examples=100, deadline=None)
@given(st.lists(BLOCKS, min_size=1, max_size=12).map("".join))
def test_every_letter_outside_headings_is_in_a_chunk(text: str) -> None:
    """Only headings, rules and space are left out."""
    found = chunks(text, capacity=30)
    covered = {index for item in found for index in range(item.start, item.end)}
    covered |= {index for heading in headings(text) for index in range(heading.start, heading.end)}
    assert [text[index] for index in range(len(text)) if index not in covered and text[index].isalnum()] == []


def test_a_section_is_named_by_the_headings_above_it() -> None:
    """The path is outermost first and leaves out a first heading that is the title."""
    text = f"\n\n{sentences(9)}\n\n".join(("# Guide", "## Care", "### Daily", "## Parts", ""))
    assert [item.section for item in chunks(text)] == [(), ("Care",), ("Care", "Daily"), ("Parts",)]
    assert chunks(text, title="Another")[1].section == ("Guide", "Care")


def test_a_chunk_is_short_of_its_heading() -> None:
    """The heading is in the section, so the text starts with what can be quoted."""
    (item,) = chunks("# Guide\n\n## Care\n\nWipe it.\n")
    assert (item.text, item.section, item.heading) == ("Wipe it.", ("Care",), "Guide › Care")


def test_small_neighbours_are_joined() -> None:
    """Short questions under one heading become one passage under their parent."""
    text = "# Guide\n\n## FAQ\n\n### Q1?\n\nYes.\n\n### Q2?\n\nNo.\n\n## Other\n\nText.\n"
    assert [(item.section, item.text) for item in chunks(text)] == [
        (("FAQ",), "### Q1?\n\nYes.\n\n### Q2?\n\nNo."),
        (("Other",), "Text."),
    ]


def test_large_sections_are_never_joined() -> None:
    """A passage does not cross a heading once it holds more than a few sentences."""
    text = f"## One\n\n{sentences(10)}\n\n## Two\n\nShort.\n"
    assert [item.section for item in chunks(text)] == [("One",), ("Two",)]


def test_headings_without_text_are_dropped() -> None:
    """An empty section is no passage, but a document of headings alone is one."""
    assert [item.text for item in chunks("## Empty\n\n### Full\n\nText.\n")] == ["Text."]
    assert [item.text for item in chunks("# A\n\n## B\n")] == ["# A\n\n## B"]


def test_a_number_sign_in_code_is_not_a_heading() -> None:
    """Fenced code stays in its section."""
    (item,) = chunks("## Run\n\n```\n# comment\nrun\n```\n")
    assert item.section == ("Run",)
    assert "# comment" in item.text


def test_a_long_section_is_split_at_sentences() -> None:
    """Pieces stay within the capacity and end with a sentence."""
    found = chunks(f"## Long\n\n{sentences(60)}\n")
    assert len(found) > 2
    assert all(item.text.endswith(".") for item in found)
    assert all(100 < TOKENS.count(item.text) <= 220 for item in found[:-1])


def test_a_table_that_fits_is_kept_whole() -> None:
    """A split falls before a table rather than inside it."""
    rows = "".join(f"| Setting {number} | {number} g | fine |\n" for number in range(9))
    text = f"## Dose\n\n{sentences(14)}\n\n| Step | Dose | Grind |\n|---|---|---|\n{rows}"
    found = chunks(text)
    assert any(
        item.text.startswith("| Step") and item.text.endswith("| Setting 8 | 8 g | fine |") for item in found
    )


def test_a_table_too_long_for_a_passage_keeps_true_offsets() -> None:
    """Rows are never cut in the middle when a row fits."""
    rows = "".join(f"| Setting {number} | {number} g | fine and even |\n" for number in range(80))
    text = f"| Step | Dose | Grind |\n|---|---|---|\n{rows}"
    found = chunks(text)
    assert len(found) > 3
    assert all(item.text.startswith("|") and item.text.endswith("|") for item in found)


def test_ids_follow_from_content_and_pipeline() -> None:
    """The same document gives the same ids; any change gives others."""

    def made(item: Document, *, base: str = "manuals", pipeline: str = "1") -> list[Chunk]:
        return chunk(item, knowledge_base=base, pipeline=pipeline, tokens=TOKENS)

    same = document("Text one.\n")
    first = made(same)
    assert first == made(same)
    others = [
        made(same, pipeline="2"),
        made(same, base="policies"),
        made(document("Text one.\n", source="b.md")),
        made(document("Text two.\n")),
        made(document("Text one.\n", title="New")),
    ]
    assert len({first[0].id, *(other[0].id for other in others)}) == 6


def test_front_matter_is_not_searched() -> None:
    """Passages start behind the front matter, and carry what it says."""
    (loaded,) = load_bytes(b"---\nversion: secret\n---\nThe body.\n", source="a.md")
    (item,) = chunk(loaded, knowledge_base="manuals", pipeline="1", tokens=TOKENS)
    assert item.text == "The body."
    assert item.metadata.version == "secret"
    assert loaded.text[item.start : item.end] == item.text


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("## A *b* __c__ `d`", "A b c d"),
        ("## [Link](https://x.example) here", "Link here"),
        ("## snake_case stays", "snake_case stays"),
        ("## 2 * 3 * 4 ##", "2 * 3 * 4"),
        ("Two\nlines\n---", "Two lines"),
        ("## \\# 5", "# 5"),
    ],
)
def test_heading_titles_are_plain(markup: str, title: str) -> None:
    """Emphasis, code and links are taken off a heading."""
    assert [heading.title for heading in headings(markup + "\n\ntext")] == [title]


def test_fixed_chunks_are_blind_to_headings() -> None:
    """Windows of tokens follow each other without gaps of words, cross headings, and keep true offsets."""
    text = f"# Guide\n\n## Water\n{sentences(4)}\n\n## Steam\n{sentences(4, 'steam')}\n"
    whole = document(text)
    found = chunk(whole, knowledge_base="manuals", pipeline="1", tokens=TOKENS, capacity=32, method="fixed")
    assert all(one.section == () for one in found)
    assert all(whole.text[one.start : one.end] == one.text for one in found)
    assert all(TOKENS.count(one.text) <= 32 for one in found)
    assert any("## Steam" in one.text and not one.text.startswith("## Steam") for one in found)
    assert "".join("".join(one.text.split()) for one in found) == "".join(text.split())
