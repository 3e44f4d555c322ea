"""Configurations that are wrong: the key, the value or the file is named, with what was probably meant."""

from pathlib import Path

import pytest

from tests.agent.cli.command import plumbline, plumbline_process
from tests.agent.cli.conftest import CONFIGURATION


def complaint(configuration: Path, text: str) -> str:
    configuration.write_text(text, encoding="utf-8")
    done = plumbline("ask", "What does the Heron cost?", "--config", configuration)
    assert (done.code, done.out) == (2, "")
    assert not (configuration.parent / ".plumbline").exists()
    return done.complaint.removeprefix(f"{configuration}: ")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[assistant]", "[asistant]", "unknown key 'asistant', did you mean 'assistant'?"),
        (
            "[knowledge_bases.guides]",
            "[knowledge_base.guides]",
            "unknown key 'knowledge_base', did you mean 'knowledge_bases'?",
        ),
        (
            'paths = ["guides"]',
            'pathes = ["guides"]',
            "unknown key 'knowledge_bases.guides.pathes', did you mean 'paths'?",
        ),
        (
            "answer = ",
            "anwser = ",
            "unknown key 'database.queries.0.anwser', did you mean 'answer'?",
        ),
        ("today = 2026-05-04", "zzz = 1", "unknown key 'assistant.zzz'; known here: abstain, budget, "),
        ('paths = ["guides"]', "paths = 3", "knowledge_bases.guides.paths: input should be a valid tuple"),
        ("today = 2026-05-04", "abstain = 7", "assistant.abstain: input should be less than or equal to 1"),
        ("today = 2026-05-04", 'mode = "fast"', "assistant.mode: input should be 'auto', 'local' or 'llm'"),
        ("[assistant]", "[assistant", "is not valid TOML (Expected ']' at the end of a table declaration"),
        ("[assistant]", "a = " + "[" * 5000 + "\n[assistant]", "is not valid TOML"),
        ("[assistant]", '_env_file = "x"\n[assistant]', "unknown key '_env_file'; known here: "),
        ("[assistant]", 'file = "x"\n[assistant]', "unknown key 'file'; known here: "),
    ],
)
def test_wrong_keys_and_values_are_named(fresh: Path, old: str, new: str, expected: str) -> None:
    """One line, exit code 2, and no data folder is made."""
    assert old in CONFIGURATION
    assert complaint(fresh, CONFIGURATION.replace(old, new, 1)).startswith(expected)


def test_all_problems_are_named_at_once(fresh: Path) -> None:
    """Nobody has to run the command once for each mistake."""
    text = CONFIGURATION.replace('paths = ["guides"]', "pathes = 1").replace(
        "today = 2026-05-04", 'abstain = "x"'
    )
    found = complaint(fresh, text)
    assert "knowledge_bases.guides.pathes" in found
    assert "assistant.abstain" in found


def test_an_empty_configuration_has_nothing_to_answer_from(fresh: Path) -> None:
    """The remedy names the two sections."""
    assert complaint(fresh, "") == (
        "there is nothing to answer from; add a [knowledge_bases.NAME] with paths, or a [database]"
    )


def test_llm_mode_without_an_endpoint_is_refused(fresh: Path) -> None:
    """It is not silently replaced by the local mode."""
    assert plumbline("ingest", "--config", fresh).code == 0
    text = CONFIGURATION.replace("today = 2026-05-04", 'mode = "llm"')
    fresh.write_text(text, encoding="utf-8")
    done = plumbline("ask", "What does the Heron cost?", "--config", fresh)
    assert (done.code, done.out) == (2, "")
    assert done.complaint == (
        'assistant.mode is "llm", but there is no endpoint; set OPENAI_API_KEY or models.base_url, '
        'or set the mode to "auto"'
    )


@pytest.mark.parametrize(
    "command", [("ask", "x"), ("search", "x"), ("ingest",), ("sql", "check", "SELECT 1")]
)
def test_a_missing_configuration_file_is_told(tmp_path: Path, command: tuple[str, ...]) -> None:
    """The path and the option are named."""
    done = plumbline(*command, "--config", tmp_path / "none.toml")
    assert done.code == 2
    assert done.complaint == (
        f"{tmp_path / 'none.toml'}: there is no such file; name an existing one with --config"
    )


def test_a_folder_or_other_bytes_as_configuration_are_told(tmp_path: Path) -> None:
    """Neither gives a traceback."""
    done = plumbline("ask", "x", "--config", tmp_path)
    assert done.code == 2
    assert done.complaint.startswith(f"{tmp_path}: cannot be read (")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xfc"\n')
    done = plumbline("ask", "x", "--config", tmp_path / "latin.toml")
    assert done.code == 2
    assert done.complaint.startswith(f"{tmp_path / 'latin.toml'}: cannot be read (")


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("PLUMBLINE_ASSISTANT__NAMEE", "x", "unknown key 'assistant.namee', did you mean 'name'?"),
        (
            "PLUMBLINE_ASSISTENT__NAME",
            "x",
            "the environment variable PLUMBLINE_ASSISTENT__NAME sets the unknown 'assistent', "
            "did you mean 'assistant'?",
        ),
        ("PLUMBLINE_ASSISTANT__ABSTAIN", "much", "assistant.abstain: input should be a valid number"),
        ("PLUMBLINE_ASSISTANT__BUDGET", "{nonsense", "the environment has a variable of PLUMBLINE_"),
    ],
)
def test_wrong_variables_of_the_environment_are_named(
    marlow: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    """They are held to the same rules as the file."""
    monkeypatch.setenv(variable, value)
    done = plumbline("ask", "What does the Heron cost?", "--config", marlow)
    assert done.code == 2
    assert done.complaint.removeprefix(f"{marlow}: ").startswith(expected)


def test_the_environment_overrides_the_file_and_cannot_move_it(marlow: Path) -> None:
    """PLUMBLINE_SECTION__KEY wins; where the file lies is not a setting."""
    environment = {"PLUMBLINE_ASSISTANT__DESCRIPTION": "Ask about kites.", "PLUMBLINE_FILE": "/elsewhere"}
    done = plumbline_process(
        "ask",
        "Who won the football world cup in 2018?",
        "--json",
        "--config",
        marlow,
        environment=environment,
    )
    assert done.code == 0
    assert "Ask about kites." in done.json["answer"]
