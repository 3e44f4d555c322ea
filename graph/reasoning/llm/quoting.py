"""Find the span of a passage that says what an answer says."""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.text.sentences import Unit, units
from tools.text.words import numbers, stem_set
from tools.types import Chunk

LONGEST_RUN = 3
"""Neighbouring units that one claim may be drawn from."""
NUMBER_WEIGHT = 3.0
UNIT_COST = 1.5
"""A further unit must bring in two words, or a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What a text says, as far as it can be compared."""

    stems: frozenset[str]
    numbers: frozenset[str]


def quote(claims: Sequence[str], chunk: Chunk) -> tuple[int, int]:
    """Return start and end, in the document, of the whole units to quote for these claims.

    For each claim that run of one to three neighbouring units (sentences, items, table rows; headings only
    when there is nothing else) is chosen which maximises

        |stems of the claim in the run| + 3 · |numbers of the claim in the run| - 1.5 · (units - 1);

    of equal runs the shorter, then the earlier. To it come the units nearest to it that hold the claim's
    numbers which it lacks. The quotation is the hull of all claims' units. When no claim shares a word with
    the passage, as when it is in another language, that is the whole of it.
    """
    everything = units(chunk.text)
    found = [unit for unit in everything if unit.kind != "heading"] or everything
    if not found:
        return chunk.start, chunk.end
    terms = [_terms(unit.text) for unit in found]
    spans = [span for claim in claims if (span := _best_span(_terms(claim), found, terms)) is not None]
    first = min((start for start, _ in spans), default=0)
    last = max((end for _, end in spans), default=len(found))
    return chunk.start + found[first].start, chunk.start + found[last - 1].end


def _best_span(claim: _Terms, found: Sequence[Unit], terms: Sequence[_Terms]) -> tuple[int, int] | None:
    """Return the range of units that carries one claim; None when nothing does."""
    runs = [
        (first, last)
        for first in range(len(found))
        for last in range(first + 1, min(first + LONGEST_RUN, len(found)) + 1)
    ]
    first, last = max(
        runs, key=lambda run: (_score(claim, terms[slice(*run)]), found[run[0]].start - found[run[1] - 1].end)
    )
    if _score(claim, terms[first:last]) <= 0:
        return None
    missing = claim.numbers - _numbers(terms[first:last])
    for number in sorted(missing & _numbers(terms)):
        holders = [place for place, one in enumerate(terms) if number in one.numbers]
        nearest = min(holders, key=lambda place: max(first - place, place - last + 1))
        first, last = min(first, nearest), max(last, nearest + 1)
    return first, last


def _score(claim: _Terms, run: Sequence[_Terms]) -> float:
    said = claim.stems & frozenset[str]().union(*(one.stems for one in run))
    return len(said) + NUMBER_WEIGHT * len(claim.numbers & _numbers(run)) - UNIT_COST * (len(run) - 1)


def _numbers(run: Sequence[_Terms]) -> frozenset[str]:
    return frozenset[str]().union(*(one.numbers for one in run))


def _terms(text: str) -> _Terms:
    return _Terms(stems=stem_set(text), numbers=numbers(text))
