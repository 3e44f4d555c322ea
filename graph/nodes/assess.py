"""Decide whether the evidence can carry an answer."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.state import State


async def assess(state: State, runtime: Runtime[Deps]) -> State:
    """Give every part a verdict and the spans that answer it."""
    assessments = await runtime.context.judge.assess(state["plan"], state["evidence"])
    return State(assessments=assessments, notes=[found.note for found in assessments if found.note])
