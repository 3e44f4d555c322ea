"""One search of one base; shared by the nodes that search."""

import asyncio

from graph.deps import Deps
from graph.state import WORDS_ALONE, Retrieved
from tools.errors import ModelError
from tools.types import Filter


async def search(deps: Deps, query: str, knowledge_base: str) -> Retrieved:
    """Embed the query and search the base in a worker thread; without an embedding, by words alone."""

    def blocking() -> Retrieved:
        try:
            vector = deps.embedder.embed([query])
        except ModelError:
            vector = None
        hits = deps.store.search(
            query if deps.limits.by_words or vector is None else "",
            vector,
            limit=deps.limits.hits_per_query,
            where=Filter(knowledge_bases=(knowledge_base,), groups=deps.principal.groups),
        )
        return Retrieved(
            query=query,
            knowledge_base=knowledge_base,
            hits=tuple(hits),
            shortfall=WORDS_ALONE if vector is None else None,
        )

    return await asyncio.to_thread(blocking)
