"""Turn the result lists into the evidence of each part."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import exp

from langgraph.runtime import Runtime

from graph.deps import Deps
from graph.plan import Family, Part, Plan
from graph.state import Evidence, Retrieved, State
from tools.ports import Reranker
from tools.ranking.duplicates import drop_near_duplicates
from tools.ranking.fusion import fuse
from tools.ranking.packing import pack
from tools.ranking.rules import Circumstances, apply_rules
from tools.types import Hit

WEIGHTS: Mapping[Family, float] = {"question": 1.0, "sub_question": 1.0, "rewrite": 0.5, "hypothetical": 0.5}
"""Weight of each family's lists: an expansion counts half of the question itself."""
CANDIDATES = 30
"""Fused hits that reach the cross-encoder and the rules."""
CHARACTERS_PER_TOKEN = 4


async def rerank(state: State, runtime: Runtime[Deps]) -> State:
    """Fuse, deduplicate, re-score, apply the rules and pack, part by part."""
    deps, plan = runtime.context, state["plan"]
    lists = [*state.get("prefetched", []), *state.get("retrieved", [])]
    evidence = []
    for number, part in enumerate(plan.parts):
        hits = await _rank(part, plan, lists, deps)
        rows = tuple(queried.rows for queried in state.get("queried", []) if queried.part == number)
        evidence.append(Evidence(hits=tuple(hits), rows=rows))
    return State(evidence=evidence)


async def _rank(part: Part, plan: Plan, lists: Sequence[Retrieved], deps: Deps) -> list[Hit]:
    families = {query.text: query.family for query in part.queries}
    chosen = [found for found in lists if found.query in families]
    chosen = [found for found in chosen if found.knowledge_base in part.knowledge_bases]
    weights = [WEIGHTS[families[found.query]] * _weight(found, part) for found in chosen]
    hits = fuse([found.hits for found in chosen], weights=weights)
    hits = drop_near_duplicates(hits[:CANDIDATES])
    if deps.reranker is not None:
        hits = await asyncio.to_thread(_cross_encode, deps.reranker, part.question, hits)
    circumstances = Circumstances(as_of=plan.as_of, products=part.products, revisions=part.revisions)
    hits = apply_rules(hits, deps.rules, circumstances)
    packed = pack(hits, budget=deps.limits.evidence_tokens, size=_tokens)
    return packed[: deps.limits.passages_per_part]


def _weight(found: Retrieved, part: Part) -> float:
    return max(0.05, part.route.knowledge_bases.get(found.knowledge_base, 0.0))


def _cross_encode(reranker: Reranker, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Replace each score by the cross-encoder's, squashed to (0, 1) so that rules can multiply it."""
    scores = reranker.score(question, [hit.chunk.embedding_text for hit in hits])
    return [
        replace(
            hit,
            score=1 / (1 + exp(-score)),
            explanation={**hit.explanation, "cross_encoder": round(score, 4)},
        )
        for hit, score in zip(hits, scores, strict=True)
    ]


def _tokens(hit: Hit) -> int:
    return len(hit.chunk.text) // CHARACTERS_PER_TOKEN + 1
