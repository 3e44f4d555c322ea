"""Streams of the server against a bare generator of events in the same process set-up.

Server, generator, model and the client that reads them are processes of their own on the same machine, so
that each side of a ratio suffers alike from what the others take.
"""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from httpx2 import AsyncClient

from agent.demo.workspace import tour
from bench.bare import TOKEN_SECONDS
from bench.figures import AtMost, Figure, Outcome
from bench.installations import ingested, temporary_folder, with_sample

STREAMS, AT_ONCE, ROUNDS = 96, 8, 5
MANY, MANY_ROUNDS = 200, 3
EVENTS = 24
"""What a local answer tells, about."""
LONG = 60
"""Events of each of the many streams, at the pace of the model."""
DEADLINE_SECONDS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """One stream as its reader saw it; seconds since the request."""

    first: float
    whole: float
    events: int
    failed: bool


def measure() -> Iterator[Outcome]:
    """Measure full local answers, then many streams of a model that speaks slowly."""
    with temporary_folder() as folder:
        file = with_sample(folder)
        with ingested(file):
            pass
        with (
            _process(*_serve(file)) as ours,
            _process(*_module("bench.bare", "events", str(EVENTS), "0")) as bare,
        ):
            yield _throughput(_address(ours), _address(bare))
        with (
            _process(*_module("bench.bare", "model")) as model,
            _process(*_serve(_with_model(file, _address(model)))) as ours,
            _process(*_module("bench.bare", "events", str(LONG), str(TOKEN_SECONDS))) as bare,
        ):
            yield from _many(_address(ours), _address(bare))


def _throughput(ours: str, bare: str) -> Figure:
    """Compare streams a second, in turn."""
    pairs = []
    for _ in range(ROUNDS):
        own = asyncio.run(_streams(ours, STREAMS, at_once=AT_ONCE, asking=True))
        limit = asyncio.run(_streams(bare, STREAMS, at_once=AT_ONCE, asking=False))
        pairs.append((STREAMS / own[0], STREAMS / limit[0]))
    ratios = [own / limit for own, limit in pairs]
    sides = [median(side) for side in zip(*pairs, strict=True)]
    return Figure(
        measured="full local answers streamed a second ÷ bare event streams",
        value=median(ratios),
        rounds=f"{ROUNDS} × {STREAMS} streams, {AT_ONCE} at once, in turn",
        remark=f"{sides[0]:.1f} ÷ {sides[1]:.0f} streams/s",
    )


def _many(ours: str, bare: str) -> Iterator[Figure]:
    """Compare the first bytes of many streams that begin at the same moment."""
    ratios, tails, errors, whole = [], [], 0, []
    for _ in range(MANY_ROUNDS):
        _, own = asyncio.run(_streams(ours, MANY, at_once=MANY, asking=True))
        _, limit = asyncio.run(_streams(bare, MANY, at_once=MANY, asking=False))
        errors += sum(stream.failed for stream in own)
        tails.append((_tail(own), _tail(limit)))
        ratios.append(tails[-1][0] / tails[-1][1])
        whole.append(median(stream.whole for stream in own))
    rounds = f"{MANY_ROUNDS} × {MANY} streams at once, in turn; a model with 20 tokens a second"
    yield Figure(
        measured=f"{MANY} streams at once: errors",
        value=errors,
        digits=0,
        target=AtMost(value=0),
        rounds=rounds,
        remark=f"an answer is whole after {median(whole):.1f} s",
    )
    sides = [median(side) * 1000 for side in zip(*tails, strict=True)]
    yield Figure(
        measured=f"{MANY} streams at once: first byte p99 ÷ bare event streams",
        value=median(ratios),
        digits=2,
        target=AtMost(value=2),
        rounds=rounds,
        remark=f"{sides[0]:.0f} ÷ {sides[1]:.0f} ms; by round {', '.join(f'{each:.2f}' for each in ratios)}",
    )


def _tail(streams: Sequence[Streamed]) -> float:
    return quantiles([stream.first for stream in streams], n=100, method="inclusive")[98]


async def _streams(address: str, count: int, *, at_once: int, asking: bool) -> tuple[float, list[Streamed]]:
    """Read streams to their ends and return the seconds it took, with each of them."""
    questions = tour()
    async with AsyncClient(base_url=address) as client:
        places = [await _place(client) if asking else "/stream" for _ in range(count)]
    turn = asyncio.Semaphore(at_once)

    async def one(number: int) -> Streamed:
        async with turn:
            return await _read(address, places[number], questions[number % len(questions)])

    started = time.perf_counter()
    streams = await asyncio.gather(*(one(number) for number in range(count)))
    return time.perf_counter() - started, streams


async def _place(client: AsyncClient) -> str:
    thread = await client.post("/api/threads", json={})
    return f"/api/threads/{thread.raise_for_status().json()['thread_id']}/messages"


async def _read(address: str, place: str, question: str) -> Streamed:
    """Read one stream over a bare socket: a whole client would take more of the machine than the server."""
    host = address.removeprefix("http://")
    body = json.dumps({"content": question}).encode()
    head = (
        f"POST {place} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    started, first, events, last = time.perf_counter(), None, 0, ""
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            reader, writer = await asyncio.open_connection(*host.split(":"))
            writer.write(head.encode() + body)
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    first = first or time.perf_counter() - started
                    events, last = events + 1, line[7:].decode().strip()
            writer.close()
    except (OSError, TimeoutError):
        last = ""
    whole = time.perf_counter() - started
    return Streamed(first=first or whole, whole=whole, events=events, failed=last != "done")


def _with_model(file: Path, address: str) -> Path:
    """Write the same installation with a language model, and return its configuration."""
    other = file.with_name("with_model.toml")
    models = f'\n[models]\nbase_url = "{address}"\nconcurrency = {MANY}\nseconds = 120.0\n'
    text = file.read_text(encoding="utf-8").replace(
        "[assistant]\n", "[assistant]\nbudget.seconds = 120.0\n", 1
    )
    other.write_text(text + models, encoding="utf-8")
    return other


def _serve(file: Path) -> list[str]:
    return _module("agent", "serve", "--port", "0", "--json", "--config", str(file))


def _module(*words: str) -> list[str]:
    return [sys.executable, "-m", *words]


@contextmanager
def _process(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that tells its address first, and end it."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def _address(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    return str(json.loads(line)["url"]) if line.startswith("{") else line.strip()
