"""How long answers take and how much memory, on a copy of the built-in sample.

Every round opens the sample anew, because the embedder remembers the questions of its own life. Processor
time stands beside the time that passed: on a busy machine only the first can be compared.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from agent.assistant import Assistant
from agent.demo.workspace import QUESTIONS, tour
from bench import startup
from bench.figures import AtMost, Figure, Outcome
from bench.installations import ingested, temporary_folder, with_sample

ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Milliseconds for one answer."""

    passed: float
    processor: float
    """Of all threads together."""


def measure() -> Iterator[Outcome]:
    """Measure warm answers, cold starts and memory."""
    questions = _questions()
    with temporary_folder() as folder:
        file = with_sample(folder)
        with ingested(file):
            pass
        yield from _warm([asyncio.run(_ask(file, questions)) for _ in range(ROUNDS)], questions)
        yield from startup.measure(file, questions)


def _questions() -> list[str]:
    """Return the labelled questions that need no conversation before them, or those of the tour."""
    if not QUESTIONS.exists():
        return tour()
    cases = map(json.loads, QUESTIONS.read_text(encoding="utf-8").splitlines())
    return [case["question"] for case in cases if not case.get("history")]


async def _ask(file: Path, questions: Sequence[str]) -> list[Taken]:
    """Open the sample, warm up with the tour, and time each question."""
    taken = []
    async with Assistant.open(file) as assistant:
        for question in tour():
            await assistant.ask(question)
        for question in questions:
            started, used = time.perf_counter(), time.process_time()
            await assistant.ask(question)
            passed, processor = time.perf_counter() - started, time.process_time() - used
            taken.append(Taken(passed=passed * 1000, processor=processor * 1000))
    return taken


def _warm(rounds: Sequence[Sequence[Taken]], questions: Sequence[str]) -> Iterator[Figure]:
    """Take each question's median over the rounds, then percentiles over the questions."""
    passed = [median(taken.passed for taken in each) for each in zip(*rounds, strict=True)]
    cuts = quantiles(passed, n=100, method="inclusive")
    processor = median(taken.processor for each in rounds for taken in each)
    by_round = ", ".join(f"{median(taken.passed for taken in each):.0f}" for each in rounds)
    figures = (
        ("p50", cuts[49], AtMost(value=120), f"by round {by_round}; processor time {processor:.0f} ms"),
        ("p95", cuts[94], None, ""),
        ("slowest", max(passed), None, questions[passed.index(max(passed))].replace("|", "/")),
    )
    for name, value, target, remark in figures:
        yield Figure(
            measured=f"warm ask, {name}",
            value=value,
            unit="ms",
            digits=1,
            target=target,
            rounds=f"{len(rounds)} × {len(questions)} questions",
            remark=remark,
        )
