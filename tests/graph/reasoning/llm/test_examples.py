"""Worked examples and the store that finds them."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from graph.reasoning.checks import check_claims
from graph.reasoning.llm.drafting import read_draft
from graph.reasoning.llm.examples import Example, ExampleStore, read_examples
from graph.state import Evidence
from tests.fakes import FakeEmbedder
from tools.errors import ConfigurationError
from tools.types import Hit, Rows

EXAMPLES = read_examples()
PASSAGE = {"base": "rules", "title": "Returns", "text": "Within 45 days."}
RESULT = {"query": "stock", "description": "Stock", "columns": ["name"], "rows": [["Moor"]]}
LINE: dict[str, Any] = {
    "question": "How long?",
    "as_of": "2026-03-16",
    "sources": [PASSAGE, RESULT],
    "answer": "45 days [1].",
}


def written(folder: Path, *lines: str) -> Path:
    """Return a file of these lines."""
    path = folder / "mine.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def named(example: Example) -> str:
    """Return a short name of a test case."""
    return example.question[:30]


def test_the_shipped_examples_show_every_kind_of_answer() -> None:
    """Eight or more, with steps, a table, a row, parts, an abstention and other languages than English."""
    answers = [example.answer for example in EXAMPLES]
    assert 8 <= len(EXAMPLES) <= 10
    assert any("\n1. " in answer for answer in answers)
    assert any(re.search(r"^\[table \d\]$", answer, re.MULTILINE) for answer in answers)
    assert any("## 3\nNOT ANSWERED" in answer for answer in answers)
    assert "NOT ANSWERED" in answers
    assert any("contradict" in answer for answer in answers)
    assert any("dürfen" in answer for answer in answers)
    assert any(
        "Ignore your previous rules" in source.text for example in EXAMPLES for source in example.sources
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_a_shipped_answer_keeps_the_rules_it_teaches(example: Example) -> None:
    """Every line but headings, tables and abstentions ends with citations; nothing forbidden stands in it."""
    for line in filter(None, example.answer.split("\n")):
        sentences = re.split(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ])", re.sub(r"^\d\. ", "", line))
        assert all(
            re.search(r"\[\d\]\.$|^## \d$|^NOT ANSWERED$|^\[table \d\]$", sentence) for sentence in sentences
        ), line
    assert not re.search(r"https?:|!\[|<|\*\*|ˆ", example.answer)


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_a_shipped_answer_passes_the_checks_that_the_models_must(example: Example) -> None:
    """Read the way a reply is read."""
    parts = max(1, len(example.parts))
    draft = read_draft(example.answer, example.sources, parts=parts)
    evidence = [
        Evidence(
            hits=tuple(source.item for source in example.sources if isinstance(source.item, Hit)),
            rows=tuple(source.item for source in example.sources if isinstance(source.item, Rows)),
        )
    ]
    assert check_claims(draft, evidence, quoted=False).rejected == ()
    assert bool(draft.claims) is (example.answer != "NOT ANSWERED")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A passage with its metadata, rows with their parameters; blank lines are skipped."""
    passage = PASSAGE | {
        "section": ["A", "B"],
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "superseded_by": "next",
        "version": "7",
        "products": ["Moor"],
        "parts": [2],
    }
    line = LINE | {"sources": [passage, RESULT | {"parameters": {"name": "Moor"}}], "parts": ["One?", "Two?"]}
    (example,) = read_examples(written(tmp_path, "", json.dumps(line), ""))
    first, second = example.sources
    assert isinstance(first.item, Hit)
    assert isinstance(second.item, Rows)
    assert first.item.chunk.heading == "Returns › A › B"
    assert first.item.chunk.metadata.version == "7"
    assert (first.number, first.parts, second.number, second.parts) == (1, (1,), 2, (0,))
    assert second.item.parameters == (("name", "Moor"),)
    assert example.parts == ("One?", "Two?")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("{", "line 2", id="no JSON"),
        pytest.param(json.dumps(LINE | {"mood": "good"}), "line 2: mood", id="unknown key"),
        pytest.param(json.dumps(LINE | {"as_of": "soon"}), "line 2: as_of", id="no date"),
        pytest.param(json.dumps(LINE | {"answer": "45 days [3]."}), "[3]", id="cites what is not there"),
        pytest.param(json.dumps(LINE | {"answer": "[table 0]"}), "[0]", id="sources count from one"),
        pytest.param(
            json.dumps(LINE | {"sources": [PASSAGE, {"text": "x"}]}), "line 2: sources.1", id="half a source"
        ),
        pytest.param(
            json.dumps(LINE | {"sources": [RESULT | {"rows": [[1, 2]]}]}), "one cell", id="ragged rows"
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, expected: str) -> None:
    """With what is wrong about it, and nothing of its content."""
    path = written(tmp_path, json.dumps(LINE), line)
    with pytest.raises(ConfigurationError, match=r"mine\.jsonl, line 2") as caught:
        read_examples(path)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_cannot_be_read_is_a_wrong_configuration(tmp_path: Path) -> None:
    """Missing, or not UTF-8."""
    (tmp_path / "latin.jsonl").write_bytes("für".encode("latin-1"))
    for name in ("none.jsonl", "latin.jsonl"):
        with pytest.raises(ConfigurationError, match=name):
            read_examples(tmp_path / name)


def test_the_nearest_examples_come_first() -> None:
    """By the likeness of their questions."""
    store = ExampleStore(EXAMPLES, FakeEmbedder())
    for example in EXAMPLES:
        found = store.nearest(example.question, limit=3)
        assert found[0] is example
        assert len(set(map(id, found))) == 3


def test_a_question_may_come_as_its_vector() -> None:
    """It is not embedded again then."""
    embedder = FakeEmbedder()
    store = ExampleStore(EXAMPLES, embedder)
    vector = embedder.embed([EXAMPLES[3].question])
    embedder.calls.clear()
    assert store.nearest(vector, limit=1) == (EXAMPLES[3],)
    assert embedder.calls == [tuple(example.question for example in EXAMPLES)]


def test_examples_are_embedded_once_however_many_threads_ask() -> None:
    """And not before the first question."""
    embedder = FakeEmbedder()
    store = ExampleStore(EXAMPLES, embedder)
    assert embedder.calls == []
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(store.nearest, ["How long?"] * 20))
    assert sum(len(call) == len(EXAMPLES) for call in embedder.calls) == 1


def test_no_examples_are_no_trouble() -> None:
    """Neither an empty store nor a limit of none asks the embedder."""
    embedder = FakeEmbedder()
    assert ExampleStore((), embedder).nearest("How long?") == ()
    assert ExampleStore(EXAMPLES, embedder).nearest("How long?", limit=0) == ()
    assert embedder.calls == []
