"""plumbline trace: list, show, replay, compare, keep, export, import, delete."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli.command import plumbline, plumbline_process
from tests.agent.cli.conftest import write_installation
from tests.copying import copy_installation

QUESTIONS = ("How long is the warranty on sails?", "What does the Heron cost?", "Who won the chess match?")
CONTRACT = {"equal", "steps", "first_divergence", "network_calls"}


@pytest.fixture(scope="module")
def asked(marlow: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the configuration of an installation that was asked something, for tests that only read it."""
    folder = tmp_path_factory.mktemp("asked") / "marlow"
    copy_installation(marlow.parent, folder)
    configuration = folder / "plumbline.toml"
    asking = "".join(json.dumps({"question": question}) + "\n" for question in QUESTIONS)
    done = plumbline("ask", "-", "--config", configuration, stdin=asking)
    assert done.code == 0, done.err
    return configuration


@pytest.fixture
def mine(asked: Path, tmp_path: Path) -> Path:
    """Return the configuration of a copy, for tests that change it."""
    copy_installation(asked.parent, tmp_path / "mine", asked=True)
    return tmp_path / "mine" / "plumbline.toml"


def runs(configuration: Path, *conditions: str) -> list[Any]:
    """Return the recorded runs that meet conditions, the latest first."""
    done = plumbline("trace", "list", *conditions, "--json", "--config", configuration)
    assert done.code == 0, done.err
    return list(done.json["traces"])


def exported(configuration: Path, folder: Path, run: str = "last", *options: str) -> Path:
    """Return the file of a run."""
    file = folder / "run.json"
    done = plumbline("trace", "export", run, "--output", file, *options, "--config", configuration)
    assert done.code == 0, done.err
    return file


def test_every_question_is_listed_the_latest_first(asked: Path) -> None:
    """For programs whole, for people on one line each."""
    found = runs(asked)
    assert [one["question"] for one in found] == [*reversed(QUESTIONS)]
    assert {one["owner"] for one in found} == {"local"}
    lines = plumbline_process("trace", "list", "--config", asked).out.splitlines()
    assert len(lines) == 1 + len(QUESTIONS)
    for one, line in zip(found, lines[1:], strict=True):
        assert line.startswith(one["run_id"][:12])
        assert one["question"] in line
        assert one["status"] in line


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param(("--search", "heron"), {QUESTIONS[1]}, id="words of the question"),
        pytest.param(("--route", "database"), {QUESTIONS[1]}, id="where it went"),
        pytest.param(("--status", "answered"), {QUESTIONS[0], QUESTIONS[1]}, id="status"),
        pytest.param(("--slow", "1000000"), set(), id="slow"),
        pytest.param(("--slow", "0"), set(QUESTIONS), id="any time"),
        pytest.param(("--degraded",), set(), id="degraded"),
        pytest.param(("--unfaithful", "0.5"), set(), id="unfaithful"),
        pytest.param(("--thumb", "down"), set(), id="disliked"),
        pytest.param(("--limit", "1"), {QUESTIONS[2]}, id="the latest"),
    ],
)
def test_conditions_choose_runs(asked: Path, conditions: tuple[str, ...], expected: set[str]) -> None:
    """All that are given must hold."""
    assert {one["question"] for one in runs(asked, *conditions)} == expected


def test_a_run_is_shown_with_its_steps_calls_and_answer(asked: Path) -> None:
    """Named by its id, the beginning of it, or as the last."""
    run = runs(asked, "--search", "warranty")[0]["run_id"]
    given = plumbline("trace", "show", run, "--json", "--config", asked).json
    assert given["summary"]["run_id"] == run
    assert given["answer"]["status"] == "answered"
    out = plumbline_process("trace", "show", run[:8], "--config", asked).out
    for step in given["steps"]:
        assert f"{step['number']} {step['node']}: " in out
    assert out.count("[critical]") == sum(step["critical"] for step in given["steps"])
    assert "store.search" in out
    assert "█" in out
    assert "18 months" in out
    last = plumbline("trace", "show", "last", "--json", "--config", asked).json
    assert last["summary"]["question"] == QUESTIONS[2]


def test_a_step_is_shown_whole(asked: Path) -> None:
    """The state that changed, what was found and why it stands there, SQL, claims and their evidence."""
    words, price = (runs(asked, "--search", text)[0]["run_id"] for text in ("warranty", "heron"))
    shown = {}
    for run in (words, price):
        for step in plumbline("trace", "show", run, "--json", "--config", asked).json["steps"]:
            arguments = ("trace", "show", run, "--step", str(step["number"]), "--config", asked)
            shown[run, step["node"]] = plumbline(*arguments).out
    assert "passages for “How long is the warranty" in shown[words, "rerank"]
    assert "warranty.md" in shown[words, "rerank"]
    assert "+ " in shown[words, "synthesize"]
    assert "holds" in shown[words, "verify"]
    assert "SELECT" in shown[price, "query_database"]
    assert "allowed" in shown[price, "query_database"]
    step = plumbline("trace", "show", words, "--step", "1", "--json", "--config", asked).json
    assert {"before", "after", "changes", "calls", "sql", "claims"} <= step.keys()


