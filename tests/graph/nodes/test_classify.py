"""The node `classify`."""

from collections.abc import Callable

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.classify import classify
from graph.state import State, Turn
from tests.fakes_graph import TODAY, FakePlanner, deps_of, part_of, plan_of

Runner = Callable[[Deps], Runtime[Deps]]


async def test_the_planner_gets_question_history_and_day(runtime: Runner) -> None:
    """The plan goes into the state as it comes."""
    plan = plan_of(part_of("How long to boil?"))
    planner = FakePlanner(plans={"How long?": plan})
    turn = Turn(question="What is a kettle?", answer="A pot.")
    state = State(question="How long?", history=[turn])
    assert await classify(state, runtime(deps_of(planner=planner))) == {"plan": plan}
    assert planner.asked == [("How long?", (turn,), TODAY)]


async def test_a_first_question_has_no_history(runtime: Runner) -> None:
    """A missing channel is an empty conversation."""
    planner = FakePlanner()
    await classify(State(question="How long?"), runtime(deps_of(planner=planner)))
    assert planner.asked == [("How long?", (), TODAY)]
