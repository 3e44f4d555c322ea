"""Run one named query of the catalogue, or have SQL written where none fits."""

import asyncio

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.querying import find_rows
from graph.state import DatabaseTask, Queried, State


async def query_database(state: DatabaseTask, runtime: Runtime[Deps]) -> State:
    """Add the rows of one filled-in query, or of SQL written for the question, as evidence for its part."""
    match = state["match"]
    return await (_named(state, runtime.context) if match else _written(state, runtime.context))


async def _named(state: DatabaseTask, deps: Deps) -> State:
    if deps.catalog is None or state["match"] is None:
        return State()
    rows = await asyncio.to_thread(deps.catalog.run, state["match"], principal=deps.principal)
    return State(queried=[Queried(part=state["part"], rows=rows)])


async def _written(state: DatabaseTask, deps: Deps) -> State:
    """Say what went wrong only if something was tried: what is not understood is left to the documents."""
    if deps.database is None or deps.sql_writer is None:
        return State()
    found = await find_rows(
        state["question"],
        writer=deps.sql_writer,
        database=deps.database,
        today=deps.clock.today(),
        principal=deps.principal,
        meter=deps.meter,
        repairs=deps.limits.repairs,
        limit=deps.limits.rows,
    )
    said = State(failures=[found.shortfall] if found.shortfall else [])
    if found.rows is not None:
        said["queried"] = [Queried(part=state["part"], rows=found.rows)]
    elif found.attempts:
        said["notes"] = [f"The database gave no answer: {found.attempts[-1].message}"]
    return said
