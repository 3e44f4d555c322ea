"""Turns what database drivers return into plain cells."""

import json
import math
from datetime import date, datetime, time
from decimal import Decimal

from tools.types import Cell

MOST_CHARACTERS = 2_000
"""Longer texts are cut, the last character becoming an ellipsis."""


def to_cell(value: object) -> Cell:
    """Return a value as text, number, truth or None; dates as ISO text, bytes as their count."""
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
    if not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
    return value


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
