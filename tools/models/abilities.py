"""What models turned out to be able to do, remembered so that it is found out once."""

import json
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

Method: TypeAlias = Literal["json_schema", "tool", "json_object"]
"""A way to ask for a reply of a given form."""
LimitField: TypeAlias = Literal["max_completion_tokens", "max_tokens"]
"""A name for the longest reply; OpenAI's newer models refuse the older one, other endpoints know no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What is known of one model of one endpoint."""

    method: Method | None = None
    """The way to typed output that worked."""
    stream_usage: bool = True
    """False when it declined to say how many tokens a stream used."""
    limit_field: LimitField | None = None
    """None until the first choice was declined."""


_Known = TypeAdapter(dict[str, Abilities])


class AbilityMemory:
    """Remembers in the process and, when a file is given, on disk.

    The file names neither endpoint nor model. It is a cache: what cannot be read or written is found out
    again.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, Abilities] = {}
        if file is not None:
            with suppress(OSError, ValidationError):
                self._known = _Known.validate_json(file.read_bytes())

    def recall(self, base_url: str, model: str) -> Abilities:
        """Return what is known of a model."""
        return self._known.get(_key(base_url, model), Abilities())

    def learn(self, base_url: str, model: str, abilities: Abilities) -> None:
        """Remember; nothing is written when it was known."""
        key = _key(base_url, model)
        if self._known.get(key, Abilities()) == abilities:
            return
        self._known[key] = abilities
        if self._file is not None:
            with suppress(OSError):
                _replace(self._file, {name: asdict(known) for name, known in self._known.items()})


def _key(base_url: str, model: str) -> str:
    return sha256(f"{base_url}\n{model}".encode()).hexdigest()[:16]


def _replace(file: Path, content: dict[str, dict[str, object]]) -> None:
    """Write beside the file, then rename: a reader sees the old or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, encoding="utf-8", delete=False) as beside:
        try:
            json.dump(content, beside, indent=1, sort_keys=True)
            beside.close()
            Path(beside.name).replace(file)
        finally:
            Path(beside.name).unlink(missing_ok=True)
