"""Decide whether the evidence can carry an answer."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.edges import goes_on
from graph.state import State


async def assess(state: State, runtime: Runtime[Deps]) -> State:
    """Give every part a verdict and the spans that answer it; what still waits is judged later."""
    plan, told = state["plan"], state.get("notes", [])
    assessments = await runtime.context.judge.assess(plan, state["evidence"])
    judged = [
        found
        for number, found in enumerate(assessments)
        if number not in plan.waiting or not goes_on(state, assessments)
    ]
    notes = dict.fromkeys(found.note for found in judged if found.note and found.note not in told)
    failures = dict.fromkeys(found.shortfall for found in assessments if found.shortfall)
    return State(assessments=assessments, notes=list(notes), failures=list(failures))
