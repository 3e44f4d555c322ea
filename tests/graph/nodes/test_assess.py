"""The node `assess`."""

from collections.abc import Callable

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.assess import assess
from graph.state import Assessment, Evidence, State
from tests.fakes_graph import FakeJudge, deps_of, hit_of, part_of, plan_of

Runner = Callable[[Deps], Runtime[Deps]]


async def test_the_notes_of_gaps_are_passed_on(runtime: Runner) -> None:
    """A part without an answer leaves its note; the others leave none."""
    verdicts = [
        Assessment(verdict="sufficient", confidence=0.9),
        Assessment(verdict="gap", confidence=0.1, note="Nothing answers: Why?"),
    ]
    judge = FakeJudge(assessments=[verdicts])
    evidence = [Evidence(hits=(hit_of("Boil."),)), Evidence()]
    state = State(plan=plan_of(part_of("How?"), part_of("Why?")), evidence=evidence)
    update = await assess(state, runtime(deps_of(judge=judge)))
    assert update == {"assessments": verdicts, "notes": ["Nothing answers: Why?"]}
    assert judge.assessed == [tuple(evidence)]
