"""Lines that tell what changed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as given_by

from agent.tracing.changes import MOST_LINES, Line, changed_lines

LEAVES = given_by.none() | given_by.booleans() | given_by.integers() | given_by.text(max_size=8)
NAMES = given_by.text(max_size=3)
JSON = given_by.recursive(
    LEAVES,
    lambda inner: given_by.lists(inner, max_size=4) | given_by.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def told(lines: list[Line], kind: str) -> list[str]:
    """Return the text of the lines of one kind."""
    return [line.text for line in lines if line.kind == kind]


def hit(text: str, score: float, **explanation: float) -> dict[str, Any]:
    """Return a hit as JSON."""
    chunk = {"id": text[:8], "source": "a.md", "title": "Returns", "section": ["Refunds"], "text": text}
    return {"chunk": chunk, "score": score, "explanation": explanation}


def test_a_changed_value_is_one_line_out_and_one_in() -> None:
    """Its neighbours are shown as equal."""
    lines = changed_lines({"round": 1, "ready": [0]}, {"round": 2, "ready": [0]})
    assert told(lines, "removed") == ['  "round": 1']
    assert told(lines, "added") == ['  "round": 2']
    assert '  "ready": [' in told(lines, "same")


def test_text_is_compared_by_its_own_lines() -> None:
    """No quotation marks, no escapes."""
    lines = changed_lines("one\ntwo\nthree", "one\nTWO\nthree")
    assert [(line.kind, line.text) for line in lines] == [
        ("same", "one"),
        ("removed", "two"),
        ("added", "TWO"),
        ("same", "three"),
    ]


def test_passages_are_told_by_heading_score_and_beginning() -> None:
    """A hit takes one line however long its text is."""
    lines = changed_lines([], [hit("You may return it. " * 90, 0.8123456, superseded=0.3)])
    (line,) = [text for text in told(lines, "added") if "▪" in text]
    assert "Returns › Refunds" in line
    assert "score 0.8123" in line
    assert "superseded 0.3" in line
    assert "You may return it." in line
    assert len(line) < 300


def test_passages_that_look_alike_are_shown_whole() -> None:
    """A difference behind the beginning of a text is not hidden."""
    lines = changed_lines([hit("x" * 500 + "old", 1.0)], [hit("x" * 500 + "new", 1.0)])
    assert any("old" in text for text in told(lines, "removed"))
    assert any("new" in text for text in told(lines, "added"))


def test_what_lies_far_from_a_change_is_left_out_and_counted() -> None:
    """Three equal lines stay on either side."""
    before = [f"line {number}" for number in range(1000)]
    lines = changed_lines(before, [*before[:500], "changed", *before[501:]])
    assert len(lines) == 10
    assert [line.text for line in lines if line.text.startswith("⋯")] == [
        "⋯ 498 equal lines",
        "⋯ 497 equal lines",
    ]


def test_very_long_comparisons_say_how_much_more_there_is() -> None:
    """The cap holds for values of absurd size too."""
    lines = changed_lines(list(range(30_000)), [str(number) for number in range(30_000)])
    assert len(lines) == MOST_LINES
    assert "more lines" in lines[-1].text


def test_the_deepest_nesting_is_cut() -> None:
    """An imported recording may nest as it likes."""
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]
    assert any("⋯" in line.text for line in changed_lines(None, deep))


@given(JSON, JSON)
def test_different_values_always_show_a_difference(before: object, after: object) -> None:
    """And equal ones never do."""
    differs = any(line.kind != "same" for line in changed_lines(before, after))
    assert differs == (before != after)
