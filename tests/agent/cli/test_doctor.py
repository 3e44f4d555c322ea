"""plumbline doctor: healthy, and with each thing broken on purpose."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent.cli.command import plumbline, plumbline_process

CHECKS = [
    "configuration",
    "embedding model",
    "store",
    "knowledge base guides",
    "knowledge base terms",
    "conversations",
    "database",
    "named queries",
]


def replace(configuration: Path, old: str, new: str) -> None:
    text = configuration.read_text(encoding="utf-8")
    assert old in text
    configuration.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_healthy_installation_is_all_right(marlow: Path) -> None:
    """Every check is named, and the exit code is 0."""
    done = plumbline_process("doctor", "--config", marlow)
    assert (done.code, done.err) == (0, "")
    assert done.out.count("ok ") == len(CHECKS)
    assert "problem" not in done.out
    found = plumbline("doctor", "--json", "--config", marlow).json
    assert found["healthy"] is True
    assert [finding["check"] for finding in found["checks"]] == CHECKS


def _unknown_key(configuration: Path) -> None:
    replace(configuration, "description =", "descriptoin =")


def _unknown_embedder(configuration: Path) -> None:
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(f'{text}\n[models]\nembedding = "no-such-model"\n', encoding="utf-8")


def _damaged_store(configuration: Path) -> None:
    shutil.rmtree(configuration.parent / ".plumbline/store/shard")
    (configuration.parent / ".plumbline/store/shard").write_bytes(b"no shard")


def _lost_base(configuration: Path) -> None:
    shutil.rmtree(configuration.parent / ".plumbline/store")


def _missing_folder(configuration: Path) -> None:
    shutil.rmtree(configuration.parent / "guides")


def _damaged_conversations(configuration: Path) -> None:
    (configuration.parent / ".plumbline/threads.db").write_bytes(b"no database at all" * 100)


def _no_database(configuration: Path) -> None:
    (configuration.parent / "marlow.db").unlink()


def _wrong_query(configuration: Path) -> None:
    replace(configuration, "SELECT name, price, stock FROM kites", "SELECT colour FROM kites")


def _missing_table(configuration: Path) -> None:
    with sqlite3.connect(configuration.parent / "marlow.db") as connection:
        connection.execute("DROP TABLE orders")
    connection.close()


@pytest.mark.parametrize(
    ("break_it", "check", "message"),
    [
        (_unknown_key, "configuration", "did you mean 'description'?"),
        (_unknown_embedder, "embedding model", "'no-such-model' cannot be loaded"),
        (_damaged_store, "store", "delete the folder and ingest again"),
        (_lost_base, "knowledge base terms", "chunks are missing; ingest again"),
        (_missing_folder, "knowledge base guides", "correct knowledge_bases.guides.paths"),
        (_damaged_conversations, "conversations", "delete it to go on without the earlier ones"),
        (_no_database, "database", "correct [database] url or create it"),
        (_wrong_query, "named queries", "query 'kite_price'"),
        (_missing_table, "named queries", "query 'order_status'"),
    ],
)
def test_what_is_broken_is_named_with_the_remedy(
    own: Path, break_it: Callable[[Path], None], check: str, message: str
) -> None:
    """The exit code is 2, and the checks that do not depend on it go on."""
    break_it(own)
    done = plumbline("doctor", "--json", "--config", own)
    assert (done.code, done.err) == (2, "")
    assert done.json["healthy"] is False
    bad = {finding["check"]: finding["message"] for finding in done.json["checks"] if not finding["good"]}
    assert message in bad[check]
    assert all("\n" not in text for text in bad.values())


def test_an_installation_without_documents_is_told_to_ingest(fresh: Path) -> None:
    """The first step is named."""
    done = plumbline("doctor", "--config", fresh)
    assert done.code == 2
    assert "problem knowledge base guides: " in done.out
    assert "run ingest" in done.out
