"""plumbline eval spider, on a small folder of our own."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli.command import plumbline, plumbline_process
from tests.agent.evaluation.spider.orchard import QUESTIONS, STATEMENTS, write_folder, write_predictions
from tests.endpoint.replies import Request
from tests.endpoint.server import Endpoint, Reply

WRONG = {**STATEMENTS, 0: "DROP TABLE trees", 4: "SELECT name FROM ships"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small set, which no test changes."""
    return write_folder(tmp_path_factory.mktemp("orchard"))


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """Return predictions of which two are wrong."""
    return write_predictions(tmp_path / "predictions_mine.jsonl", WRONG)


def verdicts(tmp_path: Path, given: dict[str, int]) -> Path:
    file = tmp_path / "verdicts.json"
    file.write_text(json.dumps({"mine": given}), encoding="utf-8")
    return file


def test_recorded_predictions_are_judged(folder: Path, predictions: Path) -> None:
    """Every figure, and every question with its statement."""
    done = plumbline("eval", "spider", folder, "--predictions", predictions, "--json")
    assert (done.code, done.err) == (0, "")
    report = done.json
    assert (report["system"], report["questions"], report["accuracy"]) == ("predictions_mine", 8, 0.75)
    assert report["answered_share"] == 0.875
    assert report["problems"] == {"refused": 1}
    assert {name: one["questions"] for name, one in report["difficulties"].items()} == {
        "easy": 6,
        "medium": 1,
        "hard": 1,
    }
    wrong = [case for case in report["cases"] if not case["correct"]]
    assert [(case["idx"], case["statement"], case["problem"]) for case in wrong] == [
        (0, "DROP TABLE trees", "refused"),
        (4, "SELECT name FROM ships", None),
    ]


def test_the_tables_and_the_wrong_answers_are_shown(folder: Path, predictions: Path, tmp_path: Path) -> None:
    """The real command, with its agreement with other verdicts."""
    others = verdicts(tmp_path, {str(number): 1 for number in range(8)} | {"0": 0})
    done = plumbline_process(
        "eval", "spider", folder, "--predictions", predictions, "--verdicts", others, "--failures"
    )
    assert done.code == 0
    assert "75.0%" in done.out
    assert "not answered: refused 1" in done.out
    assert "87.50% of 8 verdicts on mine are the same; others are those on 4" in done.out
    assert "DROP TABLE trees" in done.out
    assert "SELECT name FROM ships WHERE crew > = 10" in done.out


def test_agreement_is_in_the_json(folder: Path, predictions: Path, tmp_path: Path) -> None:
    """With the questions on which the two judges differ."""
    others = verdicts(tmp_path, {"0": 0, "4": 1, "5": 1})
    done = plumbline("eval", "spider", folder, "--predictions", predictions, "--verdicts", others, "--json")
    agreed = done.json["agreement"]
    assert (agreed["system"], agreed["compared"], agreed["disagreements"]) == ("mine", 3, [4])


def test_some_questions_can_be_chosen(folder: Path, predictions: Path) -> None:
    """One database, and so many of its questions."""
    done = plumbline(
        "eval",
        "spider",
        folder,
        "--predictions",
        predictions,
        "--database",
        "fleet",
        "--limit",
        "2",
        "--json",
    )
    assert [case["idx"] for case in done.json["cases"]] == [4, 5]


def test_the_rules_are_measured_by_default(folder: Path) -> None:
    """No model, no configuration; they answer the plainest of questions and no wrong one."""
    done = plumbline("eval", "spider", folder, "--json")
    assert (done.code, done.err) == (0, "")
    cases = {case["question"]: case for case in done.json["cases"]}
    assert cases["How many trees are there?"]["correct"]
    assert done.json["model"]["calls"] == 0


def test_a_journal_is_gone_on_from(folder: Path, predictions: Path, tmp_path: Path) -> None:
    """The second run adds what the first one had not done."""
    journal = tmp_path / "journal.jsonl"
    some = ("eval", "spider", folder, "--predictions", predictions, "--journal", journal, "--json")
    first = plumbline(*some, "--limit", "3")
    kept = journal.read_text(encoding="utf-8")
    second = plumbline(*some)
    assert first.json["questions"] == len(kept.splitlines()) == 3
    assert journal.read_text(encoding="utf-8").startswith(kept)
    assert second.json["questions"] == 8
    assert second.json["cases"][:3] == first.json["cases"]


def said(request: Request) -> Reply:
    """Answer with the gold statement of the question that is asked last in the prompt."""
    text = str(request.messages[-1]["content"])
    place, number = max((text.rfind(question), number) for number, (_, question, _) in enumerate(QUESTIONS))
    reply = {
        "columns": [],
        "tables": [],
        "understood": place >= 0,
        "why_not": "",
        "sql": STATEMENTS[number].replace("> =", ">="),
        "description": "What was asked for",
    }
    return Reply(json.dumps(reply))


@pytest.mark.enable_socket
def test_the_ladder_measures_each_rung_with_the_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row a rung; the calls are counted."""
    configuration = tmp_path / "plumbline.toml"
    configuration.write_text('[database]\nurl = "sqlite:///none.db"\n', encoding="utf-8")
    with Endpoint(said) as endpoint:
        monkeypatch.setenv("PLUMBLINE_MODELS__BASE_URL", endpoint.base_url)
        some = ("--database", "fleet", "--limit", "2", "--config", configuration)
        done = plumbline("eval", "spider", folder, "--ladder", *some, "--json")
    assert (done.code, done.err) == (0, "")
    rungs: dict[str, Any] = {one["system"]: one for one in done.json["ladder"]}
    assert [*rungs] == [
        "zero-shot",
        "few-shot by question",
        "few-shot by hypothetical SQL",
        "difficulty filter",
        "self-repair",
        "vote",
    ]
    assert {one["accuracy"] for one in rungs.values()} == {1.0}
    assert rungs["vote"]["label"].endswith("examples=hypothetical difficulty=yes repairs=2 votes=5")
    assert rungs["zero-shot"]["model"]["calls"] == 2
    assert rungs["vote"]["model"]["calls"] >= 10


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--predictions", "p.jsonl", "--ladder"), "leave out --ladder and --mode llm"),
        (("--predictions", "nowhere.jsonl"), "nowhere.jsonl: cannot be read"),
        (("--database", "navy"), "there are: fleet, orchard"),
        (("--repairs", "3"), "'--repairs': Input should be less than or equal to 2"),
        (("--mode", "magic"), "'magic' is not one of 'local', 'llm'"),
    ],
)
def test_wrong_usage_is_one_line(folder: Path, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, and nothing on standard output."""
    done = plumbline("eval", "spider", folder, *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.complaint


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    """What is wanted is in the message."""
    done = plumbline("eval", "spider", tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "holds neither dev.jsonl nor dev.json" in done.complaint
