"""Say politely that a message is not ours to answer."""

from langgraph.runtime import Runtime

from graph.conclusion import conclude
from graph.deps import Deps
from graph.state import State


async def decline(state: State, runtime: Runtime[Deps]) -> State:
    """Answer small talk with a courtesy and anything out of scope with what can be asked."""
    courtesy = state["plan"].small_talk
    about = runtime.context.about
    answer = courtesy or f"That is outside what I can answer from my sources. {about}".strip()
    return conclude(state, answer, status="declined")
