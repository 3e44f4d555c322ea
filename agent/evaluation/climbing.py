"""Climb the ladder: measure each technique on top of what was kept, and keep what earns its place."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from agent.evaluation.measuring import Bench
from agent.evaluation.rungs import BASELINE, FULL, Rung, rungs_of, switches
from agent.evaluation.runs import LADDER, Ladder, Run, RungResult
from agent.evaluation.statistics import difference_of, mean_of
from tools.errors import InvalidInput
from tools.types import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One measured configuration."""

    run: Run
    seconds: float


@dataclass(slots=True, kw_only=True)
class Climb:
    """One way up; what was measured before is taken up again."""

    bench: Bench
    folder: Path
    """Of this ladder."""
    only: Sequence[str] = ()
    """Rungs to measure; all by default."""
    runs: dict[str, Run] = field(default_factory=dict)
    """Every run, by the name of its folder."""

    def forget(self) -> None:
        """Let go of everything that was measured for this ladder."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    async def climb(self, *, drop: bool = False) -> Ladder:
        """Measure the baseline, each rung on top of those before it, and the configuration as it is.

        A rung is kept when the whole confidence interval of its difference is above zero. Techniques lean on
        each other (checking answers hurts until questions are routed), so one of the configuration that shows
        no effect yet stays in for those above it, and only a harmful one is left out; `drop` then tells what
        each is worth in the end. A technique that the configuration does not use is left out unless kept.

        Args:
            drop: Measure, too, what the configuration loses without each rung alone.
        """
        rungs = self._rungs()
        below = await self._measure(BASELINE, switches(rungs, []))
        results = [self._baseline(below)]
        carried: list[str] = []
        for number, rung in enumerate(rungs, start=1):
            changed = switches(rungs, [*carried, rung.name])
            step = await self._measure(f"{number:02}-{rung.name}", changed)
            result = self._compared(rung.name, rung.description, step, below, changed)
            results.append(result)
            if result.verdict == "kept" or (result.verdict == "no effect" and not rung.on):
                carried.append(rung.name)
                below = step
        full = await self._measure(FULL, {})
        ladder = Ladder(
            dataset=self.bench.dataset,
            mode=self.bench.settings.mode,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            climbed=results,
            full=self._compared(FULL, "the configuration as it is", full, self._first(), {}),
            dropped=[await self._without(rung, full) for rung in rungs] if drop else (),
        )
        (self.folder / LADDER).write_text(ladder.model_dump_json(indent=1), encoding="utf-8")
        return ladder

    def _rungs(self) -> list[Rung]:
        known = rungs_of(self.bench.settings)
        unknown = sorted(set(self.only) - {one.name for one in known})
        if unknown:
            names = ", ".join(one.name for one in known)
            raise InvalidInput(f"there is no rung {unknown[0]!r} here; choose among {names}")
        return [one for one in known if not self.only or one.name in self.only]

    async def _without(self, rung: Rung, full: "_Step") -> RungResult:
        changed = dict(rung.off)
        step = await self._measure(f"without-{rung.name}", changed)
        worth = difference_of(step.run.correct, full.run.correct)
        return RungResult(
            name=rung.name,
            description=rung.description,
            run=f"without-{rung.name}",
            accuracy=mean_of(list(step.run.correct.values())),
            difference=worth,
            compared_with=FULL,
            verdict=worth.decision,
            seconds=step.seconds,
            reindexed=self.bench.needs_index(changed),
            note="what the full configuration has more with it than without it",
        )

    async def _measure(self, name: str, changed: Mapping[str, Cell]) -> "_Step":
        began = perf_counter()
        run = await self.bench.run(name, changed, self.folder / name)
        self.runs[name] = run
        return _Step(run=run, seconds=perf_counter() - began)

    def _first(self) -> "_Step":
        return _Step(run=self.runs[BASELINE], seconds=0.0)

    def _baseline(self, step: "_Step") -> RungResult:
        return RungResult(
            name=BASELINE,
            description="the nearest chunks by the cosine of their vectors, in every base, unchecked",
            run=BASELINE,
            accuracy=mean_of(list(step.run.correct.values())),
            difference=None,
            compared_with=None,
            verdict=None,
            seconds=step.seconds,
            reindexed=self.bench.needs_index(step.run.info.switches),
        )

    def _compared(
        self, name: str, description: str, step: "_Step", below: "_Step", changed: Mapping[str, Cell]
    ) -> RungResult:
        difference = difference_of(below.run.correct, step.run.correct)
        return RungResult(
            name=name,
            description=description,
            run=step.run.folder.name if step.run.folder else name,
            accuracy=mean_of(list(step.run.correct.values())),
            difference=difference,
            compared_with=below.run.info.name.split("-", 1)[-1],
            verdict=difference.decision,
            seconds=step.seconds,
            reindexed=self.bench.needs_index(changed),
        )
