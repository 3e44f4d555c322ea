"""Finds the recordings that are not kept any longer."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Subquery, func, literal, or_, select

from agent.recording.summary import Retention
from agent.storage.tables import trace_attachments, trace_links, traces

_MEGABYTE = 1 << 20
_MOST_DAYS = 365_000
"""Before a date that can be counted back from."""
_LATEST_FIRST = (traces.c.since.desc(), traces.c.id.desc())


def beyond(retention: Retention, now: datetime) -> Select[tuple[str]]:
    """Return a query for the ids of what is too old, one too many, or without room.

    With every recording counts what it shares only with earlier ones, so that the sum is what all take.
    """
    shared = _shared()
    ranked = (
        select(
            traces.c.id,
            traces.c.since,
            func.row_number().over(order_by=_LATEST_FIRST).label("place"),
            func.sum(traces.c.bytes + func.coalesce(shared.c.bytes, 0))
            .over(order_by=_LATEST_FIRST, rows=(None, 0))
            .label("room"),
        )
        .outerjoin(shared, shared.c.trace_id == traces.c.id)
        .subquery()
    )
    conditions: list[ColumnElement[bool]] = []
    if retention.days is not None:
        conditions.append(ranked.c.since < now - timedelta(days=min(retention.days, _MOST_DAYS)))
    if retention.runs is not None:
        conditions.append(ranked.c.place > retention.runs)
    if retention.megabytes is not None:
        conditions.append(ranked.c.room > retention.megabytes * _MEGABYTE)
    return select(ranked.c.id).where(or_(literal(False), *conditions))


def _shared() -> Subquery:
    """Return the bytes of attachments by the latest recording that refers to them."""
    place = func.row_number().over(partition_by=trace_links.c.digest, order_by=_LATEST_FIRST)
    links = (
        select(trace_links.c.trace_id, trace_links.c.digest, place.label("place"))
        .join(traces, traces.c.id == trace_links.c.trace_id)
        .subquery()
    )
    size = func.sum(func.length(trace_attachments.c.value))
    return (
        select(links.c.trace_id, size.label("bytes"))
        .join(trace_attachments, trace_attachments.c.digest == links.c.digest)
        .where(links.c.place == 1)
        .group_by(links.c.trace_id)
        .subquery()
    )
