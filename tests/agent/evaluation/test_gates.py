"""Thresholds for an exit code."""

from pathlib import Path

import pytest

from agent.evaluation.gates import check, read_gates
from agent.evaluation.summary import Summary
from tests.agent.evaluation.test_comparing import run_of
from tools.errors import InvalidInput


def gates_file(folder: Path, text: str) -> Path:
    """Write a file of thresholds."""
    file = folder / "gates.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_threshold_is_checked_by_its_name(tmp_path: Path) -> None:
    """Half of the cases are right: 0.5 passes, 0.51 does not; what was not measured does not pass."""
    gates = read_gates(
        gates_file(
            tmp_path,
            "[overall]\naccuracy = 0.5\nabstention = 0.1\n[metrics]\nmrr = 0.51\nhit_rate = 0.1\n"
            "[kinds]\na = 1.0\nz = 0.0\n[most]\np95_ms = 1e9\ntokens = -1.0\n",
        )
    )
    summary = Summary.of(run_of("run", {"a1": True, "b1": False}, mrr=0.5))
    verdicts = {one.name: one.passed for one in check(gates, summary)}
    assert verdicts == {
        "accuracy": True,
        "abstention": False,
        "mrr": False,
        "hit_rate": False,
        "accuracy of a": True,
        "accuracy of z": False,
        "p95_ms": True,
        "tokens": False,
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[overall]\nacuracy = 0.5", "overall.acuracy"),
        ("[overall]\naccuracy = 50", "overall.accuracy"),
        ("[metrics]\nmmr = 0.5", "metrics.mmr: no such metric"),
        ("overall = [", "cannot be read"),
    ],
)
def test_a_wrong_threshold_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """A misspelt gate would pass for ever."""
    with pytest.raises(InvalidInput, match=problem):
        read_gates(gates_file(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(InvalidInput, match=r"nowhere\.toml: cannot be read"):
        read_gates(tmp_path / "nowhere.toml")
