"""The node `revise`."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.revise import revise
from graph.state import Claim, Draft, State, Token, Verification
from tests.fakes_graph import FakeWriter, deps_of, part_of, plan_of

Runner = Callable[[Deps], Runtime[Deps]]
FIRST = Draft(claims=(Claim(text="Boil it for ever.", citations=(1,)),))
SECOND = Draft(claims=(Claim(text="Boil it for two minutes.", citations=(1,)),))
FOUND = Verification(faithfulness=0.0, rejected=((0, "why"),))


def state_of(draft: Draft = FIRST) -> State:
    """Return the state behind a draft that does not hold."""
    return State(
        plan=plan_of(part_of("How?")), evidence=[], draft=draft, verification=FOUND, revisions=0, failures=[]
    )


async def test_a_draft_is_written_anew_with_what_was_wrong_with_it(
    runtime: Runner, streamed: list[object]
) -> None:
    """What was streamed before is void, and the writer spends from the meter of the run."""
    writer = FakeWriter(revised=SECOND)
    deps = deps_of(writer=writer)
    update = await revise(state_of(), runtime(deps))
    assert update == {"draft": SECOND, "revisions": 1, "notes": [], "failures": []}
    assert writer.objections == [FOUND]
    assert streamed == [Token(restart=True), Token(text="Boil it for two minutes.")]
    assert [meter is deps.meter for meter in writer.meters] == [True]


async def test_a_writer_that_only_quotes_leaves_its_draft_as_it_is(
    runtime: Runner, streamed: list[object]
) -> None:
    """The revision counts all the same: there is no second one."""
    update = await revise(state_of(), runtime(deps_of()))
    assert (update["draft"], update["revisions"], streamed) == (FIRST, 1, [])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, "no model revised", ["no model revised"], id="a new shortfall"),
        pytest.param("no model wrote", "no model wrote", [], id="noted when it was written"),
        pytest.param("no model wrote", None, [], id="the model is back"),
    ],
)
async def test_why_a_lesser_writer_revised_is_noted_once(
    runtime: Runner, before: str | None, after: str | None, expected: list[str]
) -> None:
    """The answer will be marked degraded."""
    writer = FakeWriter(revised=replace(SECOND, shortfall=after))
    update = await revise(state_of(replace(FIRST, shortfall=before)), runtime(deps_of(writer=writer)))
    assert update["failures"] == expected


async def test_what_the_writer_found_missing_is_noted_once(runtime: Runner) -> None:
    """Whoever quotes in place of a model may find that a part has no answer."""
    revised = replace(SECOND, notes=("Nothing answers: Why?", "Known already."))
    state = State(**state_of(), notes=["Known already."])
    update = await revise(state, runtime(deps_of(writer=FakeWriter(revised=revised))))
    assert update["notes"] == ["Nothing answers: Why?"]
