"""An installation whose embedding model is on an endpoint, before and after the endpoint is lost."""

from pathlib import Path

import pytest

from tests.agent.cli.command import plumbline
from tests.agent.cli.conftest import write_installation
from tests.endpoint.server import Endpoint, Fault, Reply, always

QUESTION = "How long does the warranty on sails last?"
KEY = "sk-never-shown"


def configured(folder: Path, endpoint: Endpoint, *, dimension: bool = True) -> Path:
    """Write an installation that embeds over HTTP and needs no language model."""
    configuration = write_installation(folder)
    text = configuration.read_text(encoding="utf-8").replace("[assistant]", '[assistant]\nmode = "local"')
    text += f'\n[models]\nembedding = "openai:minnow"\nbase_url = "{endpoint.base_url}"\napi_key = "{KEY}"\n'
    text += "attempts = 1\n" + ("embedding_dimension = 64\n" if dimension else "")
    configuration.write_text(text, encoding="utf-8")
    return configuration


@pytest.fixture(name="lost", scope="module")
def _lost(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ingest and ask while the endpoint is there; return the configuration when it is gone."""
    with Endpoint(key=KEY) as endpoint:
        configuration = configured(tmp_path_factory.mktemp("endpoint"), endpoint)
        assert plumbline("ingest", "--config", configuration).code == 0
        answer = plumbline("ask", QUESTION, "--json", "--config", configuration).json
        assert (answer["degraded"], answer["exit_reason"]) == (False, "completed")
    return configuration


def test_a_question_is_answered_from_words(lost: Path) -> None:
    """The answer is cited, marked degraded, and the loss is noted; the command succeeds."""
    done = plumbline("ask", QUESTION, "--json", "--config", lost)
    assert (done.code, done.err) == (0, "")
    answer = done.json
    assert (answer["status"], answer["degraded"]) == ("answered", True)
    assert "18 months" in answer["answer"]
    assert answer["citations"][0]["source"] == "warranty.md"
    assert len(answer["notes"]) == len(set(answer["notes"])) == 2
    assert all("gave no vectors" in note for note in answer["notes"])


def test_a_search_goes_on_by_words_and_says_so(lost: Path) -> None:
    """Standard output keeps its shape; no hit claims to be near in meaning."""
    done = plumbline("search", "broken spar", "--json", "--config", lost)
    assert done.code == 0
    assert done.json["hits"][0]["source"] == "repair.md"
    assert all("dense" not in hit["explanation"] for hit in done.json["hits"])
    assert done.complaint.startswith("searched by words alone: the embedding endpoint cannot be reached")


def test_what_was_never_embedded_cannot_be_opened(lost: Path) -> None:
    """The router and the catalogue are told in one line with a remedy, and exit 2."""
    text = lost.read_text(encoding="utf-8")
    for changed in ("How do I launch a kite alone?", "Price of the Swift"):
        other = lost.with_name("other.toml")
        other.write_text(text.replace(changed, changed + " Please tell me."), encoding="utf-8")
        done = plumbline("ask", QUESTION, "--config", other)
        assert done.code == 2
        assert "cannot be reached; start it, or check its base URL" in done.complaint
        assert KEY not in done.err


def test_one_question_asks_a_dead_endpoint_once(tmp_path: Path) -> None:
    """Searches, plan and spans share one failure, however many texts there are to embed."""
    with Endpoint(key=KEY) as endpoint:
        configuration = configured(tmp_path, endpoint)
        assert plumbline("ingest", "--config", configuration).code == 0
        plumbline("ask", QUESTION, "--config", configuration)
        address = endpoint.base_url
    with Endpoint(others=always(Reply(fault=Fault.UNAVAILABLE))) as broken:
        text = configuration.read_text(encoding="utf-8").replace(address, broken.base_url)
        configuration.write_text(text, encoding="utf-8")
        answer = plumbline("ask", QUESTION, "--json", "--config", configuration).json
        assert (answer["status"], answer["degraded"]) == ("answered", True)
        assert len(broken.requests) == 1
