"""Values that many recordings share: the configuration, a schema, the values of a column, a lexicon."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

import orjson

from agent.recording.recording import Json

REMEMBERED = 512
"""Values that are encoded once as long as they are used."""


class Attachments:
    """Remembers what it has encoded, by identity. Safe to share between threads."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._known: OrderedDict[int, tuple[object, str, Json]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, value: object, encode: Callable[[object], Json]) -> tuple[str, Json]:
        """Return the digest of a value and the value as JSON."""
        with self._lock:
            known = self._known.get(id(value))
            if known is not None and known[0] is value:
                self._known.move_to_end(id(value))
                return known[1], known[2]
        encoded = encode(value)
        written = orjson.dumps(encoded, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
        digest = blake2b(written, digest_size=16).hexdigest()
        with self._lock:
            self._known[id(value)] = (value, digest, encoded)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return digest, encoded
