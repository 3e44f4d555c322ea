"""Declarative ranking rules: each multiplies a hit's score by a factor and says why.

A rule is data from the configuration. It never sees the question's words, only what the plan knows about
the question (`Circumstances`) and what the document says about itself (`Metadata`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from tools.types import Hit, Metadata

RuleKind = Literal["superseded", "recency", "authority", "product"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; fields that its kind does not use are ignored."""

    kind: RuleKind
    factor: float = 1.0
    """superseded: for documents not in force; product: for a match."""
    mismatch: float = 1.0
    """product: for documents that are only about other products, or another revision."""
    half_life_days: float = 365.0
    """recency: age at which the document keeps half of its weight above the floor."""
    floor: float = 0.0
    """recency: the factor that no age falls below, in [0, 1]."""
    factors: Mapping[str, float] = field(default_factory=dict)
    """authority: factor by the document's authority; others keep 1."""
    knowledge_bases: tuple[str, ...] = ()
    """Bases the rule applies to; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the rules may know about the question."""

    as_of: date
    """The day whose truth is asked for."""
    products: tuple[str, ...] = ()
    """Products named in the question."""
    revisions: tuple[str, ...] = ()
    """Revisions of those products named in the question."""


def apply_rules(hits: Sequence[Hit], rules: Sequence[Rule], circumstances: Circumstances) -> list[Hit]:
    """Return the hits by falling score after all rules; score' = score · Π factor(rule).

    Every factor other than 1 is put into the hit's explanation under the rule's kind.
    """
    return sorted((_apply(hit, rules, circumstances) for hit in hits), key=lambda hit: -hit.score)


def in_force(metadata: Metadata, day: date) -> bool:
    """Tell whether a document holds on a day; unknown bounds are open."""
    started = metadata.valid_from is None or metadata.valid_from <= day
    ended = metadata.valid_to is not None and metadata.valid_to < day
    return started and not ended


def _apply(hit: Hit, rules: Sequence[Rule], circumstances: Circumstances) -> Hit:
    score, explanation = hit.score, dict(hit.explanation)
    for rule in rules:
        if rule.knowledge_bases and hit.chunk.knowledge_base not in rule.knowledge_bases:
            continue
        factor = _FACTORS[rule.kind](rule, hit.chunk.metadata, circumstances)
        if factor != 1.0:
            score *= factor
            explanation[rule.kind] = round(factor, 4)
    return replace(hit, score=score, explanation=explanation)


def _superseded(rule: Rule, metadata: Metadata, circumstances: Circumstances) -> float:
    return 1.0 if in_force(metadata, circumstances.as_of) else rule.factor


def _recency(rule: Rule, metadata: Metadata, circumstances: Circumstances) -> float:
    """Return floor + (1 - floor) · 2^(-age / half-life); age in days since `valid_from`, unknown is new."""
    if metadata.valid_from is None:
        return 1.0
    age = max(0, (circumstances.as_of - metadata.valid_from).days)
    return float(rule.floor + (1 - rule.floor) * 2.0 ** (-age / rule.half_life_days))


def _authority(rule: Rule, metadata: Metadata, _: Circumstances) -> float:
    return rule.factors.get(metadata.authority or "", 1.0)


def _product(rule: Rule, metadata: Metadata, circumstances: Circumstances) -> float:
    if not circumstances.products or not metadata.products:
        return 1.0
    shared = {name.casefold() for name in metadata.products} & {
        name.casefold() for name in circumstances.products
    }
    if metadata.revision and circumstances.revisions and metadata.revision not in circumstances.revisions:
        return rule.mismatch
    return rule.factor if shared else rule.mismatch


_FACTORS: Mapping[RuleKind, Callable[[Rule, Metadata, Circumstances], float]] = {
    "superseded": _superseded,
    "recency": _recency,
    "authority": _authority,
    "product": _product,
}
