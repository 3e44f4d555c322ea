"""What is remembered of models, in the process and on disk."""

from pathlib import Path

import pytest

from tools.models.abilities import Abilities, AbilityMemory

TOOLS = Abilities(method="tool", stream_usage=False, limit_field="max_tokens")


def test_what_was_learned_is_recalled_by_the_next_process(tmp_path: Path) -> None:
    """For that model of that endpoint alone."""
    file = tmp_path / "new" / "abilities.json"
    AbilityMemory(file).learn("http://one/v1", "m", TOOLS)
    memory = AbilityMemory(file)
    assert memory.recall("http://one/v1", "m") == TOOLS
    assert memory.recall("http://one/v1", "n") == memory.recall("http://two/v1", "m") == Abilities()


def test_the_file_names_neither_endpoint_nor_model(tmp_path: Path) -> None:
    """An address may hold a secret."""
    file = tmp_path / "abilities.json"
    AbilityMemory(file).learn("http://user:secret@one/v1", "private-model", TOOLS)
    content = file.read_text(encoding="utf-8")
    assert "secret" not in content
    assert "private" not in content


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": {"method": "magic"}}', '{"a": 3}', "\x00"])
def test_a_damaged_file_is_ignored_and_written_anew(tmp_path: Path, content: str) -> None:
    """It is a cache."""
    file = tmp_path / "abilities.json"
    file.write_text(content, encoding="utf-8")
    memory = AbilityMemory(file)
    assert memory.recall("u", "m") == Abilities()
    memory.learn("u", "m", TOOLS)
    assert AbilityMemory(file).recall("u", "m") == TOOLS


def test_a_file_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    """The process still remembers."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    memory = AbilityMemory(tmp_path / "file" / "abilities.json")
    memory.learn("u", "m", TOOLS)
    assert memory.recall("u", "m") == TOOLS


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """It is replaced as a whole."""
    file = tmp_path / "abilities.json"
    memory = AbilityMemory(file)
    for method in ("tool", "json_object"):
        memory.learn("u", "m", Abilities(method="tool" if method == "tool" else "json_object"))
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_known_is_not_written_again(tmp_path: Path) -> None:
    """Every question learns the same."""
    file = tmp_path / "abilities.json"
    memory = AbilityMemory(file)
    memory.learn("u", "m", TOOLS)
    file.unlink()
    memory.learn("u", "m", TOOLS)
    assert not file.exists()
