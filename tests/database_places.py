"""An empty database of one kind, to write to as its owner and to read as a reader."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import psycopg

from tests.postgres_server import reader_of
from tools.database.engine import SqlDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An empty database, and how its owner writes to it."""

    kind: str
    url: str
    """For readers; what they may read is granted by `run`."""
    owner: str
    """The file, or the owner's url."""

    def run(self, script: str) -> None:
        """Run statements as the owner, and let readers read whatever there is."""
        if self.kind == "sqlite":
            with closing(sqlite3.connect(self.owner)) as connection:
                connection.executescript(script)
            return
        with psycopg.connect(self.owner) as server:
            server.execute(script.encode())
        reader_of(self.owner)


Opener = Callable[..., SqlDatabase]
"""Opens a place with the arguments of `open_database`; it is closed after the test."""
