"""Turn the result lists into the evidence of each part."""

import asyncio

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.ranking import find_candidates, rank
from graph.state import Evidence, State


async def rerank(state: State, runtime: Runtime[Deps]) -> State:
    """Fuse, deduplicate, re-score, apply the rules and pack, part by part."""
    deps, plan = runtime.context, state["plan"]
    lists = [*state.get("prefetched", []), *state.get("retrieved", [])]
    evidence = []
    for number, part in enumerate(plan.parts):
        candidates, scores = find_candidates(part, lists), None
        if deps.reranker is not None and deps.limits.reranks:
            texts = [hit.chunk.embedding_text for hit in candidates.distinct]
            scores = await asyncio.to_thread(deps.reranker.score, part.question, texts)
        ranking = rank(candidates, part, plan, scores=scores, rules=deps.rules, limits=deps.limits)
        rows = tuple(queried.rows for queried in state.get("queried", []) if queried.part == number)
        evidence.append(Evidence(hits=ranking.kept, rows=rows))
    return State(evidence=evidence)
