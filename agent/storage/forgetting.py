"""Forgets recordings, and what was shared by no others.

A recording is handed over some time after its run. If its thread is deleted meanwhile, that is noted for a
day, so that what comes too late is refused.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.storage.inserting import inserting
from agent.storage.tables import forgotten_threads, readable, trace_attachments, trace_links, traces

_NOTED = timedelta(days=1)
"""Longest time from the beginning of a run until its recording is handed over."""


async def forget(connection: AsyncConnection, condition: ColumnElement[bool]) -> int:
    """Delete the recordings of which a condition holds, and return how many these were."""
    statement = delete(traces).where(condition).returning(traces.c.id)
    deleted = (await connection.execute(statement)).all()
    await collect(connection)
    return len(deleted)


async def forget_threads(connection: AsyncConnection, pairs: Sequence[tuple[str, str]]) -> int:
    """Delete the recordings of threads, given with their owners, and note that they are gone."""
    now = datetime.now(UTC)
    await connection.execute(delete(forgotten_threads).where(forgotten_threads.c.moment < now - _NOTED))
    noting = inserting(connection, forgotten_threads).on_conflict_do_update(
        index_elements=["digest"], set_={"moment": now}
    )
    digests = sorted({_digest(*pair) for pair in pairs})
    await connection.execute(noting, [{"digest": digest, "moment": now} for digest in digests])
    return await forget(connection, tuple_(traces.c.thread_id, traces.c.owner).in_(pairs))


async def forgotten(
    connection: AsyncConnection, pairs: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], datetime]:
    """Return which threads were deleted lately, and when."""
    digests = {_digest(*pair): pair for pair in pairs}
    statement = select(forgotten_threads).where(forgotten_threads.c.digest.in_(digests))
    return {digests[row.digest]: row.moment for row in await connection.execute(statement)}


async def collect(connection: AsyncConnection) -> None:
    """Delete the attachments that no recording refers to."""
    linked = exists().where(trace_links.c.digest == trace_attachments.c.digest)
    # One that a recording begins to share in another process is locked, and is left.
    unused = select(trace_attachments.c.digest).where(~linked).with_for_update(skip_locked=True)
    if digests := [*(await connection.execute(unused)).scalars()]:
        chosen = trace_attachments.c.digest.in_(digests)
        await connection.execute(delete(trace_attachments).where(chosen, ~linked))


def _digest(thread_id: str, owner: str) -> str:
    """Return what a thread is recognised by and nobody can read."""
    return sha256(json.dumps([readable(thread_id), readable(owner)]).encode()).hexdigest()
