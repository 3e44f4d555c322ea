"""Opens SQLite and PostgreSQL alike."""

import os
from pathlib import Path

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from tools.errors import ConfigurationError

PATIENCE_SECONDS = 10.0
"""How long to wait for what another program has locked."""
WRITING = {"writes": True}
"""Execution option of a connection that writes. One without reads, and SQLite begins no transaction then."""
READERS = {"sqlite": 4, "postgresql": 9}
"""How many may read at once, which leaves a connection to write with. SQLite's log has four places to read
from: if more read without a pause, they may go on sharing an old one, and the log cannot be emptied."""
_CONNECTIONS = 5
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
)


def make_engine(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> tuple[AsyncEngine, str]:
    """Return an engine, not connected yet, and what messages call its database.

    Args:
        url: As `open_storage` takes it.
        patience_seconds: How long to wait for what another program has locked.

    Raises:
        ConfigurationError: The URL cannot be used; the message does not repeat it.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _unusable() from error
    match address.get_backend_name():
        case "sqlite":
            return _sqlite(address, patience_seconds)
        case "postgresql" | "postgres":
            return _postgresql(address, patience_seconds), "storage: the database of [storage] url"
    raise _unusable()


def _unusable() -> ConfigurationError:
    return ConfigurationError(
        "[storage] url is not usable; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    )


def _sqlite(address: URL, patience_seconds: float) -> tuple[AsyncEngine, str]:
    if address.database in (None, "", ":memory:") or address.host or address.query:
        raise ConfigurationError("[storage] url names no file; write sqlite:///FILE")
    file = Path(str(address.database))
    _make_file(file)
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(file)),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"timeout": patience_seconds},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine, f"storage: the file {file.name!r}"


def _make_file(file: Path) -> None:
    """Make the file for our account alone; SQLite gives the files beside it the same permissions."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"storage: the file {file.name!r} cannot be opened for writing; "
            "check [storage], the folder and their permissions"
        ) from error


def _prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    del entry
    connection.isolation_level = None  # Python would begin transactions of its own
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # waits for its turn, where BEGIN would fail later on


def _postgresql(address: URL, patience_seconds: float) -> AsyncEngine:
    defaults = {"connect_timeout": "5", "application_name": "plumbline"}
    address = address.set(drivername="postgresql+psycopg").update_query_dict(
        {name: value for name, value in defaults.items() if name not in address.query}
    )
    engine = create_async_engine(
        address,
        pool_size=_CONNECTIONS,
        max_overflow=_CONNECTIONS,
        pool_pre_ping=True,
        hide_parameters=True,
    )

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience_seconds * 1000)}")

    event.listen(engine.sync_engine, "begin", begin)
    return engine
