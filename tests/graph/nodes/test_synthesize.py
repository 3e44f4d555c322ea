"""The node `synthesize`."""

from collections.abc import Callable
from dataclasses import replace

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.synthesize import synthesize
from graph.state import Claim, Draft, State, Token
from tests.fakes_graph import FakeWriter, deps_of, part_of, plan_of

Runner = Callable[[Deps], Runtime[Deps]]
DRAFT = Draft(claims=(Claim(text="Boil it.", citations=(1,)), Claim(text="Pour it.", citations=(1,))))
STATE = State(plan=plan_of(part_of("How?")), evidence=[], assessments=[])


async def test_the_draft_is_kept_and_streamed(runtime: Runner, streamed: list[object]) -> None:
    """What is streamed is the draft as a reader sees it; the writer spends from the meter of the run."""
    writer = FakeWriter(draft=DRAFT)
    deps = deps_of(writer=writer)
    update = await synthesize(STATE, runtime(deps))
    assert update == {"draft": DRAFT, "notes": [], "failures": []}
    assert streamed == [Token(text="Boil it.\nPour it.")]
    assert [meter is deps.meter for meter in writer.meters] == [True]


async def test_why_a_lesser_writer_wrote_is_noted(runtime: Runner) -> None:
    """The answer will be marked degraded."""
    draft = replace(DRAFT, shortfall="no model wrote")
    update = await synthesize(STATE, runtime(deps_of(writer=FakeWriter(draft=draft))))
    assert update == {"draft": draft, "notes": [], "failures": ["no model wrote"]}


async def test_what_the_writer_found_missing_is_noted_once(runtime: Runner) -> None:
    """Whoever weighs the evidence in place of a model may find that a part has no answer."""
    draft = replace(DRAFT, notes=("Nothing answers: Why?", "Known already."))
    state = State(**STATE, notes=["Known already."])
    update = await synthesize(state, runtime(deps_of(writer=FakeWriter(draft=draft))))
    assert update["notes"] == ["Nothing answers: Why?"]
