"""The configuration of language models: where keys come from, what they mean, that they stay secret."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from agent.sections import Expansion
from agent.settings import Settings, load
from graph.plan import Families
from tests.agent.cli.command import REPOSITORY, environment_of_a_child
from tools.errors import ConfigurationError

KEY, ADDRESS = "sk-quite-secret", "http://localhost:11434/v1"


def loaded(folder: Path, text: str = "") -> Settings:
    """Load a configuration with a knowledge base and this."""
    file = folder / "plumbline.toml"
    file.write_text(f"{text}\n[knowledge_bases.notes]\n", encoding="utf-8")
    return load(file)


def key_of(settings: Settings) -> str | None:
    """Return the key in the clear."""
    return settings.models.api_key.get_secret_value() if settings.models.api_key else None


@pytest.mark.parametrize(
    ("mode", "variables", "expected"),
    [
        pytest.param("auto", {}, "local", id="auto with nothing"),
        pytest.param("auto", {"OPENAI_API_KEY": KEY}, "llm", id="auto with a key"),
        pytest.param("auto", {"OPENAI_BASE_URL": ADDRESS}, "llm", id="auto with an endpoint"),
        pytest.param("auto", {"PLUMBLINE_MODELS__BASE_URL": ADDRESS}, "llm", id="auto with our own variable"),
        pytest.param(
            "auto", {"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}, "local", id="auto with empty ones"
        ),
        pytest.param("local", {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": ADDRESS}, "local", id="local"),
        pytest.param("llm", {}, "llm", id="llm, though nothing can be reached"),
    ],
)
def test_the_mode_follows_from_what_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, variables: dict[str, str], expected: str
) -> None:
    """`auto` means a language model where one is configured; the others mean what they say."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = loaded(tmp_path, f'[assistant]\nmode = "{mode}"')
    assert settings.mode == expected


@pytest.mark.parametrize("mode", ['base_url = "http://x/v1"', 'api_key = "k"'])
def test_a_configured_endpoint_means_a_language_model(tmp_path: Path, mode: str) -> None:
    """Without any variable."""
    assert loaded(tmp_path, f"[models]\n{mode}").mode == "llm"


def test_key_and_endpoint_come_from_the_variables_that_other_clients_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on its own."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings = loaded(tmp_path)
    assert (key_of(settings), settings.models.base_url) == (KEY, None)
    monkeypatch.setenv("OPENAI_BASE_URL", ADDRESS)
    assert loaded(tmp_path).models.base_url == ADDRESS


def test_the_configuration_wins_over_the_variables_of_other_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And our own variables win over the file."""
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://theirs/v1")
    text = '[models]\napi_key = "filed"\nbase_url = "http://filed/v1"'
    assert (key_of(loaded(tmp_path, text)), loaded(tmp_path, text).models.base_url) == (
        "filed",
        "http://filed/v1",
    )
    monkeypatch.setenv("PLUMBLINE_MODELS__API_KEY", "ours")
    assert key_of(loaded(tmp_path, text)) == "ours"


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "PLUMBLINE_MODELS__API_KEY", None])
def test_a_key_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str | None) -> None:
    """Wherever it came from, and however the settings are written out."""
    if variable:
        monkeypatch.setenv(variable, KEY)
    settings = loaded(tmp_path, "" if variable else f'[models]\napi_key = "{KEY}"')
    assert key_of(settings) == KEY
    shown = [repr(settings), str(settings), f"{settings.models}", settings.model_dump_json()]
    assert [text for text in shown if KEY in text] == []


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        pytest.param(f'[models]\napi_key = {{ value = "{KEY}" }}', {}, id="of another form"),
        pytest.param(f'[models]\napi_key = "{KEY}"\nattempts = 0', {}, id="beside a wrong value"),
        pytest.param(f'[models]\napi_kye = "{KEY}"', {}, id="under a misspelt name"),
        pytest.param(f'[models]\nseconds = "{KEY}"', {}, id="in the wrong place"),
        pytest.param(f'[models]\napi_key = "{KEY}', {}, id="in a file that is no TOML"),
        pytest.param("", {"PLUMBLINE_MODELS": KEY}, id="in the section's own variable"),
        pytest.param("", {"PLUMBLINE_MODELS__PRICES": KEY}, id="in a variable that wants JSON"),
        pytest.param("", {"PLUMBLINE_MODELS__TEMPERATURE": KEY}, id="in a variable that wants a number"),
        pytest.param("[models]\nattempts = 0", {"OPENAI_API_KEY": KEY}, id="in another program's variable"),
    ],
)
def test_no_error_repeats_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str]
) -> None:
    """A value that is wrong may be a secret."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as failure:
        loaded(tmp_path, text)
    assert KEY not in str(failure.value)


@pytest.mark.parametrize(
    "text",
    [
        "[assistant.budget]\nmodel_calls = -1",
        "[assistant.budget]\ntokens = -1",
        "[assistant.budget]\nusd = -0.1",
        "[assistant.budget]\nseconds = 0",
        "[models]\nseconds = 0",
        "[models]\nattempts = 0",
        "[models]\nconcurrency = 0",
        "[models]\noutput_tokens = 10",
        "[models]\ntemperature = 2.1",
        "[models]\nembedding_dimension = 0",
        "[models.prices.minnow]\ninput = -1",
        "[models.prices.minnow]\noutputs = 1",
        "[expansion]\nrewrites = 3",
        "[expansion]\nhyde = true",
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the key."""
    section, key = text.splitlines()[0].strip("[]"), text.splitlines()[1].partition(" ")[0]
    with pytest.raises(ConfigurationError, match=rf"{section}\.{key}"):
        loaded(tmp_path, text)


def test_no_budget_means_no_limit_and_nothing_may_mean_nothing(tmp_path: Path) -> None:
    """A budget of no calls is one: it keeps every question local."""
    assert loaded(tmp_path).assistant.budget.tokens is None
    budget = loaded(tmp_path, "[assistant.budget]\nmodel_calls = 0\ntokens = 0\nusd = 0").assistant.budget
    assert (budget.model_calls, budget.tokens, budget.usd) == (0, 0, 0)


def test_every_family_of_queries_can_be_switched_off() -> None:
    """The section of the configuration and the planner's families are the same, but for who makes one."""
    defaults = {name: field.default for name, field in Expansion.model_fields.items()}
    assert defaults.pop("hypothetical_by_rules") is False
    assert defaults == {one.name: one.default for one in fields(Families)}


def test_the_suite_does_not_see_the_keys_of_a_developer() -> None:
    """Else every test that opens an installation could reach a real endpoint, and pay for it."""
    plain = (
        f"{Path(__file__).relative_to(REPOSITORY)}::{test_the_mode_follows_from_what_is_configured.__name__}"
    )
    given = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": ADDRESS, "PLUMBLINE_MODELS__API_KEY": KEY}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-k", "nothing or llm", plain],
        cwd=REPOSITORY,
        env=environment_of_a_child(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
