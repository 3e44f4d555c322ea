"""Keeps recordings, many at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from math import isfinite

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from agent.recording.summary import Packed, Summary
from agent.storage.forgetting import collect, forgotten
from agent.storage.inserting import insert_new, inserting
from agent.storage.scrubbing import note_deletion
from agent.storage.tables import readable, threads, trace_attachments, trace_documents, trace_links, traces
from tools.errors import Conflict, InvalidInput, NotFound, PlumblineError, TransientError

FIELDS = tuple(field.name for field in fields(Summary) if field.name not in {"run_id", "thumb"})
"""Of a summary, those that are columns of the same name."""
_IDENTIFIER = re.compile(r"[A-Za-z0-9._:~-]{1,80}")
_LONGEST_NAME = 500
"""Of what an index holds."""
_MOST_ATTACHMENTS = 10_000
_MOST = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording to keep."""

    packed: Packed
    attachments: Mapping[str, bytes]
    replace: bool

    @property
    def id(self) -> str:
        """What its run is known by."""
        return self.packed.summary.run_id

    @property
    def owner(self) -> str:
        """Whose run it was."""
        return self.packed.summary.owner

    @property
    def thread(self) -> tuple[str, str]:
        """What its thread is known by, with the owner."""
        return self.packed.summary.thread_id, self.owner


def check(packed: Packed) -> None:
    """Raise InvalidInput unless a recording can be kept: one that was imported may say anything."""
    summary = packed.summary
    counts = (summary.steps, summary.calls, summary.model_calls, summary.input_tokens, summary.output_tokens)
    names = [summary.run_id, *packed.attachments, *([] if summary.parent is None else [summary.parent])]
    figures = (summary.duration_ms, summary.cost_usd, summary.faithfulness or 0.0)
    is_usable = (
        all(_IDENTIFIER.fullmatch(name) for name in names)
        and len(packed.attachments) <= _MOST_ATTACHMENTS
        and max(map(len, (summary.thread_id, summary.owner))) <= _LONGEST_NAME
        and all(0 <= count < _MOST for count in counts)
        and all(map(isfinite, figures))
    )
    if not is_usable:
        raise InvalidInput(
            f"recording {summary.run_id[:80]!r} cannot be kept, because its ids or figures are none of ours; "
            "record it again"
        )


async def keep(connection: AsyncConnection, batch: Sequence[Recorded]) -> list[PlumblineError | None]:
    """Keep recordings with the attachments that are not there yet."""
    refusals = await _refusals(connection, batch)
    chosen: dict[str, Recorded] = {}
    for change, refusal in zip(batch, refusals, strict=True):
        if refusal is None and (change.id not in chosen or _replaces(change, chosen[change.id])):
            chosen[change.id] = change
    is_replaced = await _make_way(connection, [change for change in chosen.values() if change.replace])
    rows = [_row(change.packed) for change in chosen.values()]
    kept = await insert_new(connection, traces, rows)
    await _keep_content(connection, [change for change in chosen.values() if change.id in kept])
    if is_replaced:
        await collect(connection)
    return [
        refusal or _outcome(change, chosen[change.id], kept)
        for change, refusal in zip(batch, refusals, strict=True)
    ]


def _replaces(change: Recorded, other: Recorded) -> bool:
    return change.replace and change.owner == other.owner


def _outcome(change: Recorded, winner: Recorded, kept: set[str]) -> PlumblineError | None:
    if change.id in kept and (winner is change or _replaces(winner, change)):
        return None
    return Conflict(f"a recording of run {change.id!r} is there already; delete it first")


async def _refusals(connection: AsyncConnection, batch: Sequence[Recorded]) -> list[PlumblineError | None]:
    pairs = sorted({change.thread for change in batch})
    # Whoever deletes one of them now waits until these are kept, and then deletes them too.
    theirs = select(threads.c.id).where(tuple_(threads.c.id, threads.c.owner).in_(pairs))
    await connection.execute(theirs.order_by(threads.c.id).with_for_update(key_share=True))
    gone, there = await forgotten(connection, pairs), await _there(connection, batch)
    return [_refusal(change, gone.get(change.thread), there) for change in batch]


def _refusal(change: Recorded, forgotten_at: datetime | None, there: set[str]) -> PlumblineError | None:
    summary = change.packed.summary
    if forgotten_at is not None and summary.started <= forgotten_at and not summary.imported:
        return NotFound(f"there is no thread {summary.thread_id[:80]!r}; it was deleted")
    if not there.issuperset(_not_given(change)):
        return TransientError(
            f"what recording {change.id!r} shares with others was deleted meanwhile; hand all of it over"
        )
    return None


async def _there(connection: AsyncConnection, batch: Sequence[Recorded]) -> set[str]:
    """Return which attachments that were not given are there, and see that they stay."""
    needed = {digest for change in batch for digest in _not_given(change)}
    if not needed:
        return set()
    digests = trace_attachments.c.digest
    statement = select(digests).where(digests.in_(needed)).order_by(digests)
    return {*(await connection.execute(statement.with_for_update(key_share=True))).scalars()}


def _not_given(change: Recorded) -> set[str]:
    return {digest for digest in change.packed.attachments if digest not in change.attachments}


async def _make_way(connection: AsyncConnection, replacing: Sequence[Recorded]) -> bool:
    """Delete what is replaced, but not what it shares: that may be shared by what replaces it."""
    theirs = tuple_(traces.c.id, traces.c.owner).in_([(change.id, change.owner) for change in replacing])
    if not replacing or not (await connection.execute(delete(traces).where(theirs))).rowcount:
        return False
    await note_deletion(connection)
    return True


async def _keep_content(connection: AsyncConnection, kept: Sequence[Recorded]) -> None:
    if not kept:
        return
    links = {(change.id, digest): change for change in kept for digest in change.packed.attachments}
    values = {
        digest: change.attachments[digest]
        for (_, digest), change in links.items()
        if digest in change.attachments
    }
    # In one order, so that two processes never wait for each other.
    new = [{"digest": digest, "value": value} for digest, value in sorted(values.items())]
    if new:
        await connection.execute(inserting(connection, trace_attachments).on_conflict_do_nothing(), new)
    documents = [{"trace_id": change.id, "document": change.packed.document} for change in kept]
    await connection.execute(insert(trace_documents), documents)
    if links:
        rows = [{"trace_id": trace_id, "digest": digest} for trace_id, digest in sorted(links)]
        await connection.execute(insert(trace_links), rows)


def _row(packed: Packed) -> dict[str, object]:
    summary = packed.summary
    return {name: getattr(summary, name) for name in FIELDS} | {
        "id": summary.run_id,
        "folded": readable(summary.question).casefold(),
        "since": datetime.now(UTC) if summary.imported else summary.started,
        "bytes": len(packed.document),
    }
