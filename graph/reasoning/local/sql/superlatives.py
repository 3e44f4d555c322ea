"""Superlatives and comparatives: which adjective they are of, and what it measures."""

from dataclasses import dataclass

from graph.reasoning.local.sql.lexicon import FREQUENT, IRREGULAR, MEASURES, word_set
from graph.reasoning.local.sql.words import root

_ENDS = {"first": False, "last": True}
_DATES = ("date", "year")
_NAMES = word_set("name names")
_GREATEST = word_set("maximum max top")
_LEAST = word_set("minimum min")
_QUANTIFIERS = word_set("many much few great")


@dataclass(frozen=True, slots=True)
class Superlative:
    """Words such as "youngest" or "most expensive"."""

    end: int
    descending: bool
    measures: tuple[str, ...]
    """Stems of the columns it measures by itself; empty when the noun behind says what is measured."""
    frequent: bool = False
    """It counts rows, as "most common" does."""
    aged: bool = False
    """It speaks of age, which for a column of dates is the other way round."""


def superlative_at(word: str, following: str, at: int) -> Superlative | None:
    """Return the superlative that one or two words make.

    Args:
        word: A folded word.
        following: The one behind it.
        at: Where the first stands.
    """
    if word in {"most", "least"} and following in FREQUENT:
        return Superlative(at + 2, word == "most", (), frequent=True)
    if word in {"most", "least"} and following in MEASURES and following not in _QUANTIFIERS:
        descending, nouns = MEASURES[following]
        return Superlative(at + 2, descending == (word == "most"), tuple(map(root, nouns.split())))
    if word in _GREATEST | _LEAST:
        return Superlative(at + 1, word in _GREATEST, ())
    if word in _ENDS and following not in _NAMES:
        return Superlative(at + 1, _ENDS[word], _DATES)
    return _by_ending(word, at)


def _by_ending(word: str, at: int) -> Superlative | None:
    adjective = adjective_of(word, "est")
    if adjective is None:
        return None
    descending, nouns = MEASURES[adjective]
    measures = tuple(map(root, nouns.split()))
    return Superlative(at + 1, descending, measures, aged=adjective in {"old", "young"})


def adjective_of(word: str, ending: str) -> str | None:
    """Return the known adjective of which a word is a superlative (est) or comparative (er)."""
    irregular = IRREGULAR.get(word)
    if irregular is not None:
        return irregular if word.endswith(ending[-1]) else None
    if not word.endswith(ending):
        return None
    base = word[: -len(ending)]
    forms = (base, base + "e", base[:-1], base[:-1] + "y" if base.endswith("i") else base)
    return next((form for form in forms if form in MEASURES), None)
