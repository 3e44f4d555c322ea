"""plumbline demo, on a copy of the sample, from nothing."""

import shutil
from pathlib import Path

import pytest

import agent.demo.workspace as workspace
from agent.demo.workspace import PACKAGED, tour
from tests.agent.cli.command import plumbline
from tests.agent.contract import problems


def test_the_demo_answers_its_tour_from_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Database, documents and router are made, and every question of the tour gets its answer."""
    copy = tmp_path / "demo"
    shutil.copytree(PACKAGED, copy, ignore=shutil.ignore_patterns(".plumbline", "__pycache__"))
    monkeypatch.setattr(workspace, "PACKAGED", copy)
    done = plumbline("demo", "--json")
    assert (done.code, done.err) == (0, "")
    answers = done.json["answers"]
    assert len(answers) == len(tour()) > 3
    assert [problems(answer) for answer in answers] == [[]] * len(answers)
    assert {answer["status"] for answer in answers} == {"answered", "declined"}
    assert (copy / ".plumbline" / "shop.db").is_file()
