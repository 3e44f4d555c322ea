"""How near ingest comes to the speed of its embedder, which bounds it.

Each round ingests into an empty installation and then embeds the same chunks at once with the same model, so
that both feel the machine's mood. The model is loaded before either.
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

ROUNDS = 5
MOST_CHUNKS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Seconds for one set of chunks."""

    chunks: int
    ingest: float
    embed: float


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
    ratios = [each.embed / each.ingest for each in rounds]
    times = f"{ROUNDS} × {rounds[0].chunks} chunks"
    yield Figure(
        measured=f"{name}: ingest / bare embedder",
        value=median(ratios),
        digits=2,
        target=AtLeast(value=0.85),
        rounds=times,
        remark=", ".join(f"{ratio:.2f}" for ratio in ratios),
    )
    rates = {
        "ingest": [each.chunks / each.ingest for each in rounds],
        "bare embedder": [each.chunks / each.embed for each in rounds],
    }
    for what, values in rates.items():
        yield Figure(
            measured=f"{name}: {what}", value=median(values), unit="chunks/s", digits=0, rounds=times
        )


def _round(file: Path) -> Round:
    """Ingest everything into an empty store, then embed what it holds."""
    settings = load(file)
    shutil.rmtree(settings.folder, ignore_errors=True)
    with open_library(settings) as library:
        library.embedder.embed(["the model is loaded now"])
        started = time.perf_counter()
        for name in settings.knowledge_bases:
            library.ingest(name)
        ingested = time.perf_counter()
        texts = [
            chunk.embedding_text
            for name in settings.knowledge_bases
            for chunk in library.store.sample(name, limit=MOST_CHUNKS)[0]
        ]
        before = time.perf_counter()
        library.embedder.embed(texts)
        return Round(chunks=len(texts), ingest=ingested - started, embed=time.perf_counter() - before)
