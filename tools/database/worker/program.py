"""What a worker process runs: it opens the database and answers one request after the other.

It is told everything over its standard input, and ends when that does. What it cannot handle ends it too: the
parent notices, and starts another.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any

from tools.database.schema import ReflectedDatabase, Schema
from tools.database.worker import limits
from tools.database.worker.channel import read_frame, write_frame
from tools.database.worker.messages import (
    ACCEPTED,
    MOST_REPLY_BYTES,
    Content,
    decoded,
    principal_from_json,
    reply_lines,
)
from tools.database.worker.opening import Opening
from tools.errors import PlumblineError, RejectedQuery
from tools.types import ANYONE

_STACK_BYTES = 256 * 1024
"""Of a thread; the usual eight megabytes would count as memory that the statement takes."""
_WORTH_GIVING_BACK_BYTES = 4 << 20
_TOO_MUCH_MEMORY = "the statement needs more memory than it may take; ask for less"
_TOO_MUCH_TEXT = "the result is larger than may be read at once; ask for less"


def main() -> None:
    """Serve the database that the parent names."""
    serve(_open)


def serve(open_one: Callable[[Opening], ReflectedDatabase]) -> None:
    """Answer the parent's requests until it closes the pipe.

    Args:
        open_one: Opens the database; its error is the first reply, and the last.
    """
    replies = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no reply
    first = read_frame(0)
    if first is None:
        return
    opening = Opening.heard(first)
    requests = _requests()
    try:
        database = open_one(opening)
    except PlumblineError as error:
        write_frame(replies, b"\n".join(reply_lines(error)))
        return
    service = Service(database)
    service.prepare()
    limits.restrict(memory_mb=opening.memory_mb, dialect=opening.dialect)
    write_frame(replies, b"\n".join(reply_lines(None)))
    at_rest = limits.resident_bytes()
    while True:
        request: Any = decoded(requests.get())
        write_frame(replies, ACCEPTED)
        limits.allow_processor_time(opening.deadline_seconds)
        write_frame(replies, service.reply(request))
        if service.is_spent:
            os._exit(0)  # the parent starts another, which has all of its memory yet
        if limits.resident_bytes() > at_rest + _WORTH_GIVING_BACK_BYTES:
            limits.give_back_memory()


class Service:
    """Answers requests from one database."""

    def __init__(self, database: ReflectedDatabase) -> None:
        """Wrap the database."""
        self._database = database
        self._schema: Schema | None = None
        self._version = ""
        self.is_spent = False
        """Whether memory ran out, after which nobody knows what is left of it."""

    def prepare(self) -> None:
        """Connect and look at the tables; whoever asks first meets the error again."""
        try:
            self._database.ping()
            self._note_schema()
        except PlumblineError:
            return

    def reply(self, request: Mapping[str, Any]) -> bytes:
        """Return the reply to a request, an error of ours being one."""
        try:
            content = self._content(request)
            self._note_schema()
            return self._joined(content)
        except PlumblineError as error:
            self.is_spent = isinstance(error.__cause__, MemoryError)
            return self._joined(error)
        except MemoryError:
            self.is_spent = True
            return self._joined(RejectedQuery(_TOO_MUCH_MEMORY, "too_large"))

    def _content(self, request: Mapping[str, Any]) -> Content:
        principal = principal_from_json(request["principal"])
        match request["do"]:
            case "fetch":
                return self._database.fetch(
                    request["statement"], request["parameters"], limit=request["limit"], principal=principal
                )
            case "schema":
                return self._database.schema(principal)
            case "values":
                return self._database.values(
                    request["table"], request["column"], limit=request["limit"], principal=principal
                )
            case _:
                self._database.ping()
                return None

    def _joined(self, content: Content | PlumblineError) -> bytes:
        lines, length = [], 0
        for line in reply_lines(content, version=self._version):
            lines.append(line)
            length += len(line) + 1
            if length > MOST_REPLY_BYTES:
                raise RejectedQuery(_TOO_MUCH_TEXT, "too_large")
        return b"\n".join(lines)

    def _note_schema(self) -> None:
        schema = self._database.schema(ANYONE)
        if schema != self._schema:
            self._schema = schema
            self._version = fingerprint(schema)


def fingerprint(schema: Schema) -> str:
    """Return what identifies the content of a schema, also in another process."""
    digest = hashlib.sha256()
    for line in reply_lines(schema):
        digest.update(line)
    return digest.hexdigest()[:16]


def _open(opening: Opening) -> ReflectedDatabase:
    from tools.database.engine import open_database  # most of what a worker takes, and only this one needs it

    return open_database(
        opening.url,
        tables=opening.tables,
        deadline_seconds=opening.deadline_seconds,
        rules=opening.rules,
        descriptions=opening.descriptions,
        most_cost=opening.most_cost,
        allow_writable_role=opening.allow_writable_role,
        settled=opening.settled,
        most_bytes_kept=0,  # the parent keeps them; here they would take the memory of statements
    )


def _requests() -> "SimpleQueue[bytes]":
    """Read requests in a thread, which ends the process when there will be no more."""
    requests: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        while (request := read_frame(0)) is not None:
            requests.put(request)
        os._exit(0)

    threading.stack_size(_STACK_BYTES)
    threading.Thread(target=read, daemon=True).start()
    return requests
