"""What query bombs do to the process that asks, with the guard in front of the database and without it.

The second is what proves the worker processes: the guard refuses most bombs before they cost anything.
"""

import asyncio
import gc
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from resource import getpagesize
from tempfile import TemporaryDirectory

from agent.sections import Database
from bench.figures import AtLeast, AtMost, Figure, Outcome, Skipped
from tests.postgres_server import PostgresMissing, postgres_server
from tests.tools.database.worker.bombs import BOMBS
from tests.tools.database.worker.opened import fill_server, open_program, write_items
from tools.database.schema import Dialect
from tools.database.worker.isolated import IsolatedDatabase, open_isolated
from tools.errors import DeadlineExceeded, PlumblineError

DEADLINE_SECONDS = 1.0
LATENESS_SECONDS = 0.25
MOST_MEGABYTES, MOST_STALL_MILLISECONDS = 64, 50
WORKERS = 2
ROWS = 200
KILLS, KILL_DEADLINE_SECONDS = 200, 0.1
TICK_SECONDS, SAMPLE_SECONDS, SETTLING_SECONDS = 0.002, 0.01, 1.0
WARMING = "SELECT COUNT(*) FROM items a, items b WHERE a.item_id < 200 AND a.name <= b.name"
ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT COUNT(*) FROM c"

Opener = Callable[[str], IsolatedDatabase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How one bomb ended."""

    name: str
    seconds: float
    how: str


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at memory and at the event loop while something runs."""

    database: IsolatedDatabase
    rest_bytes: int = 0
    peak_bytes: int = 0
    longest_stall_seconds: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sample until the end of the block; must be entered on the event loop that is watched."""
        self.rest_bytes = self._resident()
        sampler = threading.Thread(target=self._sample)
        ticker = asyncio.get_running_loop().create_task(self._tick())
        sampler.start()
        try:
            yield
        finally:
            ticker.cancel()
            self._over.set()
            sampler.join()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak_bytes = max(self.peak_bytes, self._resident())

    async def _tick(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            stall = time.perf_counter() - before - TICK_SECONDS
            self.longest_stall_seconds = max(self.longest_stall_seconds, stall)

    def _resident(self) -> int:
        """Return the memory that this process and its workers hold."""
        return sum(_resident_bytes(process) for process in (os.getpid(), *self.database.pool.processes()))


def measure() -> Iterator[Outcome]:
    """Measure both databases; a figure a dialect, with the guard and without."""
    memory_mb: int = Database.model_fields["memory_mb"].default
    with TemporaryDirectory() as folder:
        url = write_items(Path(folder))
        yield from _both(url, "sqlite", memory_mb)
        yield from _kills(url)
    try:
        with postgres_server() as url:
            fill_server(url)
            yield from _both(url, "postgres", memory_mb)
    except PostgresMissing as missing:
        yield Skipped(measured="bombs on PostgreSQL", reason=str(missing))


def _both(url: str, dialect: Dialect, memory_mb: int) -> Iterator[Figure]:
    guarded = partial(
        open_isolated,
        workers=WORKERS,
        memory_mb=memory_mb,
        tables=(),
        deadline_seconds=DEADLINE_SECONDS,
        most_cost=Database.model_fields["most_cost"].default,
        allow_writable_role=True,
    )
    bare = partial(open_program, workers=WORKERS, memory_mb=memory_mb, deadline_seconds=DEADLINE_SECONDS)
    bombs = BOMBS[dialect]
    for how, opener in (("guarded", guarded), ("unguarded", bare)):
        with closing(opener(url)) as database:
            watch = Watch(database=database)
            endings = asyncio.run(_thrown(bombs, watch))
        yield from _figures(f"{dialect}, {how}", endings, watch, memory_mb)


async def _thrown(bombs: dict[str, str], watch: Watch) -> list[Ending]:
    """Warm all workers up, then throw one bomb after the other."""
    for _ in range(3):
        await asyncio.gather(
            *(asyncio.to_thread(watch.database.fetch, WARMING, {}, limit=1) for _ in range(WORKERS))
        )
    await asyncio.sleep(SETTLING_SECONDS)
    with watch.watching():
        return [await asyncio.to_thread(_ending, watch.database, *bomb) for bomb in bombs.items()]


def _ending(database: IsolatedDatabase, name: str, statement: str) -> Ending:
    began, how = time.perf_counter(), "answered"
    try:
        database.fetch(statement, {}, limit=ROWS)
    except PlumblineError as error:
        how = getattr(error, "problem", None) or type(error).__name__
    return Ending(name=name, seconds=time.perf_counter() - began, how=how)


def _figures(where: str, endings: Sequence[Ending], watch: Watch, memory_mb: int) -> Iterator[Figure]:
    latest = max(endings, key=lambda ending: ending.seconds)
    in_time = [ending for ending in endings if ending.seconds <= DEADLINE_SECONDS + LATENESS_SECONDS]
    ends = Counter(ending.how for ending in endings)
    rounds = f"{len(endings)} bombs"
    yield Figure(
        measured=f"{where}: ended by deadline + {1_000 * LATENESS_SECONDS:.0f} ms",
        value=100 * len(in_time) / len(endings),
        unit="%",
        digits=1,
        target=AtLeast(value=100),
        rounds=rounds,
        remark=f"latest {latest.name!r} after {latest.seconds:.3f} s of {DEADLINE_SECONDS:g} s; "
        + ", ".join(f"{count} {how}" for how, count in ends.most_common()),
    )
    yield Figure(
        measured=f"{where}: memory above warm idle",
        value=(watch.peak_bytes - watch.rest_bytes) / 1e6,
        unit="MB",
        digits=0,
        target=AtMost(value=MOST_MEGABYTES),
        rounds=rounds,
        remark=f"parent and {WORKERS} workers, idle {watch.rest_bytes / 1e6:.0f} MB; memory_mb = {memory_mb}",
    )
    yield Figure(
        measured=f"{where}: longest stall of the event loop",
        value=1_000 * watch.longest_stall_seconds,
        unit="ms",
        digits=0,
        target=AtMost(value=MOST_STALL_MILLISECONDS),
        rounds=rounds,
    )


def _kills(url: str) -> Iterator[Figure]:
    """Kill process after process, and count what is left of them when the database is closed."""
    before, killed = _held(), 0
    with closing(open_program(url, deadline_seconds=KILL_DEADLINE_SECONDS, workers=WORKERS)) as database:
        while killed < KILLS:
            killed += _ending(database, "endless", ENDLESS).how == DeadlineExceeded.__name__
    for (what, count), held in zip(_held().items(), before.values(), strict=True):
        yield Figure(
            measured=f"{what} left behind by processes that were killed",
            value=count - held,
            digits=0,
            target=AtMost(value=0),
            rounds=f"{KILLS} kills",
        )


def _held() -> dict[str, int]:
    """Count what this process has open, runs, and has started."""
    gc.collect()  # so that what others left behind is not counted
    tasks = Path("/proc/self/task").glob("*/children")
    children = {child for path in tasks for child in path.read_text(encoding="ascii").split()}
    return {
        "files open": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "threads": threading.active_count(),
        "processes": len(children),
    }


def _resident_bytes(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * getpagesize()
    except (FileNotFoundError, ProcessLookupError):  # it was killed meanwhile
        return 0
