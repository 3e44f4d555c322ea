"""Say honestly that the sources hold no answer."""

from langgraph.runtime import Runtime

from graph.conclusion import conclude
from graph.deps import Deps
from graph.state import State


async def abstain(state: State, runtime: Runtime[Deps]) -> State:
    """Name what was searched instead of guessing."""
    deps = runtime.context
    plan = state["plan"]
    searched = {base for part in plan.parts for base in part.knowledge_bases}
    places = [name for name in deps.knowledge_bases if name in searched]
    if any(part.matches for part in plan.parts):
        places.append("the database")
    where = f" I searched {_enumerate(places)}." if places else ""
    return conclude(state, f"My sources do not answer this.{where}", status="unanswerable")


def _enumerate(places: list[str]) -> str:
    return places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}"
