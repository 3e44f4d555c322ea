"""plumbline sql check: the guard without a connection."""

import json
from pathlib import Path

import pytest

from tests.agent.cli.command import plumbline, plumbline_process


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder without a configuration."""
    monkeypatch.chdir(tmp_path)


def test_a_select_is_allowed_and_shown_as_it_would_run(tmp_path: Path) -> None:
    """The real command prints the normalised statement and ends with 0."""
    done = plumbline_process("sql", "check", "select a from t", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "SELECT" in done.out
    assert "LIMIT" in done.out


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    "statement", ["DELETE FROM t", "SELECT 1; DROP TABLE t", "", "SELEC 1", "PRAGMA table_info(t)"]
)
def test_anything_but_one_select_is_refused_with_the_reason(dialect: str, statement: str) -> None:
    """The exit code is 1: a verdict, not a failure."""
    done = plumbline("sql", "check", statement, "--dialect", dialect, "--json")
    assert done.code == 1
    assert done.json["allowed"] is False
    assert done.json["normalized"] is None
    assert done.json["reason"]
    plain = plumbline("sql", "check", statement, "--dialect", dialect)
    assert plain.code == 1
    assert plain.out.startswith("refused: ")


@pytest.mark.parametrize(
    ("statement", "dialect"),
    [
        ("SELECT strftime('%Y', day) FROM t", "sqlite"),
        ("SELECT day::date FROM t WHERE name ILIKE 'a%'", "postgres"),
    ],
)
def test_each_dialect_has_its_own_words(statement: str, dialect: str) -> None:
    """What one database understands passes for it."""
    done = plumbline("sql", "check", statement, "--dialect", dialect, "--json")
    assert done.code == 0
    assert done.json["allowed"] is True
    assert done.json["reason"] is None
    assert done.json["normalized"]


def test_an_unknown_dialect_is_wrong_usage() -> None:
    """Exit code 2, and the known ones are named."""
    done = plumbline("sql", "check", "SELECT 1", "--dialect", "oracle")
    assert done.code == 2
    assert "'oracle' is not one of 'sqlite', 'postgres'" in done.complaint


def test_many_statements_get_one_verdict_each() -> None:
    """A refusal is a verdict; only lines that cannot be used make the exit code 2."""
    lines = [
        {"id": 1, "statement": "SELECT 1"},
        {"id": 2, "statement": "DROP TABLE t"},
        {"id": 3, "statement": "SELECT now()", "dialect": "postgres"},
    ]
    done = plumbline("sql", "check", "-", stdin="\n".join(map(json.dumps, lines)))
    assert done.code == 0
    assert [(line["id"], line["allowed"]) for line in done.lines] == [(1, True), (2, False), (3, True)]
    done = plumbline("sql", "check", "-", stdin='{"statement": "SELECT 1", "dialect": ["sqlite"]}\n{}')
    assert done.code == 2
    assert [line["error"] for line in done.lines] == [
        "dialect ['sqlite'] is not known; use sqlite or postgres",
        "line 2 has no text under 'statement'",
    ]


def test_the_configuration_limits_tables_without_opening_the_database(marlow: Path) -> None:
    """With a list of tables others are refused, even where no database is."""
    configuration = Path("listed.toml")
    configuration.write_text('[database]\nurl = "sqlite:///nowhere.db"\ntables = ["kites"]\nmax_rows = 7\n')
    allowed = plumbline("sql", "check", "SELECT * FROM kites", "--json", "--config", configuration)
    assert allowed.code == 0
    assert "7" in allowed.json["normalized"]
    refused = plumbline("sql", "check", "SELECT * FROM orders", "--json", "--config", configuration)
    assert refused.code == 1
    assert "orders" in refused.json["reason"]
