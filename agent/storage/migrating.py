"""Brings the tables of a database up to date."""

import asyncio
from pathlib import Path
from time import monotonic

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from agent.storage.database import Database
from agent.storage.engine import PATIENCE_SECONDS
from agent.storage.tables import VERSION_TABLE
from tools.errors import ConfigurationError, TransientError

_SCRIPTS = Path(__file__).parent / "migrations"
_PAUSE_SECONDS = 0.02
_LOCK = 0x706C756D626C696E
"""Of PostgreSQL's advisory locks: that of who changes our tables."""


async def migrate(database: Database, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Make the tables, or change those of an earlier version; one process at a time.

    Raises:
        ConfigurationError: They belong to a newer version.
        TransientError: Another program holds the database for longer than the patience lasts.
    """
    if database.dialect == "sqlite":
        await _write_ahead(database, patience_seconds)
    async with database.transaction() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(_upgrade)


async def _write_ahead(database: Database, patience_seconds: float) -> None:
    """Have the file keep a write-ahead log, so that reading and writing do not wait for each other."""
    end = monotonic() + patience_seconds
    while True:
        try:
            async with database.alone() as connection:
                await connection.execute(text("PRAGMA journal_mode = WAL"))
        except TransientError:  # of two that switch a new file at once, SQLite lets one fail and not wait
            if monotonic() > end:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


def _upgrade(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    present = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE}
    ).get_current_heads()
    if not known.issuperset(present):
        raise ConfigurationError(
            "storage: the database was written by a newer Plumbline; install that version, or name another "
            "database in [storage] url"
        )
    command.upgrade(config, "head")
