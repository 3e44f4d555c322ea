"""The node `decline`."""

from collections.abc import Callable

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.decline import decline
from graph.state import State
from tests.fakes_graph import deps_of, part_of, plan_of, route_of

Runner = Callable[[Deps], Runtime[Deps]]


async def test_a_courtesy_is_returned_as_it_is(runtime: Runner) -> None:
    """Small talk gets the planner's friendly word."""
    state = State(plan=plan_of(part_of("Hi"), small_talk="Hello!"))
    result = (await decline(state, runtime(deps_of())))["result"]
    assert (result.answer, result.status, result.citations) == ("Hello!", "declined", ())


async def test_out_of_scope_is_told_what_can_be_asked(runtime: Runner) -> None:
    """The refusal names the topics, and is remembered as a turn."""
    state = State(plan=plan_of(part_of("Who won the cup?", route=route_of(in_scope=0.1))))
    update = await decline(state, runtime(deps_of()))
    assert update["result"].status == "declined"
    assert update["result"].answer == (
        "That is outside what I can answer from my sources. You can ask me about the kettle."
    )
    assert [turn.question for turn in update["history"]] == ["Who won the cup?"]
