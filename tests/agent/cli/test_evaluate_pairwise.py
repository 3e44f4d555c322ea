"""plumbline eval pairwise on two runs that were kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent.cli.evaluate_pairwise import pairwise
from agent.evaluation.runs import Journal
from tests.agent.evaluation.pairwise.runs import run_of
from tests.endpoint.reader import blocks
from tests.endpoint.replies import Request
from tests.endpoint.server import Endpoint, Reply
from tools.errors import ConfigurationError, InvalidInput

ANSWERS = {
    "plain": {"a": "no", "b": "the same", "c": "no"},
    "candidate": {"a": "a longer answer", "b": "the same", "c": "another longer answer"},
}
SOMETHING = '[database]\nurl = "sqlite:///none.sqlite"\n'
"""There must be something to answer from; it is not opened."""


@pytest.fixture
def runs(tmp_path: Path) -> tuple[str, str]:
    """Write the two runs down; return their folders."""
    for name, answers in ANSWERS.items():
        run = run_of(name, answers)
        journal = Journal.open(tmp_path / name, run.info)
        for one in run.measured:
            journal.write(one)
    return str(tmp_path / "plain"), str(tmp_path / "candidate")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration of the local mode."""
    file = tmp_path / "plumbline.toml"
    file.write_text(f'{SOMETHING}[assistant]\nmode = "local"\n', encoding="utf-8")
    return file


def printed(capsys: pytest.CaptureFixture[str]) -> Any:  # noqa: ANN401 - JSON is what it is
    """Return the JSON that was printed."""
    return json.loads(capsys.readouterr().out)


def test_a_page_is_written_and_its_votes_are_counted(
    runs: tuple[str, str], config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without any model; wrong lines are told beside the result."""
    page, votes = tmp_path / "page.html", tmp_path / "votes.jsonl"
    assert pairwise(*runs, page=page, config=config, json=True) == 0
    assert printed(capsys) == {"page": str(page), "cases": 2, "same": 1}
    shown = json.loads(page.read_text(encoding="utf-8").split('id="data">')[1].split("</script>")[0])
    side = "right" if shown["cases"][0]["left"] == "no" else "left"
    vote = {"page": shown["page"], "case": "a", "vote": side}
    votes.write_text(f"{json.dumps(vote)}\nnonsense\n", encoding="utf-8")
    assert pairwise(*runs, votes=votes, config=config, json=True) == 0
    found = printed(capsys)
    assert (found["wins"], found["ties"], found["undecided"]) == ({"plain": 0, "candidate": 1}, 1, 1)
    assert found["problems"][0].startswith("votes.jsonl: line 2: ")
    assert pairwise(*runs, votes=votes, config=config) == 0
    told = capsys.readouterr().out
    assert "candidate over plain: +0.500" in told
    assert "votes.jsonl: line 2" in told


@pytest.mark.enable_socket
def test_the_configured_model_judges(
    runs: tuple[str, str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice for each pair, over the wire."""

    def longer(request: Request) -> Reply:
        first, second = (
            len(text) for tag, _, text in blocks(request.messages[-1]["content"]) if tag == "claim"
        )
        return Reply(json.dumps({"reason": "longer", "better": "1" if first > second else "2"}))

    with Endpoint(longer) as endpoint:
        models = f'[models]\nbase_url = "{endpoint.base_url}"\njudge = "elder"\n'
        config.write_text(f'{SOMETHING}[assistant]\nmode = "llm"\n{models}', encoding="utf-8")
        assert pairwise(*runs, config=config, json=True) == 0
        assert [request.model for request in endpoint.requests] == ["elder"] * 4
    found = printed(capsys)
    assert (found["wins"], found["torn"], found["same"]) == ({"plain": 0, "candidate": 2}, 0, 1)
    assert found["advantage"]["estimate"] == pytest.approx(2 / 3)


def test_what_cannot_be_done_is_told(runs: tuple[str, str], config: Path, tmp_path: Path) -> None:
    """No model in local mode, both options at once, and a place that cannot be written."""
    with pytest.raises(ConfigurationError, match="or let a person vote: --page FILE"):
        pairwise(*runs, config=config)
    with pytest.raises(InvalidInput, match="give one of them"):
        pairwise(*runs, page=tmp_path / "x", votes=tmp_path / "y", config=config)
    with pytest.raises(InvalidInput, match="cannot be written"):
        pairwise(*runs, page=tmp_path / "none" / "page.html", config=config)
