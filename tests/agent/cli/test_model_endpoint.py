"""The endpoint of the language model: told by doctor when it cannot serve, done without when it is gone."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.agent.cli.command import Finished, plumbline, plumbline_process
from tests.agent.contract import problems
from tests.copying import copy_installation
from tests.endpoint.reader import reader
from tests.endpoint.replies import Request
from tests.endpoint.server import TELLTALE, Endpoint, Fault, Reply, always

pytestmark = pytest.mark.enable_socket

KEY = "sk-canary-0123456789abcdef"
QUESTION = "How long can I return an unflown kite?"
COMPOUND = "How long can I return an unflown kite, and how thick are the spars of the Swift?"
READY = '{"ready": true}'
MODELS = ("alder", "beech", "cedar", "dogwood", "elder", "fir", "ginkgo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """An installation of which the endpoint can be set, the way a shell does."""

    file: Path
    patch: pytest.MonkeyPatch

    def models(self, **keys: object) -> None:
        """Set keys of [models] in the environment."""
        for name, value in {"attempts": 1, "seconds": 2, **keys}.items():
            self.patch.setenv(f"PLUMBLINE_MODELS__{name.upper()}", str(value))

    def run(self, *arguments: str) -> Finished:
        """Run a command, and see that it tells no secret."""
        done = plumbline(*arguments, "--config", self.file)
        for text in (done.out, done.err):
            assert KEY not in text
            assert TELLTALE not in text
            assert "127.0.0.1" not in text
            assert "Traceback" not in text
        return done

    def finding(self, check: str = "language model that writes and plans and judges") -> str:
        """Let doctor find one problem, and return what it says, as JSON and as a line."""
        found = self.run("doctor", "--json")
        assert (found.code, found.err, found.json["healthy"]) == (2, "", False)
        bad = {one["check"]: one["message"] for one in found.json["checks"] if not one["good"]}
        assert [*bad] == [check]
        shown = self.run("doctor")
        assert (shown.code, shown.err) == (2, "")
        lines = " ".join(shown.out.split())
        assert f"problem {check}: {bad[check]}" in lines
        assert lines.count("problem") == 1
        return str(bad[check])


@pytest.fixture(scope="module")
def copied(marlow: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the configuration of one copy for all tests: a store is large, and they leave it as it is."""
    folder = tmp_path_factory.mktemp("kites") / "own"
    copy_installation(marlow.parent, folder)
    return folder / "plumbline.toml"


@pytest.fixture
def kites(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Configured:
    """Return an ingested installation whose model answers from the environment's settings."""
    return Configured(file=copied, patch=monkeypatch)


def test_a_healthy_endpoint_is_all_right(kites: Configured) -> None:
    """Each model is asked once, by what it does."""
    with Endpoint(always(Reply(READY)), key=KEY, models=MODELS) as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY, chat="alder", judge="beech")
        done = kites.run("doctor", "--json")
        shown = kites.run("doctor")
    assert (done.code, done.err, done.json["healthy"]) == (0, "", True)
    told = [one for one in done.json["checks"] if one["check"].startswith("language model")]
    assert told == [
        {"check": check, "good": True, "message": "answers, and fills in forms"}
        for check in ("language model that writes and plans", "language model that judges")
    ]
    assert (shown.code, shown.out.count("ok  ")) == (0, len(done.json["checks"]))


def test_a_model_in_local_mode_is_not_asked(kites: Configured) -> None:
    """The endpoint is configured, and not wanted."""
    with Endpoint(key=KEY) as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY)
        kites.patch.setenv("PLUMBLINE_ASSISTANT__MODE", "local")
        done = kites.run("doctor", "--json")
        answer = kites.run("ask", QUESTION, "--json").json
    assert done.code == 0
    assert not [one for one in done.json["checks"] if "language" in one["check"]]
    assert (answer["mode"], endpoint.requests) == ("local", [])


def test_a_wrong_key_is_told(kites: Configured) -> None:
    """Neither the key nor what the endpoint says of it is repeated."""
    with Endpoint(key="another") as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY)
        assert kites.finding() == (
            "the language model's endpoint does not accept the key; set OPENAI_API_KEY or models.api_key"
        )


def test_an_unknown_model_is_told_with_some_that_are_offered(kites: Configured) -> None:
    """Five names are enough."""
    with Endpoint(key=KEY, models=MODELS) as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY, chat="gpt-nobody")
        told = kites.finding()
    assert told.endswith("such as: alder, beech, cedar, dogwood, elder")


