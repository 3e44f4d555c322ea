"""A worker program that has been taken over: it answers a statement with the very bytes that it names."""

import os
import struct

from tools.database.worker.channel import read_frame
from tools.database.worker.messages import ACCEPTED, decoded, reply_lines

GARBAGE = {
    "no JSON": b"hello",
    "a pickle": b"\x80\x04\x95\x00",
    "another kind": b'{"is": "values", "version": ""}',
    "too many cells": b'{"is": "table", "columns": ["a"], "truncated": false, "version": ""}\n[1, 2]',
    "nothing": b"",
}
"""Replies in a proper frame."""
GIANT = "a giant"
END = "an end"


def main() -> None:
    """Come up properly, then answer as told."""
    read_frame(0)
    _write(b"\n".join(reply_lines(None)))
    while (request := read_frame(0)) is not None:
        told = decoded(request)
        _write(ACCEPTED)
        statement = told.get("statement") if isinstance(told, dict) else None
        if statement == END:
            os._exit(3)
        if statement == GIANT:
            os.write(1, struct.pack(">I", 2**32 - 1))
        else:
            _write(GARBAGE.get(str(statement), b'{"is": "done", "version": ""}'))


def _write(payload: bytes) -> None:
    os.write(1, struct.pack(">I", len(payload)) + payload)
