"""Cuts questions and identifiers into comparable words."""

import re
from dataclasses import dataclass
from functools import lru_cache

from graph.reasoning.local.sql.lexicon import NUMBERS
from graph.reasoning.local.sql.vocabulary import ABBREVIATIONS
from tools.text.words import fold, stem

MOST_TOKENS = 60
"""Longer questions are not read."""

_TOKEN = re.compile(
    r"(?P<quoted>\"[^\"]+\"|“[^”]+”|‘[^’]+’|(?<![\w])'(?:[^']|(?<=\w)'(?=\w))+'(?!\w))"
    r"|(?P<number>(?<![\w.])[-+]?\$?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w])|(?<![\w.])[-+]?\$?\d+(?:\.\d+)?%?(?![\w]))"
    r"|(?P<word>[^\W_]+(?:['’][^\W_]+)?|[^\W_]+(?:_[^\W_]+)*)"
    r"|(?P<mark>[,;:?!.()=<>])"
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_IRREGULAR = {
    "people": "person",
    "persons": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "criteria": "criterion",
    "indices": "index",
    "data": "data",
    "series": "series",
    "wives": "wife",
    "leaves": "leave",
    "matches": "match",
}


IRREGULAR_PLURALS = frozenset({*_IRREGULAR, "staff", "fish", "sheep", "personnel"})
"""Nouns that mean several without ending in s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word, number, quotation or mark of a question."""

    text: str
    """As it stands there; of a quotation what is inside."""
    kind: str
    """word, number, quoted or mark."""
    folded: str
    """Lower-cased, without accents and possessive ending."""
    stem: str
    start: int
    end: int

    @property
    def number(self) -> int | float | None:
        """Its value when it is a number in digits or a word."""
        if self.kind == "number":
            digits = self.folded.strip("+$%")
            return float(digits) if "." in digits else int(digits)
        return NUMBERS.get(self.folded) if self.kind == "word" else None


def tokens_of(question: str) -> tuple[Token, ...]:
    """Cut a question into tokens; hyphens separate words."""
    found = []
    for match in _TOKEN.finditer(question):
        kind = match.lastgroup or "mark"
        text = match.group()
        if kind == "quoted":
            text = text[1:-1]
        found.append(_token(text, kind, match.start(), match.end()))
    return tuple(found)


def _token(text: str, kind: str, start: int, end: int) -> Token:
    folded = text if kind == "mark" else fold(text)
    if kind == "word":
        folded = re.sub(r"['’]s$", "", folded).strip("'’") or folded
    if kind == "quoted":
        folded = f'"{folded}"'  # so that no rule takes it for a word of its own
    return Token(text=text, kind=kind, folded=folded, stem=root(folded), start=start, end=end)


@lru_cache(maxsize=20_000)
def root(word: str) -> str:
    """Return the stem of a folded word, irregular plurals included."""
    return stem(_IRREGULAR.get(word, word))


@lru_cache(maxsize=20_000)
def identifier_words(name: str) -> tuple[str, ...]:
    """Split a name at underscores, spaces and capitals and return the stems of its words.

    Abbreviations in general use are written out; little words are left out.
    """
    parts = [part for part in re.split(r"[\W_]+", name) if part]
    pieces = [fold(piece) for part in parts for piece in _pieces(part)]
    whole = " ".join(ABBREVIATIONS.get(piece, piece) for piece in pieces)
    return tuple(root(word) for word in whole.split() if word not in {"of", "the", "a", "an", "in"})


def _pieces(part: str) -> list[str]:
    """Split at capitals and digits, but keep a short head such as the L in LName with its word."""
    if fold(part) in ABBREVIATIONS or part.isupper() or part.islower():
        return [part]
    found: list[str] = _PARTS.findall(part)
    return found or [part]
