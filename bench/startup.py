"""What whole processes take that answer one question, or many: time, imports and memory."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from bench.figures import AtMost, Figure

ROUNDS, IMPORT_ROUNDS = 5, 3
MANY = 100
"""Questions of the process whose memory is measured after use."""
HEAVIEST = 5
MOST_MEGABYTES = AtMost(value=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process took."""

    seconds: float
    processor: float
    """Seconds of processor time, all threads together."""
    megabytes: float
    """Peak resident memory."""


def measure(file: Path, questions: Sequence[str]) -> Iterator[Figure]:
    """Measure processes that answer from an ingested installation."""
    yield from _cold(_command(file, questions[0]))
    yield from _imports(_command(file, questions[0]))
    lines = [json.dumps({"question": question}) for question in islice(cycle(questions), MANY)]
    run = _run(_command(file, "-"), text="\n".join(lines))
    yield _memory(f"peak memory, {MANY} questions", run.megabytes, rounds=1)


def _cold(command: Sequence[str]) -> Iterator[Figure]:
    """Start a process a round; the answer is there when it ends."""
    runs = [_run(command) for _ in range(ROUNDS)]
    processor = median(run.processor for run in runs)
    each = ", ".join(f"{run.seconds:.2f}" for run in runs)
    yield Figure(
        measured="cold start to answer",
        value=median(run.seconds for run in runs),
        unit="s",
        digits=2,
        target=AtMost(value=3),
        rounds=str(ROUNDS),
        remark=f"each {each}; processor time {processor:.2f} s",
    )
    yield _memory("peak memory, one question", max(run.megabytes for run in runs), rounds=ROUNDS)


def _imports(command: Sequence[str]) -> Iterator[Figure]:
    """Sum the time spent in each top-level package itself, without what it imports in turn."""
    reports = [_import_times(command) for _ in range(IMPORT_ROUNDS)]
    typical = {
        name: median(report.get(name, 0.0) for report in reports) for name in set[str]().union(*reports)
    }
    heaviest = sorted(typical, key=typical.__getitem__, reverse=True)[:HEAVIEST]
    figures = {
        "all imports": median(sum(report.values()) for report in reports),
        **{f"importing {name} itself": typical[name] for name in heaviest},
    }
    for measured, value in figures.items():
        yield Figure(measured=measured, value=value, unit="ms", digits=0, rounds=str(IMPORT_ROUNDS))


def _import_times(command: Sequence[str]) -> dict[str, float]:
    """Return the milliseconds that the modules of each top-level package took."""
    traced = [command[0], "-X", "importtime", *command[1:]]
    done = subprocess.run(traced, capture_output=True, text=True, check=True)
    taken: dict[str, float] = defaultdict(float)
    for line in done.stderr.splitlines():
        label, _, columns = line.partition(":")
        own, _, rest = columns.partition("|")
        if label == "import time" and own.strip().isdigit():
            taken[rest.rpartition("|")[2].strip().partition(".")[0]] += int(own) / 1000
    return taken


def _command(file: Path, question: str) -> list[str]:
    return [sys.executable, "-m", "agent", "ask", question, "--json", "--config", str(file)]


def _run(command: Sequence[str], *, text: str = "") -> Run:
    watched = [sys.executable, "-m", "bench.peak", *command]
    done = subprocess.run(watched, input=text, stdout=subprocess.PIPE, text=True, check=True)
    used = json.loads(done.stdout)
    return Run(seconds=used["seconds"], processor=used["processor"], megabytes=used["bytes"] / 1e6)


def _memory(measured: str, megabytes: float, *, rounds: int) -> Figure:
    return Figure(
        measured=measured, value=megabytes, unit="MB", digits=0, target=MOST_MEGABYTES, rounds=str(rounds)
    )
