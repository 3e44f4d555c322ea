"""Grow the best span into a readable answer: whole lists, whole procedures, a few supporting sentences."""

from collections.abc import Iterator, Sequence

from graph.reasoning.local.answer_types import asks_for_steps
from graph.reasoning.local.supports import Candidate
from graph.state import Support
from tools.text.sentences import Unit, units
from tools.text.words import numbers, stem_set

MOST_SPANS = 5
"""Separate places an answer quotes."""
MOST_ITEMS = 12
"""Items of a list that are quoted with it."""
NEAR = 0.8
"""A further span must score at most this much less than the best."""
ALIKE = 0.6
"""Spans that share this much of the smaller one's words say the same."""


def complete(question: str, candidates: Sequence[Candidate]) -> list[Support]:
    """Return the spans of the answer, the answering one first, then what supports it."""
    best = candidates[0]
    chosen: list[Support] = []
    places = 0
    for candidate in candidates:
        if places == MOST_SPANS or candidate.score < best.score - NEAR:
            break
        grown = [span for span in _grow(question, candidate) if not _said(span, chosen)]
        if grown and not _said(candidate.support(), chosen):
            chosen += grown
            places += 1
    return chosen


def _grow(question: str, candidate: Candidate) -> Iterator[Support]:
    """Return the span itself, or the whole list or procedure that it belongs to."""
    found = units(candidate.hit.chunk.text)
    position = next(i for i, unit in enumerate(found) if unit.start == candidate.unit.start)
    block = _list_around(found, position, whole=asks_for_steps(question))
    for unit in block or [candidate.unit]:
        yield candidate.support(unit)


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
        if own and len(shared) >= ALIKE * min(len(own), len(stem_set(other.text)) or 1):
            return True
    return False
