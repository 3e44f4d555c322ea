"""Readers of JSON that may be anything: a recording can come from elsewhere."""

import math
from collections.abc import Mapping, Sequence

from agent.recording.recording import Json

DEEPEST = 48
"""Nesting that is shown."""
LONGEST = 200_000
"""Characters of one text that are shown."""


def mapped(value: Json, *names: str) -> Mapping[str, Json]:
    """Return the object at the end of a path of names; an empty one when there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def listed(value: Json) -> Sequence[Json]:
    """Return a list; an empty one when it is none."""
    return value if isinstance(value, list | tuple) else ()


def objects(value: Json) -> list[Mapping[str, Json]]:
    """Return the objects of a list."""
    return [each for each in listed(value) if isinstance(each, Mapping)]


def text(value: Json) -> str:
    """Return a text; an empty one when it is none."""
    return value if isinstance(value, str) else ""


def optional_text(value: Json) -> str | None:
    """Return a text; None when it is none."""
    return value if isinstance(value, str) else None


def number(value: Json) -> float:
    """Return a finite number; 0 when it is none."""
    found = optional_number(value)
    return 0.0 if found is None else found


def optional_number(value: Json) -> float | None:
    """Return a finite number; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e18 and math.isfinite(value) else None


def count(value: Json) -> int:
    """Return a whole number; 0 when it is none."""
    return int(number(value))


def excerpt(value: Json, length: int = 60) -> str:
    """Return the beginning of a text on one line."""
    told = " ".join(text(value)[: 4 * length].split())
    return told if len(told) <= length else f"{told[: length - 1].rstrip()}…"


def shown(value: Json, attachments: Mapping[str, Json] | None = None, *, depth: int = 0) -> Json:
    """Return a value as it is shown: vectors by their size, attachments in place, nothing without bounds.

    Args:
        value: What is shown.
        attachments: What it may refer to; nothing is put in place without.
        depth: How deep it stands already.
    """
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value):,} characters)"
    if not isinstance(value, (dict, list, tuple)):
        return value
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, dict):
        if "$vectors" in value:
            return {"$vectors": " × ".join(f"{count(size)}" for size in listed(value.get("shape"))[:4])}
        digest = value.get("$attachment")
        if attachments is not None and isinstance(digest, str) and digest in attachments:
            return shown(attachments[digest], depth=depth + 1)
        return {str(name): shown(each, attachments, depth=depth + 1) for name, each in value.items()}
    return [shown(each, attachments, depth=depth + 1) for each in value]
