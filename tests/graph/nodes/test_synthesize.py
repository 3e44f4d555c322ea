"""The node `synthesize`."""

from collections.abc import Callable

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.synthesize import synthesize
from graph.state import Claim, Draft, State, Token
from tests.fakes_graph import FakeWriter, deps_of, part_of, plan_of

Runner = Callable[[Deps], Runtime[Deps]]


async def test_the_draft_is_kept_and_streamed(runtime: Runner, streamed: list[object]) -> None:
    """What is streamed is the draft as a reader sees it."""
    draft = Draft(claims=(Claim(text="Boil it.", citations=(1,)), Claim(text="Pour it.", citations=(1,))))
    state = State(plan=plan_of(part_of("How?")), evidence=[], assessments=[])
    update = await synthesize(state, runtime(deps_of(writer=FakeWriter(draft=draft))))
    assert update == {"draft": draft}
    assert streamed == [Token(text="Boil it.\nPour it.")]
