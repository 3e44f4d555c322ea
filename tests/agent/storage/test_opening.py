"""Opening: what is wrong with a database is said to whoever can mend it."""

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from agent.settings import load
from agent.storage.opening import open_storage
from tests.agent.storage.kept import OWNER, begun, new_thread
from tests.postgres_server import PostgresMissing, postgres_server
from tools.errors import ConfigurationError, TransientError


async def failure(url: str) -> str:
    """Return how opening is refused to the operator."""
    with pytest.raises(ConfigurationError) as refused:
        async with open_storage(url):
            pytest.fail("it was opened")
    return str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("no url, but a secret", id="no url"),
        pytest.param("mysql://user:secret@host/secret", id="another database"),
        pytest.param("sqlite://", id="no file"),
        pytest.param("sqlite:///:memory:", id="memory, which ends with the process"),
        pytest.param("sqlite://host/secret.db", id="a file on a host"),
        pytest.param("sqlite:///secret.db?mode=ro", id="an option"),
        pytest.param("postgresql://user:secret@host:port/x", id="a port that is no number"),
    ],
)
async def test_an_unusable_url_is_refused_without_repeating_it(url: str) -> None:
    """With an example of one that can be used."""
    message = await failure(url)
    assert "[storage] url" in message
    assert "sqlite:///FILE" in message
    assert "secret" not in message


async def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    """It may be a mistake in the configuration."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir or Madam, " * 100, encoding="utf-8")
    before = file.read_bytes()
    assert "'letter.txt' is not a SQLite database; correct" in await failure(f"sqlite:///{file}")
    assert file.read_bytes() == before


async def test_a_damaged_file_is_the_operators_to_restore(tmp_path: Path) -> None:
    """Whether that shows when it is opened or when it is read."""
    file = tmp_path / "conversations.db"
    async with open_storage(f"sqlite:///{file}") as storage:
        for _ in range(30):
            await begun(storage)
    whole = file.read_bytes()
    for start in (200, 4096):
        file.write_bytes(whole[:start] + b"\xa5" * (len(whole) - start))
        with pytest.raises(ConfigurationError, match=r"'conversations\.db' is damaged; restore it"):
            async with open_storage(f"sqlite:///{file}") as storage:
                await storage.threads.page(OWNER, cursor=None, limit=5)


async def test_tables_of_something_else_are_not_touched(tmp_path: Path) -> None:
    """Those of our names that no version of ours made are told of; all others are let be."""
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE threads (colour TEXT)")
        connection.execute("CREATE TABLE plumbline_runs (distance REAL)")
        connection.commit()
    assert "is not as this version of Plumbline keeps it" in await failure(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert tables == {"threads", "plumbline_runs"}


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """And a file that is a folder."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place in (tmp_path / "file" / "conversations.db", tmp_path):
        message = await failure(f"sqlite:///{place}")
        assert "cannot be opened for writing; check" in message
        assert str(tmp_path) not in message


async def test_conversations_are_for_our_account_alone(tmp_path: Path) -> None:
    """The file and those that SQLite puts beside it."""
    async with open_storage(f"sqlite:///{tmp_path / 'data' / 'conversations.db'}") as storage:
        await begun(storage)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "data").iterdir()}
    assert modes == dict.fromkeys(("conversations.db", "conversations.db-wal", "conversations.db-shm"), 0o600)


async def test_a_locked_file_is_a_passing_fault(tmp_path: Path) -> None:
    """When it is opened and when it is written; reading goes on, and so does writing afterwards."""
    file = tmp_path / "conversations.db"
    url = f"sqlite:///{file}"
    async with open_storage(url, patience_seconds=0.05) as storage:
        thread = new_thread()
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            results = await asyncio.gather(
                *(storage.threads.create(thread) for _ in range(3)), return_exceptions=True
            )
            assert [type(result) for result in results] == [TransientError] * 3
            assert "'conversations.db' is locked by another program" in str(results[0])
            with pytest.raises(TransientError):
                async with open_storage(url, patience_seconds=0.05):
                    pytest.fail("it was opened")
            assert (await storage.threads.page(OWNER, cursor=None, limit=5)).items == []
        await storage.threads.create(thread)
        await storage.ping()


async def test_a_server_that_is_away_is_a_passing_fault(tmp_path: Path) -> None:
    """Its address and password are not repeated."""
    url = f"postgresql://user:secret@/base?host={tmp_path}"
    with pytest.raises(TransientError, match="cannot be reached; start it") as away:
        async with open_storage(url):
            pytest.fail("it was opened")
    assert "secret" not in str(away.value)
    assert str(tmp_path) not in str(away.value)


async def test_a_server_may_refuse_lock_and_restart() -> None:
    """What is not there is named; a lock is a passing fault; sessions that ended are replaced."""
    try:
        with postgres_server() as url:
            assert "is not there; create it" in await failure(url.replace("/postgres?", "/nothing?"))
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE ROLE guest LOGIN")
                assert "grant it CREATE" in await failure(url.replace("postgres@", "guest@"))
                async with open_storage(url, patience_seconds=0.05) as storage:
                    run = await begun(storage)
                    with connection.transaction():
                        connection.execute("LOCK TABLE plumbline_threads")
                        with pytest.raises(TransientError, match="is locked by another program"):
                            await storage.threads.create(new_thread())
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    )
                    assert await storage.runs.get(run.id, owner=OWNER) == run
    except PostgresMissing as missing:
        pytest.skip(str(missing))


def test_a_relative_file_is_beside_the_configuration(tmp_path: Path) -> None:
    """Wherever the command is run; other addresses are taken as they are."""
    file = tmp_path / "plumbline.toml"
    server = "postgresql://user@host/base"
    for configured, expected in (
        ("sqlite:///kept/all.db", f"sqlite:///{tmp_path}/kept/all.db"),
        (f"sqlite:///{tmp_path}/all.db", f"sqlite:///{tmp_path}/all.db"),
        (server, server),
    ):
        file.write_text(f'[storage]\nurl = "{configured}"\n[knowledge_bases.notes]\n', encoding="utf-8")
        assert load(file).storage_url == expected
    file.write_text("[knowledge_bases.notes]\n", encoding="utf-8")
    assert load(file).storage_url == f"sqlite:///{tmp_path}/.plumbline/conversations.db"