def test_only_the_model_that_is_unknown_is_told(kites: Configured) -> None:
    """The others are fine."""
    with Endpoint(always(Reply(READY)), key=KEY, models=MODELS) as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY, chat="alder", planner="oak", judge="alder")
        told = kites.finding("language model that plans")
    assert "does not serve the model" in told


UNABLE: Mapping[str, tuple[Callable[[], Endpoint], str]] = {
    "an HTML page": (
        lambda: Endpoint(
            others=always(Reply(fault=Fault.HTML_200)), respond=always(Reply(fault=Fault.HTML_200))
        ),
        "does not speak OpenAI's protocol; correct models.base_url, up to and with /v1",
    ),
    "no typed output": (
        lambda: Endpoint(always(Reply(READY)), abilities=("stream_usage",)),
        "gives no typed output",
    ),
    "prose for a form": (
        lambda: Endpoint(always(Reply(READY)), abilities=("stream_usage",), ignores=True),
        "not of the form asked for; choose another in models.chat",
    ),
    "never an answer": (lambda: Endpoint(always(Reply(fault=Fault.NEVER))), "takes too long"),
    "no credit": (lambda: Endpoint(always(Reply(fault=Fault.QUOTA_USED_UP))), "has no credit left"),
    "errors": (lambda: Endpoint(always(Reply(fault=Fault.SERVER_ERROR))), "overloaded or fails"),
    "refusals": (lambda: Endpoint(always(Reply(fault=Fault.REFUSAL))), "declines to answer"),
    "nothing": (lambda: Endpoint(always(Reply(fault=Fault.NULL_CONTENT))), "reply is empty"),
}


@pytest.mark.parametrize("gives", UNABLE)
def test_an_endpoint_that_cannot_serve_is_told(kites: Configured, gives: str) -> None:
    """In one line, which repeats neither the address nor what the endpoint said."""
    opened, told = UNABLE[gives]
    with opened() as endpoint:
        kites.models(
            base_url=endpoint.base_url, api_key=KEY, seconds=0.4 if gives == "never an answer" else 5
        )
        assert told in kites.finding()


def test_an_endpoint_that_is_not_there_is_told(kites: Configured) -> None:
    """With the key that says where it should be."""
    with Endpoint() as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY)
    assert kites.finding() == (
        "the language model's endpoint cannot be reached; start it, or correct models.base_url"
    )


@pytest.mark.parametrize(
    "address",
    [
        "not a url",
        "ftp://host.example/v1",
        "http://[::1",
        "https:///v1?word=canary",
        "http://host:99999/v1",
        "http://999.1.1.1/v1",
    ],
)
def test_an_address_that_is_none_is_told_by_every_command(kites: Configured, address: str) -> None:
    """Without the text itself: it may hold a password."""
    kites.models(base_url=address, api_key=KEY)
    told = "models.base_url cannot be used; write https://host/v1"
    assert kites.finding() == told
    done = kites.run("ask", QUESTION)
    assert (done.code, done.complaint) == (2, told)
    assert address not in done.err


def test_a_key_that_is_none_is_told_by_every_command(kites: Configured) -> None:
    """Text that was pasted by mistake does not reach the wire or the screen."""
    kites.models(api_key="schlüssel\nzwei")
    told = "models.api_key holds characters that no key has; correct it"
    assert kites.finding() == told
    done = kites.run("ask", QUESTION)
    assert (done.code, done.complaint) == (2, told)


def test_the_mode_without_an_endpoint_is_told_by_every_command(kites: Configured) -> None:
    """With what to set."""
    kites.patch.setenv("PLUMBLINE_ASSISTANT__MODE", "llm")
    told = kites.finding()
    assert told.startswith('assistant.mode is "llm", but there is no endpoint; set OPENAI_API_KEY')
    done = kites.run("ask", QUESTION)
    assert (done.code, done.complaint) == (2, told)


def asked(kites: Configured, *arguments: str) -> dict[str, Any]:
    """Ask and return the answer, which keeps the contract."""
    done = kites.run("ask", *(arguments or (QUESTION,)), "--json")
    assert (done.code, done.err) == (0, "")
    answer: dict[str, Any] = done.json
    assert problems(answer) == []
    return answer


