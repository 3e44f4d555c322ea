"""Grow the best span into a readable answer: whole lists, whole procedures, a few supporting sentences."""

from collections.abc import Iterator, Sequence

from graph.reasoning.local.answer_types import asks_for_steps
from graph.reasoning.local.supports import Candidate
from graph.state import Support
from tools.text.sentences import Unit, units
from tools.text.words import numbers, stem_set

MOST_SPANS = 6
"""Separate places an answer quotes."""
CONTINUED = 2
"""Of the best places, also the next sentence is quoted: it often holds the condition or the figure."""
MOST_ITEMS = 12
"""Items of a list that are quoted with it."""
PLAIN_SPANS = 3
"""Spans that are quoted where nothing but nearness chooses."""
NEAR = 0.8
"""A further span must score at most this much less than the best."""
RIVAL = 0.35
"""A better trusted source that scores at most this much less has the word."""
ALIKE = 0.6
"""A span of whose words this share was quoted already says nothing new."""


def complete(question: str, candidates: Sequence[Candidate]) -> list[Support]:
    """Return the spans of the answer, the answering one first, then what supports it."""
    best = candidates[0]
    trusted = max(_trust(one) for one in candidates if one.score >= best.score - RIVAL)
    candidates = [one for one in candidates if _trust(one) >= trusted]
    best = candidates[0]
    chosen: list[Support] = []
    places = 0
    for candidate in candidates:
        if places == MOST_SPANS or candidate.score < best.score - NEAR:
            break
        grown = [
            span for span in _grow(question, candidate, on=places < CONTINUED) if not _said(span, chosen)
        ]
        if grown and not _said(candidate.support(), chosen):
            chosen += grown
            places += 1
    return chosen


def nearest(question: str, candidates: Sequence[Candidate]) -> list[Support]:
    """Return the spans that are nearest in meaning, as they stand: what a plain reader would quote."""
    del question
    ranked = sorted(candidates, key=lambda one: -(one.score if one.cosine is None else one.cosine))
    return [one.support() for one in ranked[:PLAIN_SPANS]]


def _trust(candidate: Candidate) -> float:
    """Return the factor that the authority rule gave the document; a better source silences a lesser one."""
    factor = candidate.hit.explanation.get("authority", 1.0)
    return factor if isinstance(factor, float) else 1.0


def _grow(question: str, candidate: Candidate, *, on: bool) -> Iterator[Support]:
    """Return the span with the sentence after it if `on`, or the whole list or procedure it belongs to."""
    found = units(candidate.hit.chunk.text)
    position = next(i for i, unit in enumerate(found) if unit.start == candidate.unit.start)
    block = _list_around(found, position, whole=asks_for_steps(question))
    for unit in block or _with_next(found, position, on=on):
        yield candidate.support(unit)


def _with_next(found: Sequence[Unit], position: int, *, on: bool) -> list[Unit]:
    unit, following = found[position], found[position + 1 : position + 2]
    if on and unit.kind == "sentence" and following and following[0].block == unit.block:
        return [unit, *following]
    return [unit]


def _list_around(found: Sequence[Unit], position: int, *, whole: bool) -> list[Unit]:
    """Return the list that a lead-in opens, or (if wanted whole) that an item stands in, with its lead-in."""
    unit = found[position]
    if unit.kind == "sentence":
        items = _items(found, position + 1)
        opens = unit.text.endswith(":") or (whole and bool(items) and items[0].kind == "step")
        return [unit, *items] if items and opens else []
    if unit.kind in ("item", "step") and whole:
        first = position
        while first > 0 and found[first - 1].block == unit.block and found[first - 1].kind == unit.kind:
            first -= 1
        lead = [found[first - 1]] if first > 0 and found[first - 1].text.endswith(":") else []
        return [*lead, *_items(found, first)]
    return []


def _items(found: Sequence[Unit], first: int) -> list[Unit]:
    items: list[Unit] = []
    for unit in found[first : first + MOST_ITEMS]:
        if unit.kind not in ("item", "step") or (items and unit.block != items[0].block):
            break
        items.append(unit)
    return items


def _said(span: Support, chosen: Sequence[Support]) -> bool:
    """Tell whether the answer quotes the span already, or says the same in other words and no new figure."""
    own, figures = stem_set(span.text), numbers(span.text)
    for other in chosen:
        if (other.chunk_id, other.start) == (span.chunk_id, span.start):
            return True
        if figures - numbers(other.text):
            continue
        shared = own & stem_set(other.text)
        if own and len(shared) >= ALIKE * len(own):
            return True
    return False
