"""One search of one base; shared by the nodes that search."""

import asyncio

from graph.deps import Deps
from graph.state import Retrieved
from tools.types import Filter


async def search(deps: Deps, query: str, knowledge_base: str) -> Retrieved:
    """Embed the query and search the base in a worker thread."""

    def blocking() -> Retrieved:
        hits = deps.store.search(
            query,
            deps.embedder.embed([query]),
            limit=deps.limits.hits_per_query,
            where=Filter(knowledge_bases=(knowledge_base,)),
        )
        return Retrieved(query=query, knowledge_base=knowledge_base, hits=tuple(hits))

    return await asyncio.to_thread(blocking)
