"""Write the answer."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.state import State, Token


async def synthesize(state: State, runtime: Runtime[Deps]) -> State:
    """Draft an answer in which every claim cites its evidence, and stream it."""
    writer = runtime.context.writer
    draft = await writer.write(state["plan"], state["evidence"], state["assessments"])
    runtime.stream_writer(Token(text=writer.render(draft.claims)))
    return State(draft=draft)
