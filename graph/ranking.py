"""From result lists to the passages of a part, stage by stage; pure, so that it can be told why later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from graph.deps import Limits
from graph.plan import Family, Part, Plan
from graph.state import Retrieved
from tools.ranking.duplicates import drop_near_duplicates
from tools.ranking.fusion import fuse
from tools.ranking.packing import pack
from tools.ranking.rules import Circumstances, Rule, apply_rules
from tools.types import Hit

WEIGHTS: Mapping[Family, float] = {"question": 1.0, "sub_question": 1.0, "rewrite": 0.5, "hypothetical": 0.5}
"""Weight of each family's lists: an expansion counts half of the question itself."""
CANDIDATES = 30
"""Fused hits that reach the cross-encoder and the rules."""
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What was found for one part, before it is weighed."""

    lists: tuple[Retrieved, ...]
    """The result lists that belong to the part."""
    fused: tuple[Hit, ...]
    """All passages of them, each once."""
    distinct: tuple[Hit, ...]
    """The first of those, without what says the same again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Every further stage; hits are best first throughout."""

    scored: tuple[Hit, ...]
    """In the order before the rules, with the cross-encoder's scores if there is one."""
    ruled: tuple[Hit, ...]
    """After the rules."""
    packed: tuple[Hit, ...]
    """What fits into the budget of tokens."""
    kept: tuple[Hit, ...]
    """What the part is answered from."""


def find_candidates(part: Part, lists: Sequence[Retrieved]) -> Candidates:
    """Fuse the lists of the part's queries and bases, and drop near duplicates."""
    families = {query.text: query.family for query in part.queries}
    chosen = [found for found in lists if found.query in families]
    chosen = [found for found in chosen if found.knowledge_base in part.knowledge_bases]
    weights = [WEIGHTS[families[found.query]] * _weight(found, part) for found in chosen]
    fused = fuse([found.hits for found in chosen], weights=weights)
    distinct = drop_near_duplicates(fused[:CANDIDATES])
    return Candidates(lists=tuple(chosen), fused=tuple(fused), distinct=tuple(distinct))


def rank(
    candidates: Candidates,
    part: Part,
    plan: Plan,
    *,
    scores: Sequence[float] | None,
    rules: Sequence[Rule],
    limits: Limits,
) -> Ranking:
    """Apply the rules and pack.

    Args:
        candidates: What was found.
        part: What it is to answer.
        plan: Of which the part is one.
        scores: A cross-encoder's score of each distinct candidate, in order; None when there is none.
        rules: Applied in order.
        limits: Bounds of the evidence.
    """
    if not limits.reranks:
        return _as_fused(candidates, limits)
    hits = list(candidates.distinct) if scores is None else _cross_encoded(candidates.distinct, scores)
    circumstances = Circumstances(as_of=plan.as_of, products=part.products, revisions=part.revisions)
    scored = sorted(hits, key=lambda hit: -hit.score)
    return _packed(scored, apply_rules(hits, rules, circumstances), limits)


def _as_fused(candidates: Candidates, limits: Limits) -> Ranking:
    """Keep the order of the searches, duplicates included."""
    fused = candidates.fused[:CANDIDATES]
    return _packed(fused, fused, limits)


def _packed(scored: Sequence[Hit], ruled: Sequence[Hit], limits: Limits) -> Ranking:
    packed = pack(ruled, budget=limits.evidence_tokens, size=tokens_of)
    return Ranking(
        scored=tuple(scored),
        ruled=tuple(ruled),
        packed=tuple(packed),
        kept=tuple(packed[: limits.passages_per_part]),
    )


def tokens_of(hit: Hit) -> int:
    """Estimate what a passage takes of the budget."""
    return len(hit.chunk.text) // CHARACTERS_PER_TOKEN + 1


def _weight(found: Retrieved, part: Part) -> float:
    return max(0.05, part.route.knowledge_bases.get(found.knowledge_base, 0.0))


def _cross_encoded(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    """Replace each score by the cross-encoder's, squashed to (0, 1) so that rules can multiply it."""
    return [
        replace(
            hit,
            score=1 / (1 + exp(-score)),
            explanation={**hit.explanation, "cross_encoder": round(score, 4)},
        )
        for hit, score in zip(hits, scores, strict=True)
    ]
