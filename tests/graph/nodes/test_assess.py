"""The node `assess`."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.assess import assess
from graph.plan import Part
from graph.state import Assessment, Evidence, State
from tests.fakes_graph import FakeJudge, deps_of, hit_of, part_of, plan_of

Runner = Callable[[Deps], Runtime[Deps]]
FOUND = Assessment(verdict="sufficient", confidence=0.9)
WHICH, COST, WHERE = part_of("Which?"), part_of("What does {1} cost?", needs=(0,)), part_of("Where?")


def gap(note: str) -> Assessment:
    """Return the verdict of a part without an answer."""
    return Assessment(verdict="gap", confidence=0.1, note=note)


def state_of(*parts: Part, turn: int = 1, notes: tuple[str, ...] = ()) -> State:
    """Return the state behind `rerank`."""
    evidence = [Evidence(hits=(hit_of("Boil."),)), *[Evidence()] * (len(parts) - 1)]
    return State(plan=plan_of(*parts), evidence=evidence, round=turn, notes=list(notes))


async def test_the_notes_of_gaps_are_passed_on(runtime: Runner) -> None:
    """A part without an answer leaves its note; the others leave none."""
    verdicts = [FOUND, gap("Nothing answers: Why?")]
    judge = FakeJudge(assessments=[verdicts])
    state = state_of(part_of("How?"), part_of("Why?"))
    update = await assess(state, runtime(deps_of(judge=judge)))
    assert update == {"assessments": verdicts, "notes": ["Nothing answers: Why?"], "failures": []}
    assert judge.assessed == [tuple(state["evidence"])]


@pytest.mark.parametrize(
    ("first", "turn", "expected"),
    [
        pytest.param(FOUND, 1, ["c"], id="it is asked next"),
        pytest.param(FOUND, 2, ["b", "c"], id="it still waits when no round is left"),
        pytest.param(gap("a"), 1, ["a", "b", "c"], id="what it needs was not found"),
    ],
)
async def test_what_waits_is_reported_only_when_nobody_will_ask_it(
    runtime: Runner, first: Assessment, turn: int, expected: list[str]
) -> None:
    """A gap of a part that was not searched yet is no gap."""
    judge = FakeJudge(assessments=[[first, gap("b"), gap("c")]])
    update = await assess(state_of(WHICH, COST, WHERE, turn=turn), runtime(deps_of(judge=judge)))
    assert update["notes"] == expected


async def test_why_evidence_was_weighed_less_well_is_noted_once(runtime: Runner) -> None:
    """The answer will be marked degraded."""
    lacking = replace(FOUND, shortfall="by words alone")
    judge = FakeJudge(assessments=[[lacking, FOUND, lacking]])
    update = await assess(state_of(WHERE, WHERE, WHERE), runtime(deps_of(judge=judge)))
    assert (update["notes"], update["failures"]) == ([], ["by words alone"])


async def test_nothing_is_noted_twice(runtime: Runner) -> None:
    """Neither what the round before noted, nor what two parts say alike."""
    judge = FakeJudge(assessments=[[FOUND, gap("told"), gap("new"), gap("new")]])
    state = state_of(WHICH, WHERE, WHERE, WHERE, turn=2, notes=("told",))
    assert (await assess(state, runtime(deps_of(judge=judge))))["notes"] == ["new"]
