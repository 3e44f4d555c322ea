"""Values as plain JSON, and which JSON is equal."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import Any, cast

import numpy
import orjson
from langgraph.types import Overwrite
from pydantic import BaseModel

from agent.recording.attachments import Attachments
from agent.recording.recording import Json, Port
from agent.recording.vectors import written_matrix
from tools.types import Chunk

DIGEST_BYTES = 16
OVERWRITE = "$overwrite"
"""Key of a value that replaces a channel which otherwise collects."""
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


class Passage(dict[str, Json]):
    """A chunk as JSON; a recording holds the same one many times, and its file once."""


class Encoder:
    """Turns the values of one recording into JSON; equal objects are encoded once."""

    def __init__(self, attachments: Attachments, *, scrub: Callable[[str], str] | None = None) -> None:
        """Put what recordings share among the attachments; `scrub` is given every text."""
        self._attachments = attachments
        self._scrub = scrub
        self._known: dict[int, Json] = {}
        self.referred: dict[str, Json] = {}
        """Digest → value of every attachment that was referred to."""

    def attach(self, value: object) -> str:
        """Refer to a value that many recordings share, and return its digest."""
        digest, encoded = self._attachments.of(value, self._whole)
        self.referred[digest] = encoded
        return digest

    def attached(self, value: object) -> dict[str, str]:
        """Return a reference to a value that many recordings share."""
        return {"$attachment": self.attach(value)}

    def json(self, value: object) -> Json:
        """Encode a value."""
        if value is None or value is True or value is False or type(value) is int:
            return value
        if type(value) is str:
            return self._text(value)
        if type(value) is float:
            return value if math.isfinite(value) else str(value)
        if isinstance(value, Mapping):
            return {str(self.json(key)): self.json(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.json(each) for each in value]
        if (known := self._known.get(id(value))) is None:
            known = self._known[id(value)] = self._encode(value)
        return known

    def _whole(self, value: object) -> Json:
        return self._encode(value) if is_dataclass(value) else self.json(value)

    def _encode(self, value: object) -> Json:
        if isinstance(value, Overwrite):
            return {OVERWRITE: self.json(value.value)}
        if is_dataclass(value):
            kind = Passage if isinstance(value, Chunk) else dict
            return kind((name, self.json(getattr(value, name))) for name in _names(type(value)))
        return self._other(value)

    def _other(self, value: object) -> Json:
        if isinstance(value, numpy.ndarray):
            return written_matrix(value)
        if isinstance(value, numpy.generic):
            return self.json(value.item())
        if isinstance(value, datetime | date):
            return value.isoformat()
        if isinstance(value, BaseModel):
            return self.json(value.model_dump(mode="json"))
        if isinstance(value, set | frozenset):
            return sorted(self.json(list(value)), key=str)
        return self.json(_plainest(value))

    def _text(self, text: str) -> str:
        if not text.isascii():
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text if self._scrub is None else self._scrub(text)


def digest_of(value: Json) -> str:
    """Return the digest of JSON: 32 hexadecimal digits of BLAKE2b over it, keys sorted."""
    return blake2b(canonical(value), digest_size=DIGEST_BYTES).hexdigest()


def canonical(value: Json) -> bytes:
    """Write JSON in the one way in which equal values are equal bytes."""
    return orjson.dumps(value, option=_OPTIONS)


def key_of(port: Port, method: str, request: Mapping[str, Json]) -> str:
    """Return the digest of a call's port, method and request."""
    return digest_of([port, method, request])


_FIELDS: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> Sequence[str]:
    """Return the names of a dataclass's fields that make it what it is."""
    if kind not in _FIELDS:
        found = fields(cast("Any", kind))
        _FIELDS[kind] = tuple(one.name for one in found if one.init and not one.name.startswith("_"))
    return _FIELDS[kind]


def _plainest(value: object) -> object:
    """Return a subclass of a plain type as that type; anything else by its name."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return type(value).__name__
