"""Turns what database drivers return into plain cells."""

import json
import math
from datetime import date, datetime, time
from decimal import Decimal

from tools.types import Cell

MOST_CHARACTERS = 2_000
"""Longer texts are cut, the last character becoming an ellipsis."""
_MOST_DIGITS = 30
_EXACT = 2**53
"""Up to here a float tells all whole numbers apart."""


def to_cell(value: object) -> Cell:
    """Return a value as text, number, truth or None; dates as ISO text, bytes as their count.

    What is not a number (NaN) is unknown; a number too large for a float is text.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(bytes(value))} bytes>"
    if isinstance(value, list | tuple | dict):
        return _cut(json.dumps(value, default=str, ensure_ascii=False))
    return _cut(str(value))


def _number(value: float | Decimal) -> Cell:
    if value.is_nan() if isinstance(value, Decimal) else math.isnan(value):
        return None
    if isinstance(value, Decimal) and _is_whole(value):
        return int(value)
    number = float(value)
    if not math.isfinite(number) or (abs(number) > _EXACT and number != value):
        return _cut(str(value).replace("inf", "Infinity"))
    return number


def _is_whole(value: Decimal) -> bool:
    """Tell a count from a sum of money that happens to be round, and from what no reader can use."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= 0 and value.adjusted() < _MOST_DIGITS


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
