"""Opens storage."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select

from agent.storage.database import Database
from agent.storage.engine import PATIENCE_SECONDS, make_engine
from agent.storage.feedback import Feedbacks
from agent.storage.handoffs import HandOffs
from agent.storage.keys import Keys
from agent.storage.migrating import migrate
from agent.storage.runs import Runs
from agent.storage.scrubbing import Scrubber
from agent.storage.secrets import Secrets
from agent.storage.threads import Threads
from agent.storage.traces import Traces


class Storage:
    """What outlives the process; any number of tasks may use it at once."""

    def __init__(self, database: Database, scrubber: Scrubber) -> None:
        """Use `open_storage`."""
        self.threads = Threads(database, scrubber)
        self.runs = Runs(database)
        self.feedback = Feedbacks(database)
        self.keys = Keys(database)
        self.handoffs = HandOffs(database)
        self.secrets = Secrets(database)
        self.traces = Traces(database, scrubber)
        self._database = database

    async def ping(self) -> None:
        """Ask whether the database is there.

        Raises:
            TransientError: It is away or locked.
            ConfigurationError: It cannot be used.
        """
        await self._database.read(select(1), tuple)


@asynccontextmanager
async def open_storage(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[Storage]:
    """Open a database, make or update its tables, and close it at the end.

    Args:
        url: `sqlite:///FILE`, which is made if it is not there, or a PostgreSQL URL; never repeated in
            a message.
        patience_seconds: How long to wait for what another program has locked.

    Raises:
        ConfigurationError: It cannot be used, is damaged, or belongs to a newer Plumbline.
        TransientError: It is away or locked.
    """
    database = Database(*make_engine(url, patience_seconds=patience_seconds))
    try:
        await migrate(database, patience_seconds=patience_seconds)
        scrubber = Scrubber(database, patience_seconds=patience_seconds)
        await scrubber.make_up()
        yield Storage(database, scrubber)
    finally:
        await database.close()
