"""Check the answer before anyone relies on it."""

from langgraph.runtime import Runtime

from graph.conclusion import conclude
from graph.deps import Deps
from graph.state import Draft, State
from tools.types import Status


async def verify(state: State, runtime: Runtime[Deps]) -> State:
    """Check every claim against the evidence it cites; let out what holds.

    A draft with a claim that does not hold goes back once to be written anew; after that the claim is cut,
    or the whole answer withheld when too little of it holds.
    """
    deps, draft = runtime.context, state["draft"]
    verification = await deps.judge.verify(
        draft,
        state["evidence"],
        question=state["plan"].question,
        before=state["verification"],
        meter=deps.meter,
    )
    known = State(verification=verification)
    if verification.shortfall:
        known["failures"] = [verification.shortfall]
    rejected = {number for number, _ in verification.rejected}
    faithful = verification.faithfulness >= deps.limits.faithfulness
    if rejected and not (faithful and state.get("revisions", 0)):
        return known
    held = draft.keep(set(range(len(draft.claims))) - rejected)
    if not held.claims:
        return State(**known, draft=held)
    if rejected:
        known["notes"] = [
            f"{len(rejected)} statement(s) were withheld because their sources do not carry them."
        ]
    status: Status = "answered" if not rejected and _complete(state, held) else "partial"
    answer = deps.writer.render(held.claims)
    concluded = conclude(
        state,
        answer,
        status=status,
        citations=held.citations,
        faithfulness=verification.faithfulness,
    )
    return State(**known, draft=held, **concluded)


def _complete(state: State, draft: Draft) -> bool:
    return len({claim.part for claim in draft.claims}) == len(state["plan"].parts)
