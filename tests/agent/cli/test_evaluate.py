"""plumbline eval run on a dataset of its own."""

import asyncio
import json
from pathlib import Path

from agent.recording.summary import Wanted
from agent.settings import load
from agent.storage.opening import open_storage
from tests.agent.cli.command import plumbline, plumbline_process
from tests.agent.contract import problems

CASES: list[dict[str, object]] = [
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


STEPS: dict[str, object] = {
    "queries": {"terms": [CASES[1]["question"]]},
    "evidence": ["returns.md"],
    "citations": [{"fact": "21 days", "source": "returns.md", "verbatim": True}],
}
STATEMENT = "select NAME, price, stock from kites where name = :kite"


def test_steps_are_checked_and_recordings_kept_on_demand(own: Path, tmp_path: Path) -> None:
    """A kept run fails where a step went another way; with --trace every question can be replayed."""
    kept = {**CASES[1], "steps": STEPS}
    asked = {**CASES[0], "steps": {"statements": [{"statement": STATEMENT, "parameters": {"kite": "Heron"}}]}}
    broken = {**kept, "id": "broken", "steps": {**STEPS, "evidence": ["warranty.md", "lost.md"]}}
    dataset = write(tmp_path, [json.dumps(case) for case in (kept, asked, broken, CASES[2])])
    summary = plumbline("eval", "run", dataset, "--json", "--trace", "--config", own).json
    assert {case["id"]: case["wrong"] for case in summary["cases"]} == {
        "returns": [],
        "price": [],
        "broken": ["step prefetch: no search found lost.md"],
        "follow-up": [],
    }
    assert summary["kept"] == 4
    assert recorded_runs(own) == {case["run_id"] for case in summary["cases"]}
    assert plumbline("eval", "run", dataset, "--json", "--config", own).json["kept"] == 0
    assert len(recorded_runs(own)) == 4


def recorded_runs(configuration: Path) -> set[str]:
    """Return the run ids of all recordings of an installation."""

    async def found() -> set[str]:
        async with open_storage(load(configuration).storage_url) as storage:
            page = await storage.traces.page(Wanted(), owner=None, cursor=None, limit=100)
            return {summary.run_id for summary in page.items}

    return asyncio.run(found())


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


def test_a_run_below_a_gate_ends_with_one_and_names_it(marlow: Path, tmp_path: Path) -> None:
    """A run above all gates ends with nought; the run is kept and can be compared with itself."""
    dataset, gates = write(tmp_path, [json.dumps(case) for case in CASES]), tmp_path / "gates.toml"
    gates.write_text("[overall]\naccuracy = 0.7\n[kinds]\ndatabase = 0.9\n", encoding="utf-8")
    done = plumbline("eval", "run", dataset, "--gate", gates, "--config", marlow)
    assert done.code == 1
    assert "FAILED: accuracy of database 0.667, threshold 0.9" in done.out
    assert "passed: accuracy 0.750, threshold 0.7" in done.out
    gates.write_text("[overall]\naccuracy = 0.7\n", encoding="utf-8")
    command = ("eval", "run", dataset, "--gate", gates, "--name", "again", "--json", "--config", marlow)
    passed = plumbline(*command)
    assert passed.code == 0
    compared = plumbline("eval", "compare", "again", passed.json["run"], "--json", "--config", marlow)
    assert compared.json["accuracy"] == {"estimate": 0.0, "low": 0.0, "high": 0.0, "cases": len(CASES)}


def test_a_ladder_prints_every_rung_with_interval_and_verdict(marlow: Path, tmp_path: Path) -> None:
    """The contract's keys are there, and what the full configuration reaches is what eval run reaches."""
    dataset = write(tmp_path, [json.dumps(case) for case in CASES])
    command = ("eval", "ladder", dataset, "--only", "tools,verify", "--drop", "--json", "--config", marlow)
    told = plumbline(*command).json
    assert [rung["name"] for rung in told["rungs"]] == ["baseline", "tools", "verify"]
    for rung in (*told["rungs"], told["full"], *told["dropped"]):
        low, high = rung["interval"]
        assert 0 <= low <= rung["accuracy"] <= high <= 1
        assert rung["verdict"] in ("baseline", "kept", "no effect", "harmful")
        assert "fact_match" in rung["metrics"]
    assert told["rungs"][0]["accuracy"] == 0.25
    assert told["rungs"][1]["accuracy"] == told["full"]["accuracy"] == 0.75
    assert told["rungs"][1]["difference"] == 0.5


def test_a_ladder_names_a_rung_that_is_not_there(marlow: Path, tmp_path: Path) -> None:
    """And a name that cannot be a folder."""
    dataset = write(tmp_path, [json.dumps(case) for case in CASES])
    done = plumbline("eval", "ladder", dataset, "--only", "jump", "--config", marlow)
    assert (done.code, done.out) == (2, "")
    assert "no rung 'jump' here" in done.complaint
    done = plumbline("eval", "ladder", dataset, "--name", "../away", "--config", marlow)
    assert (done.code, done.out) == (2, "")
    assert "cannot name a run" in done.complaint
