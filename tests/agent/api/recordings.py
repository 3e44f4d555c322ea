"""Recordings of a host: made by asking, and files that say what cannot be."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from tests.agent.api.hosts import QUESTION
from tests.agent.api.serving import new_thread

FILE = {"Content-Type": "application/json"}
Spoil = Callable[[dict[str, Any]], object]
"""Changes what a file says."""


async def asked(client: httpx2.AsyncClient, question: str = QUESTION, *, thread: str | None = None) -> str:
    """Ask, and return the run."""
    path = f"/api/threads/{thread or await new_thread(client)}/messages"
    reply = await client.post(path, json={"content": question})
    return str(reply.raise_for_status().json()["run_id"])


async def exported(client: httpx2.AsyncClient, run: str, *, scrub: bool = False) -> bytes:
    """Return the file of a run."""
    reply = await client.get(f"/api/traces/{run}/export", params={"scrub": scrub})
    return reply.raise_for_status().content


async def taken_in(client: httpx2.AsyncClient, content: bytes) -> httpx2.Response:
    """Import a file."""
    return await client.post("/api/traces/import", content=content, headers=FILE)


def spoiled(content: bytes, spoil: Spoil) -> bytes:
    """Return a file that says something else, under the id of a run that is not there."""
    file = json.loads(content)
    file["recording"]["run_id"] = "f" * 32
    spoil(file)
    return json.dumps(file).encode()


def _set(*path: str | int, to: Any) -> Spoil:  # noqa: ANN401  # JSON
    def spoil(file: dict[str, Any]) -> None:
        place: Any = file
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return spoil


def _nested(levels: int) -> Any:  # noqa: ANN401  # JSON
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def _another_attachment(file: dict[str, Any]) -> None:
    attachments = file["recording"]["attachments"]
    attachments[next(iter(attachments))] = {"assistant": {"mode": "llm"}}


def _one_passage_everywhere(file: dict[str, Any]) -> None:
    file["passages"][0]["text"] = "x" * 100_000
    file["recording"]["initial"]["notes"] = [{"$passage": 0}] * 1_000


HOSTILE: Mapping[str, Spoil] = {
    "no recording": _set("recording", to=[]),
    "another version": _set("format", to=99),
    "a field too many": _set("recording", "password", to="x"),
    "a field of another type": _set("recording", "steps", to="none"),
    "a kind that there is not": _set("recording", "kind", to="copy"),
    "a run without an id": _set("recording", "run_id", to=""),
    "an id that is a path": _set("recording", "run_id", to="../../etc/passwd"),
    "an id that is an address": _set("recording", "thread_id", to="<script>"),
    "a fork of nothing": _set("recording", "kind", to="fork"),
    "no time zone": _set("recording", "started", to="2026-03-16T09:30:00"),
    "a time that no database has": _set("recording", "started", to="0001-01-01T00:00:00+14:00"),
    "a duration before its beginning": _set("recording", "duration_ms", to=-1),
    "a duration without end": _set("recording", "duration_ms", to=1e300),
    "a question without end": _set("recording", "question", to="x" * 200_000),
    "an answer that is none": _set("recording", "answer", to={"answer": "yes"}),
    "figures that no database holds": _set("recording", "answer", "usage", "input_tokens", to=2**63),
    "a figure without end": _set("recording", "answer", "usage", "cost_usd", to=1e400),
    "attributes that are none": _set("recording", "attributes", to=[["a", {"b": 1}]]),
    "attributes without a name": _set("recording", "attributes", to=[[]]),
    "a node to go on at that there is not": _set("recording", "entry", to="x"),
    "a node to go on at that never pauses": _set("recording", "entry", to="prefetch"),
    "steps that are numbered twice": _set("recording", "steps", 1, "number", to=1),
    "a step before the first": _set("recording", "steps", 0, "superstep", to=-5),
    "a call of no step": _set("recording", "calls", 0, "step", to=77),
    "a call within itself": _set("recording", "calls", 0, "within", to=1),
    "a passage that is not there": _set("recording", "initial", to={"question": {"$passage": 9_999}}),
    "one passage a thousand times": _one_passage_everywhere,
    "state that is nested without end": _set("recording", "initial", to={"question": _nested(90)}),
    "an attachment of somebody else's digest": _another_attachment,
}
"""What a file may say so that it is none of ours."""
