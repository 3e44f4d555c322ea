"""Responders around responders: they remember, count, and spoil in turn."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from tests.endpoint.replies import Fault, Reply, Request, Responder


class Tally:
    """A responder that counts what another one replies."""

    def __init__(self, inner: Responder) -> None:
        self._inner = inner
        self.replies = 0
        self.faults: Counter[Fault] = Counter()

    def __call__(self, request: Request) -> Reply:
        """Return the other one's reply."""
        reply = self._inner(request)
        self.replies += 1
        if reply.fault is not None:
            self.faults[reply.fault] += 1
        return reply


def remembering(inner: Responder) -> Callable[[Request], Reply]:
    """Return a responder that thinks about the same conversation once."""
    known: dict[str, Reply] = {}

    def respond(request: Request) -> Reply:
        asked = json.dumps([request.form, request.messages])
        if asked not in known:
            known[asked] = inner(request)
        return known[asked]

    return respond


def in_turn(inner: Responder, faults: Sequence[Fault] = tuple(Fault)) -> Callable[[Request], Reply]:
    """Return a responder that spoils every other reply, with each fault in its turn."""
    numbers = count()

    def respond(request: Request) -> Reply:
        reply, (turn, whole) = inner(request), divmod(next(numbers), 2)
        return reply if whole else replace(reply, fault=faults[turn % len(faults)])

    return respond
