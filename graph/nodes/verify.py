"""Check the answer before anyone relies on it."""

from langgraph.runtime import Runtime

from graph.conclusion import conclude
from graph.deps import Deps
from graph.state import State
from tools.types import Status


async def verify(state: State, runtime: Runtime[Deps]) -> State:
    """Check every claim against the evidence it cites; let the answer out when all hold."""
    deps, draft = runtime.context, state["draft"]
    verification = await deps.judge.verify(draft, state["evidence"])
    if verification.rejected or not draft.claims:
        return State(verification=verification)
    status: Status = "answered" if _complete(state) else "partial"
    answer = deps.writer.render(draft.claims)
    used = {cited for claim in draft.claims for cited in claim.citations}
    citations = tuple(citation for citation in draft.citations if citation.id in used)
    concluded = conclude(
        state, answer, status=status, citations=citations, faithfulness=verification.faithfulness
    )
    return State(verification=verification, **concluded)


def _complete(state: State) -> bool:
    answered = {claim.part for claim in state["draft"].claims}
    return len(answered) == len(state["plan"].parts) and state.get("revisions", 0) == 0
