"""Run one named query of the catalogue."""

import asyncio

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.state import DatabaseTask, Queried, State


async def query_database(state: DatabaseTask, runtime: Runtime[Deps]) -> State:
    """Add the rows of one filled-in query as evidence for its part."""
    catalog = runtime.context.catalog
    if catalog is None:
        return State()
    rows = await asyncio.to_thread(catalog.run, state["match"])
    return State(queried=[Queried(part=state["part"], rows=rows)])
