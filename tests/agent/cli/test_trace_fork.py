"""plumbline trace fork: a recorded question again, with something changed, here or by way of a server."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli.command import Finished, held_open, plumbline
from tests.agent.cli.servers import running

QUESTION = "How long is the warranty on sails?"


@pytest.fixture
def asked(own: Path) -> Path:
    """Return the configuration of an installation of our own that was asked something."""
    assert plumbline("ask", QUESTION, "--config", own).code == 0
    return own


def fork(configuration: Path, *options: str | Path) -> Finished:
    """Fork the last run behind its classification."""
    return plumbline("trace", "fork", "last", "--step", "1", *options, "--config", configuration)


def runs(configuration: Path) -> list[Any]:
    """Return all recorded runs, the latest first."""
    return list(plumbline("trace", "list", "--json", "--config", configuration).json["traces"])


def test_a_key_of_the_configuration_changes_the_answer(asked: Path) -> None:
    """The fork is kept beside its parent, and what became of the answer is told."""
    parent = runs(asked)[0]
    done = fork(asked, "--set", "assistant.abstain=1", "--json")
    assert done.code == 0, done.err
    child = done.json["fork"]
    assert (child["kind"], child["parent"], child["status"]) == ("fork", parent["run_id"], "unanswerable")
    assert "18 months" in done.json["answer"]["a"]
    assert "18 months" not in done.json["answer"]["b"]
    assert [one["run_id"] for one in runs(asked)] == [child["run_id"], parent["run_id"]]
    assert plumbline("trace", "replay", child["run_id"], "--config", asked).code == 0


def test_a_fork_without_a_change_answers_alike(asked: Path) -> None:
    """It is told in a line."""
    done = fork(asked)
    assert done.code == 0, done.err
    assert "the answer is the same" in done.out


def test_the_state_behind_a_step_can_be_given(asked: Path, tmp_path: Path) -> None:
    """As JSON of a channel, or as a file of channels."""
    file = tmp_path / "state.json"
    file.write_text(json.dumps({"notes": ["Something from a file."]}))
    for option in ('notes=["Something said."]', f"@{file}"):
        done = fork(asked, "--state", option, "--json")
        assert done.code == 0, done.err
        shown = plumbline("trace", "show", done.json["fork"]["run_id"], "--json", "--config", asked).json
        assert any(note.startswith("Something") for note in shown["answer"]["notes"])
        assert plumbline("trace", "delete", "last", "--config", asked).code == 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        pytest.param(("--set", "assistant.nothing=1"), "nothing", id="no such key"),
        pytest.param(("--state", "nothing=1"), "nothing", id="no such channel"),
        pytest.param(("--state", "notes=1"), "notes", id="a value that does not fit"),
        pytest.param(("--prompt", "nothing=x"), "nothing", id="no such prompt"),
    ],
)
def test_a_change_of_what_there_is_not_is_one_line(asked: Path, options: tuple[str, ...], word: str) -> None:
    """Nothing is kept."""
    done = fork(asked, *options)
    assert (done.code, done.out) == (2, "")
    assert word in done.complaint
    assert len(runs(asked)) == 1


def test_a_server_that_holds_the_store_forks(asked: Path) -> None:
    """The command asks it; everything else reads the recordings beside it."""
    with running(asked):
        done = fork(asked, "--set", "assistant.abstain=1", "--json")
        assert done.code == 0, done.err
        assert done.json["fork"]["kind"] == "fork"
        assert done.json["fork"]["owner"] == "local"
        assert plumbline("trace", "replay", "--all", "--config", asked).code == 0
        assert fork(asked, "--set", "assistant.nothing=1").code == 2


def test_a_store_that_another_command_holds_is_named(asked: Path) -> None:
    """The recordings can be looked at meanwhile."""
    with held_open(asked):
        assert fork(asked).code == 2
        assert plumbline("trace", "show", "last", "--config", asked).code == 0
