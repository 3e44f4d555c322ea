"""Mend an answer that failed verification."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.state import State


async def revise(state: State, runtime: Runtime[Deps]) -> State:
    """Have the draft written anew, once, with what was wrong with it."""
    deps, before = runtime.context, state["draft"]
    draft = await deps.writer.revise(
        state["plan"],
        state["evidence"],
        before,
        state["verification"],
        emit=runtime.stream_writer,
        meter=deps.meter,
    )
    lacking = draft.shortfall if draft.shortfall != before.shortfall else None
    return State(
        draft=draft,
        revisions=state.get("revisions", 0) + 1,
        notes=[note for note in draft.notes if note not in state.get("notes", [])],
        failures=[lacking] if lacking else [],
    )
