"""Text of documents, rows and models on its way to a terminal, which obeys control characters."""

from collections.abc import Mapping
from typing import Any

from agent.recording.recording import Json

_KEPT = {"\n": "\n", "\t": "  "}


def harmless(value: Json) -> Any:  # noqa: ANN401 - JSON of the same form
    """Return JSON in which no text holds anything but what can be printed, and line breaks."""
    if isinstance(value, str):
        return value if value.isprintable() else "".join(map(_printable, value))
    if isinstance(value, Mapping):
        return {harmless(key): harmless(each) for key, each in value.items()}
    return [harmless(each) for each in value] if isinstance(value, list | tuple) else value


def on_one_line(text: str, longest: int | None = None) -> str:
    """Return text without line breaks, cut where it is too long."""
    joined = " ".join(text.split())
    return joined if longest is None or len(joined) <= longest else joined[: longest - 1] + "…"


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return _KEPT.get(character, " " if character.isspace() else "�")
