"""Rungs: switches over the same configuration."""

from pathlib import Path

import pytest

from agent.evaluation.rungs import BUILT_IN, rungs_of, switched, switches
from agent.settings import Settings, load
from tests.agent.small_shop import write_shop
from tools.errors import ConfigurationError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the configuration of a small shop without a database."""
    return load(write_shop(tmp_path))


def test_every_built_in_rung_changes_the_configuration_and_can_be_taken_back(settings: Settings) -> None:
    """What is taken away is another configuration; nothing taken away is the configuration itself."""
    for rung in BUILT_IN:
        if rung.name != "tools":
            assert switched(settings, rung.off) != settings, rung.name
    assert switched(settings, {}) == settings


def test_a_star_stands_for_every_knowledge_base(settings: Settings) -> None:
    """One switch cuts the documents of all bases otherwise."""
    bases = switched(settings, {"knowledge_bases.*.chunking.method": "fixed"}).knowledge_bases
    assert {name: base.chunking.method for name, base in bases.items()} == {
        "guides": "fixed",
        "rules": "fixed",
    }
    assert {base.chunking.method for base in settings.knowledge_bases.values()} == {"structure"}


def test_what_is_not_in_is_out(settings: Settings) -> None:
    """Rungs that are in keep what the configuration says; all others are taken away."""
    rungs = rungs_of(settings)
    changed = switches(rungs, ["embeddings", "verify"])
    assert "ranking.search" not in changed
    assert "assistant.verify" not in changed
    assert changed["ranking.rerank"] is False
    assert changed["assistant.classify"] is False


def test_a_rung_that_means_nothing_here_is_not_climbed(settings: Settings) -> None:
    """Without a database there are no tools to measure."""
    assert "tools" not in {rung.name for rung in rungs_of(settings)}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ranking.serach", "dense"),
        ("ranking.search", "psychic"),
        ("nowhere.at_all", 1),
        ("storage.folder", "/"),
        ("knowledge_bases.unknown.chunking.tokens", 100),
        ("knowledge_bases.*.chunking.tokens", 1),
    ],
)
def test_a_switch_that_cannot_be_names_its_key(settings: Settings, key: str, value: str | int) -> None:
    """Wrong names and values are refused as they are in the configuration file."""
    with pytest.raises(ConfigurationError, match=key.split(".")[0]):
        switched(settings, {key: value})


def test_rungs_of_ones_own_come_last(tmp_path: Path) -> None:
    """They are measured like the built-in ones."""
    file = write_shop(tmp_path)
    own = '[[evaluation.rungs]]\nname = "more-hits"\noff = { "ranking.hits" = 5 }\n'
    file.write_text(file.read_text(encoding="utf-8") + own, encoding="utf-8")
    last = rungs_of(load(file))[-1]
    assert (last.name, dict(last.off), dict(last.on)) == ("more-hits", {"ranking.hits": 5}, {})


@pytest.mark.parametrize(
    ("rung", "problem"),
    [
        ('name = "verify"\noff = { "ranking.hits" = 5 }', "taken"),
        ('name = "baseline"\noff = { "ranking.hits" = 5 }', "taken"),
        ('name = "idle"', "changes nothing"),
    ],
)
def test_a_rung_of_ones_own_that_cannot_be_is_refused(tmp_path: Path, rung: str, problem: str) -> None:
    """A name is used once, and every rung changes something."""
    file = write_shop(tmp_path)
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}[[evaluation.rungs]]\n{rung}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=problem):
        rungs_of(load(file))
