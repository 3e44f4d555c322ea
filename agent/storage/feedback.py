"""What owners think of answers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.database import Database
from agent.storage.inserting import inserting
from agent.storage.records import Feedback
from agent.storage.tables import feedback, runs
from tools.errors import NotFound, PlumblineError


class Feedbacks:
    """Keeps one opinion on each run."""

    def __init__(self, database: Database) -> None:
        """Use `open_storage`."""
        self._database = database

    async def put(self, opinion: Feedback, *, owner: str) -> None:
        """Keep what the owner of a run thinks of it; a second opinion replaces the first.

        Raises:
            NotFound: There is no such run of this owner's.
        """
        await self._database.write(_put, (opinion, owner))

    async def get(self, run_id: str, *, owner: str) -> Feedback | None:
        """Return what the owner of a run thinks of it; None without a word or without the run."""
        mine = select(feedback).join(runs, runs.c.id == feedback.c.run_id)
        found = await self._database.read(
            mine.where(feedback.c.run_id == run_id, runs.c.owner == owner), _feedback
        )
        return found[0] if found else None


async def _put(
    connection: AsyncConnection, changes: Sequence[tuple[Feedback, str]]
) -> list[PlumblineError | None]:
    return [await _put_one(connection, opinion, owner) for opinion, owner in changes]


async def _put_one(connection: AsyncConnection, opinion: Feedback, owner: str) -> PlumblineError | None:
    mine = select(runs.c.id).where(runs.c.id == opinion.run_id, runs.c.owner == owner)
    if (await connection.execute(mine.with_for_update(key_share=True))).first() is None:
        return NotFound(f"there is no run {opinion.run_id[:80]!r}")
    values = {
        "thumb": opinion.thumb,
        "reason": opinion.reason,
        "correction": opinion.correction,
        "created": opinion.created,
    }
    statement = inserting(connection, feedback).values(run_id=opinion.run_id, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_=values))
    return None


def _feedback(row: Row[Any]) -> Feedback:  # Any: a row of several columns
    return Feedback(
        run_id=row.run_id,
        thumb=row.thumb,
        reason=row.reason,
        correction=row.correction,
        created=row.created,
    )