def test_a_replay_is_equal(asked: Path) -> None:
    """For one run an object, for several a line each and a summary, and exit code 0."""
    one = plumbline("trace", "replay", "last", "--json", "--config", asked)
    assert one.code == 0
    assert one.json.keys() >= CONTRACT
    assert (one.json["equal"], one.json["first_divergence"], one.json["network_calls"]) == (True, None, 0)
    every = plumbline("trace", "replay", "--all", "--json", "--config", asked)
    *lines, summary = every.lines
    assert [line["equal"] for line in lines] == [True] * len(QUESTIONS)
    assert (every.code, summary) == (0, {"runs": 3, "equal": 3, "different": 0, "failed": 0})
    people = plumbline("trace", "replay", "--all", "--config", asked)
    assert (people.code, people.out.splitlines()[-1]) == (0, "3 replayed: 3 equal, 0 different")


def test_a_replay_that_differs_says_where(asked: Path, tmp_path: Path) -> None:
    """The recording of another graph: exit code 1 and the step; the others are replayed nevertheless."""
    file = exported(asked, tmp_path)
    written = json.loads(file.read_text())
    first = written["recording"]["steps"][0]
    first["update"]["notes"] = ["something that this graph does not note"]
    file.write_text(json.dumps(written))
    done = plumbline("trace", "replay", file, "--json")
    assert (done.code, done.json["equal"]) == (1, False)
    assert done.json["first_divergence"].keys() == {"step", "node", "what", "expected", "found"}
    assert (done.json["first_divergence"]["step"], done.json["first_divergence"]["node"]) == (
        1,
        first["node"],
    )
    broken = tmp_path / "broken.json"
    broken.write_text("{}")
    several = plumbline("trace", "replay", broken, file, "last", "--config", asked)
    assert several.code == 1
    assert "differs at step 1" in several.out
    assert several.out.splitlines()[-1] == "2 replayed: 1 equal, 1 different, 1 not replayable"


