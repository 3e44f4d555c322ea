"""Search one knowledge base for one query."""

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.retrieval import search
from graph.state import RetrieveTask, State


async def retrieve(state: RetrieveTask, runtime: Runtime[Deps]) -> State:
    """Add the hits of one (query, base) pair; many of these run side by side."""
    found = await search(runtime.context, state["query"], state["knowledge_base"])
    return State(retrieved=[found], failures=[found.shortfall] if found.shortfall else [])
