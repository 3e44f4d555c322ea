"""The local judge: is there an answer in the evidence, and does the draft hold?"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from graph.plan import Part, Plan
from graph.reasoning.checks import check_claims
from graph.reasoning.harmless.quotations import quotation
from graph.reasoning.local.lexicon import Lexicon
from graph.reasoning.local.passages import complete
from graph.reasoning.local.sufficiency import confidence
from graph.reasoning.local.supports import Candidate, SpanFinder
from graph.state import WORDS_ALONE, Assessment, Draft, Evidence, Support, Verification
from tools.metering import Meter
from tools.types import Hit

CLOSE = 0.3
"""Spans whose scores differ less than this are rivals."""
WORTH_ASKING = 0.4
"""Evidence this far below the threshold may still be worth asking back: the product will sharpen it."""
NARROW = 2
"""A document about more products than this is a general one."""
MOST_CHOICES = 6
UNKNOWN = 0.5
"""Confidence in evidence that nobody has weighed."""
_WHICH = re.compile(r"\b(?:which|compare|difference|all|any|both|every|models)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalJudge:
    """Judges by words, embeddings where there are any, and rules. Implements `Judge`."""

    lexicon: Lexicon
    finder: SpanFinder
    abstain: float
    """Confidence below which evidence is no answer, in [0, 1]."""
    asks_back: bool = True
    """Whether an ambiguous question is asked back about; else the best spans are taken."""
    quotes: Callable[[str, Sequence[Candidate]], Sequence[Support]] = complete
    """Chooses what is quoted of the spans, best first."""

    async def assess(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        """Assess part by part in a worker thread."""
        return await asyncio.to_thread(self._assess_all, plan, evidence)

    def tell_apart(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        """Say which parts have any evidence, and which must be asked back; not whether it answers them.

        Cheaper than an assessment: spans are compared by words alone.
        """
        return [self._told_apart(part, found) for part, found in zip(plan.parts, evidence, strict=True)]

    async def verify(
        self, draft: Draft, evidence: Sequence[Evidence], *, question: str, before: Verification, meter: Meter
    ) -> Verification:
        """Check every claim word by word and number by number; a local draft only quotes."""
        del question, before, meter
        return check_claims(draft, evidence)

    def _assess_all(self, plan: Plan, evidence: Sequence[Evidence]) -> list[Assessment]:
        return [self._assess(part, found) for part, found in zip(plan.parts, evidence, strict=True)]

    def _told_apart(self, part: Part, evidence: Evidence) -> Assessment:
        from_rows = any(rows.rows or rows.empty for rows in evidence.rows)
        if from_rows or not evidence.hits:
            return _without_passages(part, from_rows, UNKNOWN)
        candidates = self.finder.find(part.question, evidence.hits, embedded=False)
        choices = self._choices(part, candidates) if candidates else ()
        return (
            _ambiguous(choices, UNKNOWN) if choices else Assessment(verdict="sufficient", confidence=UNKNOWN)
        )

    def _assess(self, part: Part, evidence: Evidence) -> Assessment:
        candidates = self.finder.find(part.question, evidence.hits)
        by_words = any(one.cosine is None for one in candidates)
        found = self._weighed(part, evidence, candidates)
        return replace(found, shortfall=WORDS_ALONE) if by_words else found

    def _weighed(self, part: Part, evidence: Evidence, candidates: Sequence[Candidate]) -> Assessment:
        sure = confidence(part.question, candidates, self.lexicon)
        from_rows = any(rows.rows or rows.empty for rows in evidence.rows)
        choices = () if from_rows or sure < self.abstain * WORTH_ASKING else self._choices(part, candidates)
        if sure < self.abstain and not choices:
            return _without_passages(part, from_rows, sure)
        if choices:
            return _ambiguous(choices, sure)
        supports = tuple(self.quotes(part.question, candidates)) if candidates else ()
        return Assessment(verdict="sufficient", confidence=sure, supports=supports)

    def _choices(self, part: Part, candidates: Sequence[Candidate]) -> tuple[str, ...]:
        """Return the things between which the asker must choose, or nothing when the answer is one.

        The question is ambiguous when it names no product, does not ask which one, and its best spans come
        from documents about different products; or when it names a product and all its best spans come
        from documents about different revisions of it.
        """
        if not self.asks_back or part.revisions or _WHICH.search(part.question):
            return ()
        rivals = [one.hit for one in candidates if one.score >= candidates[0].score - CLOSE]
        groups = list(dict.fromkeys(_about(hit) for hit in rivals))
        if part.products:
            revised = all(hit.chunk.metadata.revision for hit in rivals)
            return _names(groups) if revised and len(groups) > 1 else ()
        narrow = [group for group in groups if len(group) <= NARROW]
        general = any(len(group) > NARROW or not group for group in (_about(hit) for hit in rivals[:2]))
        if general or len(narrow) < 2 or set.intersection(*map(set, narrow)):
            return ()
        return _names(narrow)


def _ambiguous(choices: tuple[str, ...], sure: float) -> Assessment:
    ask = f"Which one do you mean: {', '.join(choices[:-1])} or {choices[-1]}?"
    return Assessment(verdict="ambiguous", confidence=sure, ask=ask, choices=choices)


def _names(groups: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return names to choose between, as harmless quotations; nothing when that leaves no choice."""
    shown = (quotation(name).strip() for group in groups for name in group)
    names = tuple(name for name in dict.fromkeys(shown) if name)
    return names[:MOST_CHOICES] if len(names) > 1 else ()


def _about(hit: Hit) -> tuple[str, ...]:
    """Return the products, with their revision if any, that a passage's document is about."""
    metadata = hit.chunk.metadata
    return tuple(f"{name} {metadata.revision}" if metadata.revision else name for name in metadata.products)


def _without_passages(part: Part, from_rows: bool, sure: float) -> Assessment:
    if from_rows:
        sure = max((match.score for match in part.matches), default=part.route.database)
        return Assessment(verdict="sufficient", confidence=sure)
    note = f"Nothing in the sources answers: {part.in_general}"
    return Assessment(verdict="gap", confidence=sure, note=note)
