"""Verdicts of judges, kept by content: the same model asked the same gives what it gave before."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tools.errors import ConfigurationError
from tools.ports import ReplyType
from tools.private import make_file, make_folder
from tools.types import Prompt

VERDICTS = "verdicts.jsonl"
"""File inside the folder of evaluations."""


@dataclass(slots=True, kw_only=True)
class VerdictCache:
    """A file of verdicts, a line each; lines that cannot be read are passed over and asked for again.

    Lines are only ever added, each in one write, so that a process that dies loses its last one at most.
    """

    file: Path
    _known: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> "VerdictCache":
        """Read what is known, and end a line that was cut off.

        Raises:
            ConfigurationError: The folder cannot be used.
        """
        cache = cls(file=folder / VERDICTS)
        try:
            make_folder(folder)
            make_file(cache.file)
            text = cache.file.read_bytes()
            if text and not text.endswith(b"\n"):
                cache._append("")
        except OSError as error:
            raise cache._unusable(error) from error
        for line in text.split(b"\n"):
            cache._take(line)
        return cache

    def find(self, key: str, form: type[ReplyType]) -> ReplyType | None:
        """Return a reply that is known, if it is still of the form."""
        try:
            return form.model_validate(self._known[key]) if key in self._known else None
        except ValidationError:
            return None

    def keep(self, key: str, reply: BaseModel) -> None:
        """Remember a reply.

        Raises:
            ConfigurationError: The file cannot be written.
        """
        self._known[key] = reply.model_dump(mode="json")
        try:
            self._append(json.dumps({"key": key, "reply": self._known[key]}))
        except OSError as error:
            raise self._unusable(error) from error

    def _append(self, line: str) -> None:
        with self.file.open("ab") as file:
            file.write(f"{line}\n".encode())

    def _take(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if isinstance(entry, dict) and isinstance(entry.get("key"), str):
            self._known[entry["key"]] = entry.get("reply")

    def _unusable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"{self.file}: verdicts cannot be kept there ({error.strerror}); choose another storage.folder"
        )


def key_of(prompt: Prompt, form: type[BaseModel], *, model: str, attempt: int) -> str:
    """Return what a reply depends on, as a digest; another attempt is another question."""
    told = [
        model,
        prompt.name,
        [[message.role, message.text] for message in prompt.messages],
        form.model_json_schema(),
        attempt,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