def test_a_dead_endpoint_is_done_without(kites: Configured) -> None:
    """The local mode answers, and says so."""
    with Endpoint() as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY)
    answer = asked(kites)
    assert "within 21 days of delivery" in answer["answer"]
    assert (answer["status"], answer["mode"], answer["degraded"]) == ("answered", "local", True)
    assert answer["exit_reason"] == "model_unavailable"
    assert answer["notes"] == ["The language model is not available; this was written without it."]
    usage = answer["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["cost_usd"]) == (0, 0, 0.0)
    assert {call["error"] for call in usage["calls"]} == {"ModelUnavailable"}
    shown = kites.run("ask", QUESTION)
    assert (shown.code, shown.err) == (0, "")
    assert "note: The language model is not available" in shown.out


def test_many_questions_to_a_dead_endpoint_are_all_answered(kites: Configured) -> None:
    """After a few it is not even asked."""
    with Endpoint() as endpoint:
        kites.models(base_url=endpoint.base_url, api_key=KEY)
    lines = "\n".join([QUESTION, COMPOUND] * 3)
    done = plumbline(
        "ask", "-", "--config", kites.file, stdin="\n".join(f'"{line}"' for line in lines.split("\n"))
    )
    assert (done.code, done.err) == (0, "")
    assert len(done.lines) == 6
    for answer in done.lines:
        assert problems(answer) == []
        assert (answer["status"], answer["degraded"]) == ("answered", True)
        assert answer["exit_reason"] == "model_unavailable"
    assert done.lines[-1]["usage"]["calls"][-1]["attempts"] == 0


@pytest.mark.parametrize("source", ["OPENAI", "PLUMBLINE_MODELS_"])
def test_an_endpoint_of_the_environment_is_used(kites: Configured, source: str) -> None:
    """The variables of OpenAI's own clients suffice; the mode need not be set."""
    with Endpoint(reader(), key=KEY) as endpoint:
        kites.patch.setenv(f"{source}_API_KEY", KEY)
        kites.patch.setenv(f"{source}_BASE_URL", endpoint.base_url)
        answer = asked(kites, COMPOUND)
        requests = endpoint.requests
    assert (answer["status"], answer["mode"], answer["degraded"]) == ("answered", "llm", False)
    assert (answer["exit_reason"], answer["notes"]) == ("completed", [])
    assert answer["usage"]["model_calls"] == len(requests) > 0
    assert {request.headers["authorization"] for request in requests} == {f"Bearer {KEY}"}


def test_the_configuration_wins_over_the_variables_of_openai(kites: Configured) -> None:
    """Another program's key is not sent to our endpoint."""
    with Endpoint(reader(), key=KEY) as endpoint, Endpoint() as other:
        kites.models(base_url=endpoint.base_url, api_key=KEY)
        kites.patch.setenv("OPENAI_API_KEY", "sk-of-another")
        kites.patch.setenv("OPENAI_BASE_URL", other.base_url)
        assert asked(kites)["mode"] == "llm"
    assert other.requests == []


def test_secrets_stay_out_of_files_and_logs(
    kites: Configured, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the verbosity, and whether the endpoint works, repeats the key in its errors, or is gone."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("OPENAI_LOG", "debug")

    def revealing(request: Request) -> Reply:
        return Reply(fault=Fault.UNAUTHORIZED)

    for respond in (reader(), revealing):
        with Endpoint(respond, key=KEY) as endpoint:
            kites.models(base_url=endpoint.base_url, api_key=KEY)
            asked(kites, COMPOUND)
    kites.run("doctor")
    asked(kites, COMPOUND)
    assert KEY not in caplog.text
    assert TELLTALE not in caplog.text
    kept = [file for file in (kites.file.parent / ".plumbline").rglob("*") if file.is_file()]
    assert {"threads.db", "models.json"} <= {file.name for file in kept}
    for file in kept:
        data = file.read_bytes()
        assert KEY.encode() not in data, file.name
        assert b"127.0.0.1" not in data, file.name
        assert TELLTALE.encode() not in data, file.name


def test_a_process_with_every_log_on_keeps_the_key(kites: Configured) -> None:
    """Nothing but the program's own lines stands on standard error."""
    with Endpoint(always(Reply(fault=Fault.UNAUTHORIZED))) as endpoint:
        environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": endpoint.base_url}
        environment |= {"OPENAI_LOG": "debug", "LANGCHAIN_VERBOSE": "true", "PYTHONDEVMODE": "1"}
        done = plumbline_process("ask", QUESTION, "--json", "--config", kites.file, environment=environment)
    assert done.code == 0, done.err
    assert json.loads(done.out)["exit_reason"] == "model_unavailable"
    assert KEY not in done.out + done.err
    assert TELLTALE not in done.out + done.err
