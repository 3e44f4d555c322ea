"""Databases and named queries that cannot be used, and secrets that must not be told."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.agent.cli.command import plumbline
from tests.agent.cli.test_doctor import replace

QUESTION = "What does the Heron cost?"
SECRET = "hunter2-x9"  # noqa: S105  # it is the point of these tests
OTHER = "swordfish-77"


def complaint(configuration: Path) -> str:
    done = plumbline("ask", QUESTION, "--config", configuration)
    assert (done.code, done.out) == (2, "")
    return done.complaint


def test_a_missing_database_is_told(own: Path) -> None:
    """The path and the key to correct."""
    (own.parent / "marlow.db").unlink()
    path = str(own.parent / "marlow.db")
    assert complaint(own) == f"database: there is no file {path!r}; correct [database] url or create it"
    assert not (own.parent / "marlow.db").exists()


def test_a_file_that_is_no_database_is_told(own: Path) -> None:
    """It is left as it is."""
    (own.parent / "marlow.db").write_bytes(b"name;price\nHeron;149\n")
    path = str(own.parent / "marlow.db")
    assert complaint(own) == f"database: {path!r} is not a SQLite database; correct [database] url"
    assert (own.parent / "marlow.db").read_bytes() == b"name;price\nHeron;149\n"


@contextmanager
def locked(database: Path) -> Iterator[None]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def test_a_locked_database_is_told_after_a_short_wait(own: Path) -> None:
    """The command neither hangs nor answers without the rows."""
    with locked(own.parent / "marlow.db"):
        assert complaint(own) == "database: 'marlow.db' is locked by another program; try again"
    assert plumbline("ask", QUESTION, "--config", own).code == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("SELECT name, price, stock", "SELEC name, price, stock", "only SELECT statements are allowed"),
        ("SELECT name, price, stock", "SELECT colour", "there is no column 'colour'"),
        ("FROM kites WHERE", "FROM dragons WHERE", "dragons"),
        (
            "WHERE name = :kite",
            "WHERE name = :model",
            "the statement uses :model, which no parameter declares",
        ),
        (
            'column = "kites.name"',
            'column = "kites.nam"',
            "names the column 'kites.nam', which does not exist",
        ),
        ("'MK-\\d{4}'", "'MK-['", "has a pattern that cannot be read"),
        ('kind = "value"', 'kind = "choice"', "needs choices"),
        ('name = "order_status"', 'name = "kite_price"', "the name 'kite_price' is used 2 times"),
    ],
)
def test_a_named_query_that_cannot_run_is_told_at_the_start(
    own: Path, old: str, new: str, expected: str
) -> None:
    """The query and its problem are named before any question is answered with it."""
    replace(own, old, new)
    found = complaint(own)
    assert found.startswith("[[database.queries]] has ")
    assert expected in found
    assert "kite_price" in found or "order_status" in found


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://marlow:{SECRET}@127.0.0.1:9/shop",
        f"postgresql+psycopg://marlow:{SECRET}@127.0.0.1:9/shop",
        f"postgresql://127.0.0.1:9/shop?user=marlow&password={SECRET}",
        f"postgresql://127.0.0.1:9/shop?nonsense={SECRET}",
        f"postgresql://marlow:{SECRET}@127.0.0.1:port/shop",
        f"mysql://marlow:{SECRET}@127.0.0.1:9/shop",
        f"{SECRET}",
        f"sqlite://{SECRET}",
    ],
)
@pytest.mark.parametrize("command", [("ask", QUESTION), ("doctor",)])
def test_the_password_of_a_database_is_never_told(own: Path, url: str, command: tuple[str, ...]) -> None:
    """Not in errors, not by doctor, whatever is wrong with the url."""
    replace(own, "sqlite:///marlow.db", url)
    done = plumbline(*command, "--config", own)
    assert done.code == 2
    assert "database" in done.out + done.err
    assert "defect" not in done.err
    assert SECRET not in done.out + done.err


def test_a_secret_of_the_wrong_type_is_not_repeated(own: Path) -> None:
    """Validation names the key and not the value."""
    replace(own, 'url = "sqlite:///marlow.db"', f'url = ["postgresql://marlow:{SECRET}@127.0.0.1/shop"]')
    found = complaint(own)
    assert "database.url: input should be a valid string" in found
    assert SECRET not in found


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (f"http://marlow:{OTHER}@127.0.0.1:9", SECRET),
        (f"http://marlow:{OTHER}@127.0.0.1:port", SECRET),
        (f"http://marlow:{OTHER}", SECRET),
        (f"{OTHER}", SECRET),
        ("http://127.0.0.1:9", f"{SECRET}\\n"),
        ("http://127.0.0.1:9", f"{SECRET}ü"),
    ],
)
@pytest.mark.parametrize("command", [("ask", QUESTION), ("doctor",)])
def test_the_key_and_url_of_a_vector_server_are_never_told(
    own: Path, url: str, key: str, command: tuple[str, ...]
) -> None:
    """An unreachable server or an unusable url is told without the key and without a login in the url."""
    text = own.read_text(encoding="utf-8")
    storage = f'[storage]\nqdrant_url = "{url}"\nqdrant_api_key = "{key}"\n'
    own.write_text(storage + text, encoding="utf-8")
    done = plumbline(*command, "--config", own)
    assert done.code == 2
    assert "defect" not in done.err
    assert "qdrant" in (done.out + done.err).lower()
    assert SECRET not in done.out + done.err
    assert OTHER not in done.out + done.err


def test_settings_do_not_show_secrets_when_they_are_printed(own: Path) -> None:
    """A log of the whole tree stays harmless."""
    from agent.settings import load

    replace(own, "sqlite:///marlow.db", f"postgresql://marlow:{SECRET}@127.0.0.1/shop")
    settings = load(own)
    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()
