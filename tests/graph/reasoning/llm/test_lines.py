"""What a line of a reply is."""

import pytest
from hypothesis import given

from graph.reasoning.llm.lines import Line, line_of
from tests.graph.reasoning.harmless.hostile import HOSTILE


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", Line(kind="blank")),
        ("---", Line(kind="blank")),
        ("```python", Line(kind="blank")),
        ("**Not answered.** [2]", Line(kind="blank")),
        ("# Kettle", Line(kind="heading")),
        ("**Kettle:**", Line(kind="heading")),
        ("## 2", Line(kind="heading", number=2)),
        ("**Part 2**", Line(kind="heading", number=2)),
        ("## 2. How heavy is it?", Line(kind="heading", number=2)),
        ("## 2 years", Line(kind="heading")),
        ("### 2. Boil it", Line(kind="heading")),
        ("#5 is best", Line(kind="text")),
        ("**Sources:** [2], [3]", Line(kind="sources")),
        ("## References", Line(kind="sources")),
        ("Sources say so", Line(kind="text")),
        ("[^2]: Kettle", Line(kind="definition")),
        ("[table 2]", Line(kind="table", number=2)),
        ("- **[Table 2]** [2].", Line(kind="table", number=2)),
        ("See [table 2].", Line(kind="text")),
        ("| a | b |", Line(kind="row")),
        ("  * Fill it", Line(kind="item", content=4)),
        ("> 12) Fill it", Line(kind="step", content=6)),
        ("12.5 kg", Line(kind="text")),
        ("-5 °C", Line(kind="text")),
        ("**Note** this", Line(kind="text")),
        ("Not answered by that", Line(kind="text")),
    ],
)
def test_a_line_is_told_by_its_form(text: str, line: Line) -> None:
    """Whole lines."""
    assert line_of(text, complete=True) == line


@given(HOSTILE)
def test_more_of_a_line_changes_no_answer(text: str) -> None:
    """An answer given early is the one that the whole line gets."""
    whole = text.replace("\n", "").replace("\r", "").replace("\t", " ")
    final = line_of(whole, complete=True)
    early = [line_of(whole[:end], complete=False) for end in range(len(whole) + 1)]
    assert {line for line in early if line is not None} <= {final}
