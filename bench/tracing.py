"""What recording costs an answer, and how replays compare with what they replay, on the built-in sample.

Two copies of the sample are open, one of which records. Every question is asked of both, in turns of who goes
first, so that both meet the same machine. Both have caches of their own, so neither profits from the other.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from agent.assistant import open_threads
from agent.bootstrap import open_deps, open_library
from agent.demo.workspace import QUESTIONS, tour
from agent.evaluation.cases import Case, read_cases
from agent.recording.recorder import Ended, Recorder
from agent.recording.recording import Recording
from agent.recording.summary import Wanted
from agent.session import Session
from agent.settings import load
from agent.storage.opening import open_storage
from agent.tracing.keeper import Keeper, open_keeper
from agent.tracing.replaying import Replay, replay
from bench.figures import AtLeast, AtMost, Figure, Outcome
from bench.installations import ingested, temporary_folder, with_sample
from graph.plan import Turn

MOST_MS, MOST_SHARE = 3.0, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Milliseconds for one answer."""

    passed: float
    processor: float
    """Of all threads together, until the recording is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of asking everything of both."""

    recorded: Sequence[Taken]
    plain: Sequence[Taken]
    recordings: Sequence[Recording]
    replays: Sequence[Replay]
    kilobytes: Sequence[float]


def measure() -> Iterator[Outcome]:
    """Measure the cost of recording, and all replays."""
    cases = read_cases(QUESTIONS)
    with temporary_folder() as one, temporary_folder() as other:
        files = with_sample(one), with_sample(other)
        for file in files:
            with ingested(file):
                pass
        measured = asyncio.run(_measure(*files, cases))
    yield from _cost(measured)
    yield from _replays(measured)


async def _measure(recording: Path, plain: Path, cases: Sequence[Case]) -> Measured:
    async with opened(recording, records=True) as (one, keeper), opened(plain, records=False) as (other, _):
        ended: list[Ended] = []
        for question in tour():
            await one.ask(question)
            await other.ask(question)
        recorded: list[Taken] = []
        bare: list[Taken] = []
        for number, case in enumerate(cases):
            turns = [(one, recorded, keeper), (other, bare, None)]
            for session, taken, kept in turns if number % 2 else turns[::-1]:
                taken.append(await _timed(session, case, kept, ended))
        recordings = [await asyncio.to_thread(Recorder().recording, each) for each in ended]
        replays = [await replay(each) for each in recordings]
        sizes = await _sizes(recording)
    return Measured(recorded=recorded, plain=bare, recordings=recordings, replays=replays, kilobytes=sizes)


async def _timed(session: Session, case: Case, keeper: Keeper | None, ended: list[Ended]) -> Taken:
    history = [Turn(question=question, answer="") for question in case.history]
    note = ended.append if keeper is not None else _nothing
    started, used = time.perf_counter(), time.process_time()
    await session.ask(case.question, history=history, on_ended=note)
    passed = time.perf_counter() - started
    if keeper is not None:
        await keeper.settled()
    return Taken(passed=passed * 1000, processor=(time.process_time() - used) * 1000)


def _nothing(_: Ended) -> None:
    """Keep nothing."""


@asynccontextmanager
async def opened(file: Path, *, records: bool) -> AsyncIterator[tuple[Session, Keeper | None]]:
    """Open an installation that records, or one that does not."""
    settings = load(file)
    with open_library(settings) as library:
        async with (
            open_deps(library) as deps,
            open_keeper(settings, lambda: open_storage(settings.storage_url)) as keeper,
        ):
            kept = keeper if records else None
            async with open_threads(library, deps, keeper=kept) as session:
                yield session, kept


async def _sizes(file: Path) -> list[float]:
    """Return what each recording takes in the database, in kB."""
    sizes: list[float] = []
    async with open_storage(load(file).storage_url) as storage:
        cursor = None
        while True:
            page = await storage.traces.page(Wanted(), owner=None, cursor=cursor, limit=200)
            sizes += [summary.bytes / 1000 for summary in page.items]
            if (cursor := page.next) is None:
                return sizes


def _cost(measured: Measured) -> Iterator[Figure]:
    """Compare medians of pairs: the same question, one after the other, on the same machine."""
    pairs = list(zip(measured.recorded, measured.plain, strict=True))
    rounds = f"{len(pairs)} pairs"
    answer = median(plain.passed for _, plain in pairs)
    later = median(one.passed - plain.passed for one, plain in pairs)
    work = median(one.processor - plain.processor for one, plain in pairs)
    processor = median(plain.processor for _, plain in pairs)
    yield Figure(
        measured="an answer comes later by",
        value=later,
        unit="ms",
        digits=2,
        target=AtMost(value=MOST_MS),
        rounds=rounds,
        remark=f"answers take {answer:.0f} ms",
    )
    yield Figure(
        measured="share of the answer",
        value=later / answer,
        target=AtMost(value=MOST_SHARE),
        rounds=rounds,
    )
    yield Figure(
        measured="processor time, stored recording included",
        value=work,
        unit="ms",
        digits=2,
        rounds=rounds,
        remark=f"{work / processor:.1%} of the {processor:.0f} ms of an answer",
    )
    yield Figure(
        measured="size of a recording", value=median(measured.kilobytes), unit="kB", digits=1, rounds=rounds
    )


def _replays(measured: Measured) -> Iterator[Figure]:
    replays, recordings = measured.replays, measured.recordings
    rounds = f"{len(replays)} runs"
    equal = sum(one.equal for one in replays)
    ratios = [one.milliseconds / run.duration_ms for one, run in zip(replays, recordings, strict=True)]
    yield Figure(
        measured="replays that are equal at every step",
        value=equal / len(replays),
        target=AtLeast(value=1.0),
        rounds=rounds,
        remark=f"{equal} of {len(replays)}, {sum(one.steps for one in replays)} steps",
    )
    yield Figure(
        measured="calls that a replay made",
        value=sum(one.network_calls for one in replays),
        digits=0,
        target=AtMost(value=0),
        rounds=rounds,
    )
    yield Figure(
        measured="replay ÷ original, median",
        value=median(ratios),
        target=AtMost(value=0.5),
        rounds=rounds,
        remark=f"{median(one.milliseconds for one in replays):.0f} ms; slowest ratio {max(ratios):.2f}",
    )
