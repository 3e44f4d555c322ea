"""How near ingest comes to the speed of its embedder, which bounds it.

Each round ingests into an empty installation and then embeds the same chunks at once with the same model, so
that both feel the machine's mood. The model is loaded before either. The ratio is of the time that passed, in
the median round. Where the rounds disagree, other processes came in between and the median means little; the
quickest ingest against the quickest embedding, and processor time, suffer less.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from agent.bootstrap import open_library
from agent.settings import load
from bench.figures import AtLeast, Figure, Outcome, Skipped, data_folder
from bench.installations import temporary_folder, with_documents, with_sample

ROUNDS = 3
MOST_CHUNKS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Seconds that passed, and of the processor."""

    passed: float
    processor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One set of chunks, ingested and embedded."""

    chunks: int
    ingest: Taken
    embed: Taken


def measure() -> Iterator[Outcome]:
    """Measure the sample's documents and a public help centre's."""
    yield from _measure("sample documents", with_sample)
    banking = data_folder() / "tau2_knowledge" / "kb_banking.jsonl"
    if banking.exists():
        yield from _measure("tau2_knowledge banking", lambda folder: with_documents(folder, banking))
    else:
        yield Skipped(measured="tau2_knowledge banking", reason="../shared/data does not hold this set")


def _measure(name: str, installed: Callable[[Path], Path]) -> Iterator[Figure]:
    with temporary_folder() as folder:
        file = installed(folder)
        rounds = [_round(file) for _ in range(ROUNDS)]
    times = f"{ROUNDS} × {rounds[0].chunks} chunks"
    quickest = min(each.embed.passed for each in rounds) / min(each.ingest.passed for each in rounds)
    ratios = {
        "time": [each.embed.passed / each.ingest.passed for each in rounds],
        "processor time": [each.embed.processor / each.ingest.processor for each in rounds],
    }
    rates = {
        "ingest": [each.chunks / each.ingest.passed for each in rounds],
        "bare embedder": [each.chunks / each.embed.passed for each in rounds],
    }
    for what, values in ratios.items():
        yield Figure(
            measured=f"{name}: ingest / bare embedder by {what}",
            value=median(values),
            digits=2,
            target=AtLeast(value=0.85) if what == "time" else None,
            rounds=times,
            remark=", ".join(f"{value:.2f}" for value in values),
        )
    yield Figure(
        measured=f"{name}: ingest / bare embedder, quickest of each", value=quickest, digits=2, rounds=times
    )
    for what, values in rates.items():
        measured = f"{name}: {what}"
        yield Figure(measured=measured, value=median(values), unit="chunks/s", digits=0, rounds=times)


def _round(file: Path) -> Round:
    """Ingest everything into an empty store, then embed what it holds."""
    settings = load(file)
    names = tuple(settings.knowledge_bases)
    shutil.rmtree(settings.folder, ignore_errors=True)
    with open_library(settings) as library:
        library.embedder.embed(["the model is loaded now"])
        ingest = _timed(lambda: [library.ingest(name) for name in names])
        stored = [chunk for name in names for chunk in library.store.sample(name, limit=MOST_CHUNKS)[0]]
        texts = [chunk.embedding_text for chunk in stored]
        return Round(chunks=len(texts), ingest=ingest, embed=_timed(lambda: library.embedder.embed(texts)))


def _timed(work: Callable[[], object]) -> Taken:
    passed, processor = time.perf_counter(), time.process_time()
    work()
    return Taken(passed=time.perf_counter() - passed, processor=time.process_time() - processor)
