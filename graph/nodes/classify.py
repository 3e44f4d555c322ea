"""Decide where the question belongs and how it falls into parts."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.plan import Plan
from graph.state import State


async def classify(state: State, runtime: Runtime[Deps]) -> State:
    """Plan the question; in a further round, complete the parts that waited for what others found."""
    deps, turn = runtime.context, state.get("round", 0) + 1
    today = deps.clock.today()
    if turn == 1:
        plan = await deps.planner.plan(
            state["question"],
            state.get("history", []),
            today=today,
            meter=deps.meter,
            principal=deps.principal,
        )
        return _planned(plan, turn, ready=range(len(plan.parts)))
    before = state["plan"]
    plan = await deps.planner.carry_on(
        before, state["evidence"], today=today, meter=deps.meter, principal=deps.principal
    )
    return _planned(plan, turn, ready=before.waiting)


def _planned(plan: Plan, turn: int, *, ready: "range | tuple[int, ...]") -> State:
    shortfalls = [plan.shortfall, *(part.shortfall for part in plan.parts)]
    return State(
        plan=plan,
        round=turn,
        ready=[number for number in ready if number not in plan.waiting],
        failures=list(dict.fromkeys(note for note in shortfalls if note)),
    )
