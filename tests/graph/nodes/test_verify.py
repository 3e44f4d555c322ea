"""The node `verify`."""

from collections.abc import Callable

import pytest
from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.verify import verify
from graph.state import Claim, Draft, Evidence, State
from tests.fakes_graph import chunk_of, deps_of, hit_of, part_of, passage_citation, plan_of

Runner = Callable[[Deps], Runtime[Deps]]
CHUNK = chunk_of("Boil it for two minutes. Then pour.")
HOLDS = Claim(text="Boil it for two minutes.", citations=(1,))
CITED = passage_citation(CHUNK, "Boil it for two minutes.")
UNUSED = passage_citation(CHUNK, "Then pour.", number=2)


def state_of(draft: Draft, *, parts: int = 1, revisions: int = 0) -> State:
    """Return the state behind a draft."""
    return State(
        plan=plan_of(*(part_of(f"Part {number}?") for number in range(parts))),
        evidence=[Evidence(hits=(hit_of(CHUNK),))] * parts,
        draft=draft,
        revisions=revisions,
    )


async def test_an_answer_in_which_every_claim_holds_is_let_out(runtime: Runner) -> None:
    """The result carries the rendered claims, their citations and the faithfulness."""
    update = await verify(state_of(Draft(claims=(HOLDS,), citations=(CITED,))), runtime(deps_of()))
    result = update["result"]
    assert (result.answer, result.status) == ("Boil it for two minutes. [1]", "answered")
    assert (result.citations, result.faithfulness) == ((CITED,), 1.0)
    assert [turn.answer for turn in update["history"]] == [result.answer]


@pytest.mark.parametrize(
    ("parts", "revisions"), [pytest.param(2, 0, id="a part is missing"), pytest.param(1, 1, id="was cut")]
)
async def test_an_incomplete_answer_is_called_partial(runtime: Runner, parts: int, revisions: int) -> None:
    """A reader learns that something is missing."""
    state = state_of(Draft(claims=(HOLDS,), citations=(CITED,)), parts=parts, revisions=revisions)
    assert (await verify(state, runtime(deps_of())))["result"].status == "partial"


async def test_a_claim_that_does_not_hold_keeps_the_answer_in(runtime: Runner) -> None:
    """There is a verification and no result."""
    invented = Claim(text="Boil it for nine hours.", citations=(1,))
    update = await verify(state_of(Draft(claims=(HOLDS, invented), citations=(CITED,))), runtime(deps_of()))
    assert "result" not in update
    assert update["verification"].faithfulness == 0.5
    assert [number for number, _ in update["verification"].rejected] == [1]


async def test_an_empty_draft_has_no_result(runtime: Runner) -> None:
    """Nothing claimed is nothing answered."""
    update = await verify(state_of(Draft()), runtime(deps_of()))
    assert "result" not in update


async def test_a_citation_that_no_claim_uses_is_not_published(runtime: Runner) -> None:
    """Only what was checked with a claim reaches the reader."""
    update = await verify(state_of(Draft(claims=(HOLDS,), citations=(CITED, UNUSED))), runtime(deps_of()))
    assert update["result"].citations == (CITED,)
