"""Write the answer."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.state import State


async def synthesize(state: State, runtime: Runtime[Deps]) -> State:
    """Draft an answer in which every claim cites its evidence, and stream it."""
    deps = runtime.context
    draft = await deps.writer.write(
        state["plan"], state["evidence"], state["assessments"], emit=runtime.stream_writer, meter=deps.meter
    )
    return State(
        draft=draft,
        notes=[note for note in draft.notes if note not in state.get("notes", [])],
        failures=[draft.shortfall] if draft.shortfall else [],
    )