def test_a_file_is_shown_replayed_and_compared_where_nothing_is(asked: Path, tmp_path: Path) -> None:
    """Nothing is opened or stored for it."""
    file = exported(asked, tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    for arguments in (("replay", file), ("show", file), ("show", file, "--step", "1"), ("diff", file, file)):
        done = plumbline_process("trace", *arguments, "--json", folder=tmp_path)
        assert done.code == 0, done.err
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_an_exported_run_is_taken_in_elsewhere(asked: Path, tmp_path: Path) -> None:
    """It is listed as imported, replays, and is there once."""
    file = exported(asked, tmp_path)
    (tmp_path / "other").mkdir()
    other = write_installation(tmp_path / "other")
    taken = plumbline("trace", "import", file, "--json", "--config", other).json
    assert (taken["imported"], taken["owner"]) == (True, "local")
    assert plumbline("trace", "replay", taken["run_id"], "--config", other).code == 0
    again = plumbline("trace", "import", "-", "--config", other, stdin=file.read_bytes())
    assert again.code == 2
    assert taken["run_id"] in again.complaint
    assert len(runs(other)) == 1


def test_a_scrubbed_run_is_marked_and_says_nothing_of_its_owner(asked: Path, tmp_path: Path) -> None:
    """And replays where nothing personal was in it."""
    file = exported(asked, tmp_path, runs(asked, "--search", "heron")[0]["run_id"], "--scrub")
    given = plumbline("trace", "show", file, "--json").json
    assert (given["summary"]["scrubbed"], given["summary"]["owner"]) == (True, "somebody")
    assert plumbline("trace", "replay", file).code == 0


def test_two_runs_are_compared(asked: Path) -> None:
    """Steps side by side, and the lines of the answers."""
    a, b = (runs(asked, "--search", text)[0]["run_id"] for text in ("warranty", "heron"))
    found = plumbline("trace", "diff", a, b, "--json", "--config", asked).json
    assert (found["a"]["run_id"], found["b"]["run_id"]) == (a, b)
    assert found["first_difference"] == 0
    out = plumbline_process("trace", "diff", a, b, "--config", asked).out
    assert "≠ 1 | 1" in out
    assert "all steps are equal" in plumbline("trace", "diff", a, a, "--config", asked).out


def test_a_run_becomes_a_case_once(mine: Path, tmp_path: Path) -> None:
    """In the file of the configuration, or another one."""
    made = plumbline("trace", "keep", "last", "--id", "chess", "--json", "--config", mine).json
    assert made["case"]["id"] == "chess"
    assert made["case"]["steps"]
    (line,) = (mine.parent / made["file"]).read_text().splitlines()
    assert json.loads(line)["question"] == QUESTIONS[2]
    assert not plumbline("trace", "keep", "last", "--id", "chess", "--json", "--config", mine).json["added"]
    other = plumbline("trace", "keep", "last", "--file", tmp_path / "other.jsonl", "--config", mine)
    assert "is now in other.jsonl" in other.out


def test_a_deleted_recording_is_gone(mine: Path) -> None:
    """The others stay."""
    run = runs(mine)[0]["run_id"]
    assert plumbline("trace", "delete", "last", "--json", "--config", mine).json == {"deleted": run}
    assert plumbline("trace", "show", run, "--config", mine).code == 2
    assert len(runs(mine)) == len(QUESTIONS) - 1


def test_nothing_that_a_terminal_obeys_is_printed(asked: Path, tmp_path: Path) -> None:
    """Whatever a recording from elsewhere says, in every place where text is shown."""
    file, evil = (
        exported(asked, tmp_path, runs(asked, "--search", "warranty")[0]["run_id"]),
        "\x1b]0;x\x07\x9b2J\u202e",
    )
    written = json.loads(file.read_text())
    written = _poisoned(written, evil)
    recording = written["recording"]
    recording["attachments"] = json.loads(file.read_text())["recording"]["attachments"]
    file.write_text(json.dumps(written))
    commands: list[tuple[str | Path, ...]] = [("show", file), ("replay", file), ("diff", file, file)]
    commands += [("show", file, "--step", str(step["number"])) for step in recording["steps"]]
    commands += [("diff", file, "last"), ("import", file), ("list",)]
    (tmp_path / "other").mkdir()
    other = write_installation(tmp_path / "other")
    assert plumbline("trace", "import", exported(asked, tmp_path / "other"), "--config", other).code == 0
    for command in commands:
        done = plumbline("trace", *command, "--config", other)
        assert done.code in (0, 1), done.err
        assert not {*"\x1b\x07\x9b\u202e"} & {*done.out}, command


def _poisoned(value: Any, evil: str) -> Any:  # noqa: ANN401 - JSON
    """Return JSON in which every sentence holds what a terminal would obey."""
    if isinstance(value, str):
        return value + evil if " " in value else value
    if isinstance(value, dict):
        return {key: _poisoned(each, evil) for key, each in value.items()}
    return [_poisoned(each, evil) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(("show", "0123456789ab"), "no recording", id="no such run"),
        pytest.param(("show", ""), "no recording", id="no name"),
        pytest.param(("show", "missing.json"), "missing.json", id="no such file"),
        pytest.param(("show", "last", "--step", "99"), "step 99", id="no such step"),
        pytest.param(("replay",), "--all", id="nothing to replay"),
        pytest.param(("replay", "last", "--all"), "--all", id="one and all"),
        pytest.param(("list", "--thumb", "sideways"), "sideways", id="no thumb"),
        pytest.param(("keep", "missing.json"), "missing.json", id="no such file to keep"),
        pytest.param(("delete", "missing.json"), "is a file", id="a file is not deleted"),
        pytest.param(("fork", "last"), "--step", id="no step to fork from"),
        pytest.param(("fork", "last", "--step", "1", "--set", "x"), "KEY=VALUE", id="no value"),
        pytest.param(("fork", "last", "--step", "1", "--state", "notes=x"), "JSON", id="no JSON"),
        pytest.param(("fork", "last", "--step", "1", "--prompt", "write=@no"), "no", id="no such text"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(asked: Path, arguments: tuple[str, ...], word: str) -> None:
    """On standard error, with exit code 2."""
    done = plumbline("trace", *arguments, "--config", asked)
    assert (done.code, done.out) == (2, "")
    assert word in done.complaint


def test_an_existing_file_is_not_written_over(asked: Path, tmp_path: Path) -> None:
    """It may hold another run."""
    file = exported(asked, tmp_path)
    before = file.read_bytes()
    done = plumbline("trace", "export", "last", "--output", file, "--config", asked)
    assert (done.code, file.read_bytes()) == (2, before)
    assert "run.json" in done.complaint
    printed = plumbline("trace", "export", "last", "--output", "-", "--config", asked)
    assert printed.out.encode() == before + b"\n"
