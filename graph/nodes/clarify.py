"""Ask back, once."""

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graph.deps import Deps
from graph.edges import question_to_ask
from graph.state import State, asked_again


async def clarify(state: State, runtime: Runtime[Deps]) -> State:
    """Pause until the asker answers, then plan the completed question anew.

    The node runs again from its top when the asker answers, so nothing happens before the pause.
    """
    del runtime
    reply = interrupt(question_to_ask(state))
    return asked_again(f"{state['plan'].question.rstrip(' ?.!')} ({reply})?")
