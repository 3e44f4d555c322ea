"""Decide where the question belongs and how it falls into parts."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.state import State


async def classify(state: State, runtime: Runtime[Deps]) -> State:
    """Make the question stand alone, split it, and give every part a route and its queries."""
    deps = runtime.context
    plan = await deps.planner.plan(state["question"], state.get("history", []), today=deps.clock.today())
    return State(plan=plan)
