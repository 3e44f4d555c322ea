"""Reading labelled questions."""

from pathlib import Path

import pytest

from agent.evaluation.cases import Case, StepLabels, read_cases
from tools.errors import InvalidInput


def written(folder: Path, *lines: str) -> Path:
    """Write a dataset."""
    path = folder / "questions.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_cases_are_read_in_order_and_blank_lines_skipped(tmp_path: Path) -> None:
    """Whatever is not given has its default."""
    path = written(
        tmp_path,
        '{"id": "b", "question": "Why?", "must_contain": ["one|two"], "status": "declined"}',
        "  ",
        '{"id": "a", "question": "How?", "history": ["Who?"]}',
    )
    assert read_cases(path) == [
        Case(id="b", question="Why?", must_contain=("one|two",), status="declined"),
        Case(id="a", question="How?", history=("Who?",)),
    ]


def test_every_wrong_line_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    """All problems at once, each with its line number."""
    path = written(
        tmp_path,
        '{"id": "a", "question": "How?"}',
        "{not json",
        '{"id": "b"}',
        "",
        '{"id": "c", "question": "Why?", "expected": "x", "status": "maybe"}',
        '{"id": "a", "question": "Again?"}',
        "[1]",
    )
    with pytest.raises(InvalidInput) as caught:
        read_cases(path)
    name, _, problems = str(caught.value).partition(": ")
    assert name == str(path)
    parts = problems.split(" | ")
    assert [part.partition(":")[0] for part in parts] == ["line 2", "line 3", "line 5", "line 6", "line 7"]
    for part, word in zip(parts, ["not JSON", "question", "expected", "twice", "dictionary"], strict=True):
        assert word in part
    assert "status" in parts[2]


def test_steps_are_read_and_what_is_unknown_of_them_is_named(tmp_path: Path) -> None:
    """A misspelt demand would never be checked."""
    path = written(
        tmp_path,
        '{"id": "a", "question": "How?", "history": ["Who?"], "answers": ["Me."], "steps": {"route": ["x"]}}',
    )
    (case,) = read_cases(path)
    assert case.answers == ("Me.",)
    assert case.steps == StepLabels(route=("x",))
    wrong = ('{"rout": ["x"]}', '{"statements": [{"sql": "SELECT 1"}]}', '{"citations": [{"fact": "1"}]}')
    lines = [f'{{"id": "{steps[2:6]}", "question": "How?", "steps": {steps}}}' for steps in wrong]
    lines.append('{"id": "b", "question": "How?", "answers": ["Me."]}')
    with pytest.raises(InvalidInput) as caught:
        read_cases(written(tmp_path, *lines))
    for word in ("steps.rout:", "statements.0.statement:", "citations.0.source:", "1 answers to 0 earlier"):
        assert word in str(caught.value)


def test_a_line_ends_where_the_line_ends(tmp_path: Path) -> None:
    """Not at a separator inside of a text."""
    (case,) = read_cases(written(tmp_path, '{"id": "a", "question": "How\u2028long\x85?"}'))
    assert case.question == "How\u2028long\x85?"


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_dataset_without_questions_is_refused(tmp_path: Path, content: str) -> None:
    """An evaluation of nothing would look perfect."""
    with pytest.raises(InvalidInput, match="holds no questions"):
        read_cases(written(tmp_path, content))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Missing, a folder, or not text."""
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "missing.jsonl", tmp_path, binary):
        with pytest.raises(InvalidInput, match="cannot be read"):
            read_cases(path)
