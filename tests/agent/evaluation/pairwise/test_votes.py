"""Votes read back."""

import json
from pathlib import Path

import pytest

from agent.evaluation.pairwise.votes import read_votes
from tests.agent.evaluation.pairwise.runs import pairing
from tools.errors import InvalidInput

PAIRS = {str(number): (f"a{number}", f"b{number}") for number in range(12)}


def test_every_wrong_line_is_named_and_the_rest_counts(tmp_path: Path) -> None:
    """Of other answers, voted on twice, of no case, of no side, of no form."""
    given = pairing(PAIRS)
    good = {"page": given.digest, "case": "3", "vote": "tie"}
    lines = [
        json.dumps(good),
        "",
        json.dumps({**good, "page": "another", "case": "4"}),
        json.dumps(good),
        json.dumps({**good, "case": "none"}),
        json.dumps({**good, "case": "5", "vote": "both"}),
        '{"torn',
        json.dumps({**good, "case": "6"}),
    ]
    file = tmp_path / "votes.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    found = read_votes(file, given)
    assert [one.case for one in found.said] == ["3", "6"]
    told = [problem.removeprefix("votes.jsonl: ") for problem in found.problems]
    assert [problem.split(":")[0] for problem in told] == [f"line {number}" for number in (3, 4, 5, 6, 7)]
    assert "in the order in which the page was made" in told[0]
    assert "voted on above; remove the line" in told[1]
    assert "'none' is not on the page" in told[2]
    assert "vote: Input should be 'left', 'right' or 'tie'; correct or remove the line" in told[3]
    assert "the line: Invalid JSON" in told[4]


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """With what to name instead."""
    with pytest.raises(InvalidInput, match="name the file of votes that the page saved"):
        read_votes(tmp_path / "none.jsonl", pairing(PAIRS))
