"""The ladder over a small shop: real documents, real index, real answers."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.bootstrap import open_library
from agent.evaluation.cases import Case
from agent.evaluation.climbing import Climb
from agent.evaluation.measuring import Bench
from agent.evaluation.runs import read_ladder, read_run
from agent.evaluation.summary import Summary
from agent.settings import Settings, load
from tests.agent.small_shop import write_shop
from tools.errors import InvalidInput

CASES = (
    Case(
        id="fill",
        question="How much water may I fill into the kettle?",
        kind="guides",
        knowledge_bases=("guides",),
        expected_sources=("kettle.md",),
        must_contain=("1.7 litres",),
    ),
    Case(
        id="return",
        question="Within how many days may I return an appliance?",
        kind="rules",
        knowledge_bases=("rules",),
        expected_sources=("returns.md",),
        must_contain=("30 days",),
    ),
    Case(id="outside", question="Who won the chess olympiad in 1972?", kind="outside", status="declined"),
)


@dataclass
class Shown:
    """Remembers what was shown; the port `Asking`."""

    began_with: list[tuple[str, int]] = field(default_factory=list)
    steps: int = 0

    def began(self, what: str, total: int) -> None:
        """Remember what began."""
        self.began_with.append((what, total))

    def advanced(self) -> None:
        """Count."""
        self.steps += 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return the configuration of a shop whose documents are indexed."""
    settings = load(write_shop(tmp_path))
    with open_library(settings) as library:
        for base in settings.knowledge_bases:
            library.ingest(base)
    return settings


async def test_a_ladder_measures_every_rung_and_is_taken_up_where_it_ended(
    settings: Settings, tmp_path: Path
) -> None:
    """The second climb asks nothing, and finds the same."""
    shown = Shown()
    climb = Climb(
        bench=Bench(settings=settings, dataset="shop", cases=CASES, show=shown),
        folder=tmp_path / "ladder",
        only=("chunking", "verify"),
    )
    ladder = await climb.climb(drop=True)
    assert [rung.name for rung in ladder.climbed] == ["baseline", "chunking", "verify"]
    assert [rung.name for rung in ladder.dropped] == ["chunking", "verify"]
    assert [rung.reindexed for rung in ladder.climbed] == [True, False, False]
    asked = [what for what, total in shown.began_with if total == len(CASES)]
    assert asked == ["baseline", "01-chunking", "02-verify", "full", "without-chunking", "without-verify"]
    full = Summary.of(climb.runs["full"])
    assert full.accuracy.estimate == ladder.full.accuracy.estimate == 1.0
    assert full.abstention == 1.0
    assert read_ladder(tmp_path / "ladder") == ladder

    again = Shown()
    bench = Bench(settings=settings, dataset="shop", cases=CASES, show=again)
    once_more = await Climb(bench=bench, folder=tmp_path / "ladder", only=climb.only).climb(drop=True)
    assert again.began_with == []
    assert [one.accuracy for one in once_more.climbed] == [one.accuracy for one in ladder.climbed]


async def test_an_unfinished_run_asks_only_what_is_left(settings: Settings, tmp_path: Path) -> None:
    """Also where the process was cut off in the middle of a line; other questions begin it anew."""
    folder = tmp_path / "run"
    await Bench(settings=settings, dataset="shop", cases=CASES).run("full", {}, folder)
    written = (folder / "cases.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "cases.jsonl").write_bytes(b"".join(written[:2]) + written[2][:40])
    shown = Shown()
    run = await Bench(settings=settings, dataset="shop", cases=CASES, show=shown).run("full", {}, folder)
    assert shown.began_with == [("full", 1)]
    assert [one.case.id for one in run.measured] == ["fill", "return", "outside"]
    assert [one.case.id for one in read_run(folder).measured].count("fill") == 1

    fewer = Shown()
    run = await Bench(settings=settings, dataset="shop", cases=CASES[:1], show=fewer).run("full", {}, folder)
    assert fewer.began_with == [("full", 1)]
    assert [one.case.id for one in run.measured] == ["fill"]


async def test_what_the_graph_had_in_hands_is_kept(settings: Settings, tmp_path: Path) -> None:
    """Passages, claims and their quotations are there to be measured."""
    run = await Bench(settings=settings, dataset="shop", cases=CASES[:1]).run("full", {}, tmp_path / "run")
    one = run.measured[0]
    assert one.correct
    assert one.written
    assert one.evidence[0] in one.found
    assert len({passage.chunk_id for passage in one.found}) == len(one.found)
    assert any("1.7 litres" in passage.text for passage in one.evidence)
    assert any("kettle.md" in claim.sources and claim.kept for claim in one.claims)
    assert any("1.7 litres" in quote for claim in one.claims for quote in claim.quotes)
    assert one.confidence is not None


async def test_a_rung_that_nobody_knows_is_named(settings: Settings, tmp_path: Path) -> None:
    """The message tells which there are."""
    bench = Bench(settings=settings, dataset="shop", cases=CASES)
    with pytest.raises(InvalidInput, match="no rung 'jump' here; choose among hyde, chunking"):
        await Climb(bench=bench, folder=tmp_path / "ladder", only=("jump",)).climb()
