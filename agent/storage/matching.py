"""Conditions on recordings, in SQL."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, func, or_

from agent.recording.summary import Wanted
from agent.storage.tables import feedback, readable, traces
from tools.errors import InvalidInput

_LONGEST_TEXT = 200


def matching(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that all must hold.

    Raises:
        InvalidInput: The text to search for is too long.
    """
    equal = {
        traces.c.status: wanted.status,
        traces.c.route: wanted.route,
        traces.c.degraded: wanted.degraded,
        traces.c.kind: wanted.kind,
        traces.c.parent: wanted.parent,
        traces.c.thread_id: wanted.thread_id,
        feedback.c.thumb: wanted.thumb,
    }
    yield from (column == value for column, value in equal.items() if value is not None)
    if wanted.slower_than_ms is not None:
        yield traces.c.duration_ms > wanted.slower_than_ms
    if wanted.faithfulness_below is not None:
        yield traces.c.faithfulness < wanted.faithfulness_below
    if wanted.text:
        yield _mentioning(wanted.text)


def _mentioning(text: str) -> ColumnElement[bool]:
    if len(text) > _LONGEST_TEXT:
        raise InvalidInput(f"the text to search for is longer than {_LONGEST_TEXT} characters; shorten it")
    folded = readable(text).casefold()
    return or_(
        traces.c.folded.contains(folded, autoescape=True),
        func.lower(traces.c.id).startswith(folded, autoescape=True),
        func.lower(traces.c.thread_id) == folded,
        traces.c.thread_id == text,  # lower() leaves letters beyond ASCII to SQLite's as they are
    )
