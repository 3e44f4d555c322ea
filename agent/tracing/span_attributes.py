"""Attributes of spans: plain values, and bounded."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from agent.recording.recording import Json

Attribute: TypeAlias = str | int | float | bool | Sequence[str]
Attributes: TypeAlias = dict[str, Attribute]

MOST_CHARACTERS = 256
"""Of a name, and of everything else that is no content."""
MOST_CONTENT = 8_192
"""Characters of one text of content."""
MOST_VALUES = 64
"""Of one list."""


def cut(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return a text, or as much of it as an attribute holds."""
    return text if len(text) <= most else text[: most - 1] + "…"


def present(values: Mapping[str, Json]) -> Attributes:
    """Return the values that are there, bounded; anything but a plain value or a list is left out."""
    bounded: Attributes = {}
    for name, value in values.items():
        if isinstance(value, str):
            bounded[name] = cut(value)
        elif isinstance(value, bool | int | float):
            bounded[name] = value
        elif isinstance(value, list | tuple):
            bounded[name] = [cut(str(each)) for each in value[:MOST_VALUES]]
    return bounded


def messages_of(said: Sequence[tuple[str, str]], reply: str | None) -> Attributes:
    """Return what was said to whoever answers, and the reply, in the form that the conventions prescribe."""
    attributes: Attributes = {"gen_ai.input.messages": written([_message(*each) for each in said])}
    if reply is not None:
        replied = [{**_message("assistant", reply), "finish_reason": "stop"}]
        attributes["gen_ai.output.messages"] = written(replied)
    return attributes


def written(values: Sequence[Json] | Mapping[str, Json]) -> str:
    """Return JSON as text, because not every backend takes attributes with parts of their own."""
    if isinstance(values, Mapping):
        return json.dumps(dict(list(values.items())[:MOST_VALUES]), ensure_ascii=False)
    return json.dumps(values[:MOST_VALUES], ensure_ascii=False)


def _message(role: str, text: str) -> dict[str, Json]:
    return {"role": role, "parts": [{"type": "text", "content": cut(text, MOST_CONTENT)}]}
