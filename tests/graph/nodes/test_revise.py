"""The node `revise`."""

from collections.abc import Callable

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.nodes.revise import revise
from graph.state import Claim, Draft, State, Verification
from tests.fakes_graph import chunk_of, deps_of, passage_citation

Runner = Callable[[Deps], Runtime[Deps]]
CHUNK = chunk_of("Boil it for two minutes. Then pour.")


async def test_rejected_claims_and_their_citations_are_cut(runtime: Runner) -> None:
    """What holds stays as it was, and a note counts what went."""
    holds = Claim(text="Boil it for two minutes.", citations=(2,))
    draft = Draft(
        claims=(Claim(text="Invented.", citations=(1,)), holds, Claim(text="Also invented.", citations=())),
        citations=(
            passage_citation(CHUNK, "Then pour.", number=1),
            passage_citation(CHUNK, "Boil it for two minutes.", number=2),
        ),
    )
    verification = Verification(faithfulness=1 / 3, rejected=((0, "why"), (2, "why")))
    update = await revise(State(draft=draft, verification=verification), runtime(deps_of()))
    assert update["draft"] == Draft(claims=(holds,), citations=draft.citations[1:])
    assert update["revisions"] == 1
    assert update["notes"] == ["2 statement(s) were withheld because their sources do not carry them."]
