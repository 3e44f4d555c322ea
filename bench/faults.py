"""What becomes of answers while the endpoint of the language model fails.

Answerable questions are asked of a small installation, through the real adapter and over HTTP. A useful end
is an answer with citations; an honest "my sources do not answer this" would count as a loss here.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from sys import maxsize

from agent.assistant import open_session
from agent.bootstrap import Library, open_deps
from agent.session import Session
from bench.figures import AtLeast, AtMost, Figure, Outcome
from bench.installations import ingested, temporary_folder
from tests.agent.facing_faults import Ending, ask_all, open_with
from tests.agent.small_shop import QUESTIONS, write_shop
from tests.endpoint.paraphraser import paraphraser
from tests.endpoint.reader import reader
from tests.endpoint.server import Endpoint as Server
from tests.endpoint.server import Fault, Reply, Request, Responder, always, faulty
from tests.endpoint.spoiling import Tally, remembering
from tools.models.breaker import Breaker
from tools.models.endpoint import Endpoint

FAULTED_REQUESTS = 10_000
SHARE = 0.5
"""Of the requests that are faulted."""
SEED = 3
BATCH = 200
AT_ONCE = 16
SECONDS = 1.0
"""Longest attempt of a request, for silence is among the faults."""
BUDGET_SECONDS = 5.0
DEAD = 50
"""The share of the faulted requests, one in so many, that is asked as questions of a dead endpoint."""
AS_CONFIGURED = 10
"""The same of an endpoint that is spared by its breaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Questions, how they ended, and what the endpoint did meanwhile."""

    endings: Sequence[Ending]
    requests: int
    faulted: int
    rarest: int
    """How often the rarest fault occurred."""

    def share(self, endings: Sequence[Ending]) -> float:
        """Return the percentage of useful ends."""
        return 100 * sum(ending.useful for ending in endings) / max(len(endings), 1)


def measure(size: int = FAULTED_REQUESTS) -> Iterator[Outcome]:
    """Measure with a breaker that never opens, as configured, and with an endpoint that is dead."""
    run = _faulted(size, spared=False)
    yield from _figures(f"{size:,} faulted requests", run, breaker="never opens, so that each is sent")
    run = _faulted(size // AS_CONFIGURED, spared=True)
    yield from _figures("the same faults, as configured", run, breaker="opens")
    with _refusing() as address:
        yield _dead("endpoint refuses connections", address, size // DEAD)
    with Server(always(Reply(fault=Fault.NEVER))) as server:
        yield _dead("endpoint never answers", server.base_url, size // DEAD)


def _figures(name: str, run: Run, *, breaker: str) -> Iterator[Figure]:
    """Yield the share of useful ends, and what must not be."""
    endings = run.endings
    hit = [ending for ending in endings if ending.hit]
    useful = sum(ending.useful for ending in endings)
    told = [
        f"{useful:,} of {len(endings):,} questions",
        f"{run.share(hit):.2f} % of the {len(hit):,} that a fault hit",
        f"{run.faulted:,} of {run.requests:,} requests faulted, each fault at least {run.rarest} times",
        _statuses(endings),
        f"breaker {breaker}",
    ]
    rounds = f"{len(endings):,} questions, {AT_ONCE} at once"
    yield Figure(
        measured=f"{name}: useful ends",
        value=run.share(endings),
        unit="%",
        digits=2,
        target=AtLeast(value=99.5),
        rounds=rounds,
        remark="; ".join(told),
    )
    for what, count, remark in (
        ("unhandled errors", *_counted([repr(ending.error) for ending in endings if ending.error])),
        ("hung", *_counted(["no end"] * sum(ending.hung for ending in endings))),
        ("answers that contradict themselves", *_counted([flaw for one in endings for flaw in one.flaws])),
    ):
        target = AtMost(value=0)
        yield Figure(
            measured=f"{name}: {what}", value=count, digits=0, target=target, rounds=rounds, remark=remark
        )


def _statuses(endings: Sequence[Ending]) -> str:
    """Say who answered: the model, the model with less than was asked of it, the local mode."""
    answers = [ending.answer for ending in endings if ending.answer is not None]
    counts = Counter(f"{answer.mode}{' degraded' if answer.degraded else ''}" for answer in answers)
    return "by " + ", ".join(f"{name} {count:,}" for name, count in counts.most_common())


def _counted(found: Sequence[str]) -> tuple[int, str]:
    """Return how many were found, and the most frequent ones in words."""
    frequent = Counter(found).most_common(3)
    return len(found), "; ".join(f"{count} × {what}" for what, count in frequent).replace("|", "/")


def _dead(name: str, address: str, size: int) -> Figure:
    """Measure how many questions the local mode answers, and says so."""
    with _installation(address) as library:
        endings = asyncio.run(_ask(open_session(library), size))
    local = [
        ending
        for ending in endings
        if ending.useful and ending.answer and ending.answer.mode == "local" and ending.answer.degraded
    ]
    slowest = max((ending.answer.timings_ms.total for ending in endings if ending.answer), default=0)
    return Figure(
        measured=f"{name}: answered by the local mode, marked degraded",
        value=100 * len(local) / len(endings),
        unit="%",
        digits=2,
        target=AtLeast(value=100),
        rounds=f"{len(endings):,} questions, {AT_ONCE} at once",
        remark=f"{len(local):,} of {len(endings):,}; slowest {slowest / 1000:.1f} of {BUDGET_SECONDS:.0f} s",
    )


def _faulted(size: int, *, spared: bool) -> Run:
    """Ask until so many requests were faulted; of a spared endpoint, so many questions."""
    quoting = remembering(paraphraser(reader()))
    tally = Tally(faulty(partial(_quickly, quoting), seed=SEED, share=SHARE))
    with Server(tally) as server, _installation(server.base_url) as library:
        if spared:
            endings = asyncio.run(_ask(open_session(library), size))
        else:
            endings = asyncio.run(_ask_until(library, server.base_url, tally, size))
    rarest = min(tally.faults[fault] for fault in Fault)
    return Run(endings=endings, requests=tally.replies, faulted=tally.faults.total(), rarest=rarest)


def _quickly(respond: Responder, request: Request) -> Reply:
    """Let nobody wait for long, and send few events."""
    return replace(respond(request), retry_after_seconds=0.05, chunk_characters=60)


async def _ask_until(library: Library, address: str, tally: Tally, size: int) -> list[Ending]:
    endings: list[Ending] = []
    breaker = Breaker(threshold=maxsize)
    async with (
        Endpoint(
            base_url=address,
            timeout_seconds=SECONDS,
            concurrency=AT_ONCE,
            backoff_seconds=0.05,
            breaker=breaker,
        ) as endpoint,
        open_deps(library) as deps,
        open_with(deps, library.settings, endpoint) as session,
    ):
        while tally.faults.total() < size:
            questions = list(islice(cycle(QUESTIONS), BATCH))
            endings += await ask_all(session, questions, seconds=BUDGET_SECONDS, at_once=AT_ONCE)
    return endings


async def _ask(opening: AbstractAsyncContextManager[Session], count: int) -> list[Ending]:
    async with opening as session:
        questions = list(islice(cycle(QUESTIONS), count))
        return await ask_all(session, questions, seconds=BUDGET_SECONDS, at_once=AT_ONCE)


@contextmanager
def _installation(address: str) -> Iterator[Library]:
    """Open a small installation in the language-model mode."""
    sections: dict[str, dict[str, object]] = {
        "assistant": {"mode": "llm"},
        "assistant.budget": {"seconds": BUDGET_SECONDS},
        "models": {"base_url": address, "seconds": SECONDS, "concurrency": AT_ONCE},
    }
    with temporary_folder() as folder, ingested(write_shop(folder, sections)) as library:
        yield library


@contextmanager
def _refusing() -> Iterator[str]:
    """Hold a port that nobody listens at."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"
