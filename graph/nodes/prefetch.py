"""Search every base for the question as asked, while it is being classified."""

import asyncio

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.retrieval import search
from graph.state import State


async def prefetch(state: State, runtime: Runtime[Deps]) -> State:
    """Search all knowledge bases for the question's own words; joins nothing, delays nothing."""
    deps = runtime.context
    question = state["question"]
    found = await asyncio.gather(*(search(deps, question, base) for base in deps.knowledge_bases))
    shortfalls = dict.fromkeys(one.shortfall for one in found if one.shortfall)
    return State(prefetched=list(found), failures=list(shortfalls))
