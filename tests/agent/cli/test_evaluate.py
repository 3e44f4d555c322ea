"""plumbline eval run on a dataset of its own."""

import json
from pathlib import Path

from tests.agent.cli.command import plumbline, plumbline_process
from tests.agent.contract import problems

CASES = [
    {
        "id": "price",
        "question": "What does the Heron cost?",
        "kind": "database",
        "uses_database": True,
        "must_contain": ["149"],
    },
    {
        "id": "returns",
        "question": "How long can I return an unflown kite?",
        "kind": "documents",
        "knowledge_bases": ["terms"],
        "expected_sources": ["returns.md"],
        "must_contain": ["21 days"],
    },
    {
        "id": "follow-up",
        "question": "And the Swift?",
        "history": ["What does the Heron cost?"],
        "kind": "database",
        "uses_database": True,
        "must_contain": ["89.5"],
    },
    {
        "id": "wrong-label",
        "question": "What does the Puffin cost?",
        "kind": "database",
        "uses_database": True,
        "must_contain": ["46"],
        "must_not_contain": ["45"],
    },
]


def write(folder: Path, lines: list[str]) -> Path:
    dataset = folder / "cases.jsonl"
    dataset.write_text("\n".join(lines), encoding="utf-8")
    return dataset


def test_a_dataset_is_measured_case_by_case(marlow: Path, tmp_path: Path) -> None:
    """Accuracy, kinds, routing and every answer are in the JSON; what is wrong is said in words."""
    dataset = write(tmp_path, [json.dumps(case) for case in CASES])
    done = plumbline("eval", "run", dataset, "--json", "--config", marlow)
    assert done.code == 0
    summary = done.json
    assert summary["accuracy"] == 0.75
    assert summary["kinds"]["documents"] == {"accuracy": 1.0, "cases": 1}
    assert summary["routing"]["labels"]["database"]["support"] == 3
    wrong = {case["id"]: case["wrong"] for case in summary["cases"] if not case["correct"]}
    assert wrong == {"wrong-label": ["lacks '46'", "contains '45'"]}
    assert [problems(case["answer"]) for case in summary["cases"]] == [[]] * len(CASES)


def test_the_tables_show_kinds_routing_and_failures(marlow: Path, tmp_path: Path) -> None:
    """The real command prints both tables, and wrong answers when asked to."""
    dataset = write(tmp_path, [json.dumps(case) for case in CASES])
    done = plumbline_process("eval", "run", dataset, "--failures", "--config", marlow)
    assert done.code == 0
    assert "75.0%" in done.out
    assert "Routing" in done.out
    assert "wrong-label" in done.out
    assert "lacks '46'" in done.out


def test_wrong_lines_of_a_dataset_are_all_named(marlow: Path, tmp_path: Path) -> None:
    """Nothing is asked before the labels are right."""
    dataset = write(tmp_path, ["no json", '{"id": "a"}', '{"id": "b", "question": "x", "knd": "y"}'])
    done = plumbline("eval", "run", dataset, "--config", marlow)
    assert (done.code, done.out) == (2, "")
    for part in (str(dataset), "line 1: not JSON", "line 2: question", "line 3: knd"):
        assert part in done.complaint


def test_a_dataset_that_is_missing_or_empty_is_told(marlow: Path, tmp_path: Path) -> None:
    """The path is in the message."""
    assert (
        "nowhere.jsonl: cannot be read"
        in plumbline("eval", "run", "nowhere.jsonl", "--config", marlow).complaint
    )
    assert "holds no questions" in plumbline("eval", "run", write(tmp_path, []), "--config", marlow).complaint
