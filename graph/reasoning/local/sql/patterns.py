"""Rules for patterns: what a text contains, starts with or ends with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graph.reasoning.local.sql.frame import Filter, Matching, Mention, State
from graph.reasoning.local.sql.lattice import Lattice
from graph.reasoning.local.sql.lexicon import word_set
from graph.reasoning.local.sql.selecting import KEYWORD, worth

_MATCHING: dict[str, Matching] = {
    **dict.fromkeys(word_set("contain contains containing contained include includes including"), "contains"),
    **dict.fromkeys(word_set("start starts starting begin begins beginning"), "starts"),
    **dict.fromkeys(word_set("end ends ending"), "ends"),
}
_HAVING = word_set("with has have having the a")
_LETTERS = word_set("word letter letters substring string phrase")
_BETWEEN = _LETTERS | word_set("the a words text with character prefix suffix by")
_TYING = word_set("that which whose is")


@dataclass(frozen=True, slots=True)
class _Pattern:
    matching: Matching
    text: str
    end: int
    sure: bool
    """It was said that letters are meant, or a verb such as "contains" was used."""


def pattern(
    lattice: Lattice, state: State, at: int, mention: Mention | None, score: float
) -> Iterator[State]:
    """Read "whose name contains 'x'", "with the letter w in its description", "starting with 'A'"."""
    found = _read(lattice, at)
    if found is None:
        return
    score += KEYWORD * (found.end - at)
    if mention is not None:
        inside = lattice.word(found.end) == "in" and lattice.word(found.end + 1) in {"it", "them"}
        if found.sure or inside:
            limit = Filter(mention, operands=(found.text,), matching=found.matching)
            yield state.limited(limit, found.end + 2 * inside, score + 2 * KEYWORD * inside)
    if lattice.word(found.end) not in {"in", "as"}:
        return
    place = lattice.past_determiners(found.end + 1)
    for column in lattice.columns(place):
        meant = column if mention is None else _both(column, mention)
        if meant is not None:
            total = score + KEYWORD * (place - found.end) + worth(column)
            yield state.limited(
                Filter(meant, operands=(found.text,), matching=found.matching), column.end, total
            )


def _read(lattice: Lattice, at: int) -> _Pattern | None:
    start = at
    while lattice.word(start) in _TYING:
        start += 1
    matching = _MATCHING.get(lattice.word(start))
    if matching is None and lattice.word(start) not in _HAVING:
        return None
    start += 1
    letters = False
    while lattice.word(start) in _BETWEEN:
        letters = letters or lattice.word(start) in _LETTERS
        start += 1
    if start >= len(lattice):
        return None
    token = lattice.tokens[start]
    if token.kind != "quoted" and not (letters and token.kind == "word"):
        return None
    return _Pattern(matching or "contains", token.text.strip(), start + 1, letters or matching is not None)


def _both(first: Mention, second: Mention) -> Mention | None:
    same = {candidate.element for candidate in second.candidates}
    found = tuple(candidate for candidate in first.candidates if candidate.element in same)
    return replace(first, candidates=found) if found else None
