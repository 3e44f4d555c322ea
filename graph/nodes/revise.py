"""Mend an answer that failed verification."""

from dataclasses import replace

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.state import State


async def revise(state: State, runtime: Runtime[Deps]) -> State:
    """Cut the claims that do not hold and say so."""
    del runtime
    rejected = {number for number, _ in state["verification"].rejected}
    draft = state["draft"]
    kept = tuple(claim for number, claim in enumerate(draft.claims) if number not in rejected)
    used = {cited for claim in kept for cited in claim.citations}
    citations = tuple(citation for citation in draft.citations if citation.id in used)
    note = f"{len(rejected)} statement(s) were withheld because their sources do not carry them."
    return State(
        draft=replace(draft, claims=kept, citations=citations),
        revisions=state.get("revisions", 0) + 1,
        notes=[note],
    )
