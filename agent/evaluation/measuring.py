"""Measure one configuration over a dataset: open it, ask every case, write each down as it ends."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agent.evaluation.cases import Case
from agent.evaluation.measured import Lost, Measured, Observed
from agent.evaluation.runs import Journal, Run, RunInfo
from agent.recording.setup import setup_of
from agent.settings import Settings
from tools.types import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from agent.bootstrap import Library
    from agent.recording.recorder import Ended
    from agent.session import Session
    from graph.deps import Deps

EVALUATION = "evaluation"
"""Folder of the data folder that holds runs, ladders, and indexes made for rungs."""
LOCAL_AT_A_TIME, MODEL_AT_A_TIME = 1, 4


class Asking(Protocol):
    """Shows what is under way."""

    def began(self, what: str, total: int) -> None:
        """So many steps of something begin."""

    def advanced(self) -> None:
        """One of them is done."""


class Silent:
    """Shows nothing. Implements `Asking`."""

    def began(self, what: str, total: int) -> None:
        """Take no note."""

    def advanced(self) -> None:
        """Take no note."""


class Scorer(Protocol):
    """Measures cases."""

    async def measure(self, observed: Observed) -> "tuple[Mapping[str, float], Mapping[str, str]]":
        """Return the metrics of a case in [0, 1] by name, and why others have no value."""


Diagnose = Callable[[Observed, Callable[[str], bool]], Lost | None]
"""Names the step that lost a case, given whether a document is indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Measures configurations over one dataset; keeps what it did in the data folder."""

    settings: Settings
    """The user's own."""
    dataset: str
    cases: Sequence[Case]
    show: Asking = field(default_factory=Silent)
    scorer: "Callable[[Deps], Scorer] | None" = None
    """Makes what measures the cases of an opened configuration; nothing but right or wrong by default."""
    diagnose: Diagnose | None = None
    settled: Callable[[], Awaitable[None]] | None = None
    """Waited for after each case, so that what is kept of it does not slow the next one down."""
    keep: "Callable[[Ended], None] | None" = None
    """Given what was written down of each run that has ended."""

    @property
    def at_a_time(self) -> int:
        """How many questions are asked side by side."""
        usual = LOCAL_AT_A_TIME if self.settings.mode == "local" else MODEL_AT_A_TIME
        return self.settings.evaluation.parallel or usual

    async def run(self, name: str, changed: "Mapping[str, Cell]", folder: Path) -> Run:
        """Ask every case that was not asked yet, and return all that is known then.

        Raises:
            PlumblineError: The configuration cannot be opened; nothing of the cases is lost.
        """
        from agent.evaluation.rungs import switched

        configuration = switched(self.settings, changed)
        journal = Journal.open(folder, self.info(name, changed, configuration))
        left = [case for case in self.cases if case.id not in journal.done]
        if left:
            with self._library(configuration) as library:
                async with _session(library, keep=self.keep) as (session, deps):
                    await self.ask_all(left, session, deps, library, journal)
        return journal.run([case.id for case in self.cases])

    def needs_index(self, changed: "Mapping[str, Cell]") -> bool:
        """Tell whether a configuration searches in another index than the user's own."""
        from agent.evaluation.rungs import switched

        return index_of(switched(self.settings, changed)) != index_of(self.settings)

    async def ask_all(
        self,
        cases: Sequence[Case],
        session: "Session",
        deps: "Deps",
        library: "Library",
        journal: Journal,
    ) -> None:
        """Ask cases of an opened session, and write each down as it ends."""
        from agent.evaluation.observing import observe

        scorer = self.scorer(deps) if self.scorer is not None else None
        indexed = frozenset().union(*map(library.manifest.entries, library.settings.knowledge_bases))
        turns = asyncio.Semaphore(self.at_a_time)
        self.show.began(journal.info.name, len(cases))

        async def ask(case: Case) -> None:
            async with turns:
                observed = await observe(session, case)
                await session.forget(observed.answer.thread_id)
                values, reasons = ({}, {}) if scorer is None else await scorer.measure(observed)
                lost = None
                if self.diagnose is not None and not observed.correct:
                    lost = self.diagnose(observed, indexed.__contains__)
                journal.write(Measured.of(observed, metrics=values, unmeasured=reasons, lost=lost))
                self.show.advanced()
                if self.settled is not None:
                    await self.settled()

        async with asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(ask(case))

    @contextmanager
    def _library(self, configuration: Settings) -> "Iterator[Library]":
        """Open the library of a configuration; one with an index of its own is brought up to date."""
        from agent.bootstrap import open_library

        digest = index_of(configuration)
        if digest == index_of(self.settings):
            with open_library(configuration) as library:
                library.check_ingested()
                yield library
            return
        folder = self.settings.folder / EVALUATION / "indexes" / digest
        storage = configuration.storage.model_copy(update={"folder": folder})
        with open_library(configuration.model_copy(update={"storage": storage})) as library:
            for base in configuration.knowledge_bases:
                self.show.began(f"indexing {base}", 1)
                library.ingest(base)
                self.show.advanced()
            yield library

    def info(self, name: str, changed: "Mapping[str, Cell]", configuration: Settings) -> RunInfo:
        """Say what is measured."""
        return RunInfo(
            name=name,
            dataset=self.dataset,
            mode=configuration.mode,
            configuration=digest_of(setup_of(configuration)),
            questions=digest_of([case.model_dump(mode="json") for case in self.cases]),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            switches=dict(changed),
        )


def index_of(settings: Settings) -> str:
    """Return a digest of everything that the index depends on besides the files."""
    bases = {
        name: [[str(path) for path in base.paths], base.language, base.chunking.model_dump()]
        for name, base in settings.knowledge_bases.items()
    }
    models = settings.models
    return digest_of([bases, models.embedding, models.embedding_dimension])


def digest_of(value: object) -> str:
    """Return a short digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@asynccontextmanager
async def _session(
    library: "Library", *, keep: "Callable[[Ended], None] | None"
) -> AsyncIterator["tuple[Session, Deps]"]:
    """Open a session whose threads live in memory."""
    from agent.bootstrap import open_deps
    from agent.checkpoints import in_memory
    from agent.recording.around import Recorded
    from agent.session import Session
    from graph.build import build

    async with open_deps(library) as deps:
        yield Session(build(in_memory(), around=Recorded()), deps, keep=keep), deps
