"""Cursors: where the next part of a list begins, as text that means nothing to whoever carries it."""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta

from tools.errors import InvalidInput

MOST_ITEMS = 1000
"""Largest part of a list."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 200
_MOST = 2**63
"""Of what a database counts to."""


def check_limit(limit: int) -> None:
    """Raise InvalidInput unless a part of this size can be asked for."""
    if not 1 <= limit <= MOST_ITEMS:
        raise InvalidInput(f"limit {limit} is not usable; ask for 1 to {MOST_ITEMS}")


def place_cursor(place: int) -> str:
    """Return the cursor of what follows a place."""
    return _written([place])


def read_place(cursor: str) -> int:
    """Return the place of a cursor, in [0, 2⁶³).

    Raises:
        InvalidInput: It is none of ours.
    """
    match _read(cursor):
        case [int(place)] if not isinstance(place, bool) and 0 <= place < _MOST:
            return place
    raise _unknown()


def moment_cursor(moment: datetime, identifier: str) -> str:
    """Return the cursor of what follows a moment and, at the same moment, an id."""
    return _written([(moment - _EPOCH) // timedelta(microseconds=1), identifier])


def read_moment(cursor: str) -> tuple[datetime, str]:
    """Return the moment and the id of a cursor.

    Raises:
        InvalidInput: It is none of ours.
    """
    match _read(cursor):
        case [int(microseconds), str(identifier)] if not isinstance(microseconds, bool):
            try:
                return _EPOCH + timedelta(microseconds=microseconds), identifier
            except OverflowError as error:
                raise _unknown() from error
    raise _unknown()


def _written(values: list[int | str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str) -> object:
    if len(cursor) > _LONGEST:
        raise _unknown()
    try:
        return json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _unknown() from error


def _unknown() -> InvalidInput:
    return InvalidInput("the cursor is not one that was given out here; take it from the last answer")
