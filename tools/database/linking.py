"""Finds values of a column among a question's words.

A value counts as named when all of its words stand in the question one after another, whatever their
case, accents and punctuation, with a plural or a possessive at the end. The longest value wins a place:
"Oak Large" is not also "Oak", unless "Oak" stands elsewhere too. Places left over are compared with a
typing error allowed: each word that differs needs five letters, the same first letter and a similarity of
at least 0.9 (1 - edits / letters, by insertions and deletions), holds no digit, and is no word of any
other value; when two values are equally near, neither is taken.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from tools.text.words import STOP_WORDS, fold

MOST_WORDS = 12
"""Longer values are sentences, which no question names."""
_SIMILARITY = 90.0
_LETTERS = 5
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)
_NEAREST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One place of a question that names a value."""

    value: str
    """The value as the column holds it."""
    text: str
    """The words as they stand in the question."""
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    text: str
    """Folded, without a possessive ending."""
    written: str
    start: int
    end: int


class ValueIndex:
    """The values of one column, ready to be found in questions."""

    def __init__(self, values: Sequence[str], *, typing_errors: bool = True) -> None:
        """Index the values.

        Args:
            values: Distinct texts; of those that read the same, the first is kept.
            typing_errors: Whether near misses count.
        """
        self._typing_errors = typing_errors
        self._exact: dict[tuple[str, ...], str] = {}
        self._singular: dict[tuple[str, ...], str] = {}
        for value in values:
            key = tuple(word.text for word in _words(value))
            if 0 < len(key) <= MOST_WORDS:
                self._exact.setdefault(key, value)
        for key, value in self._exact.items():
            for form in _singulars(key):
                self._singular.setdefault(form, value)
        self._vocabulary = frozenset(word for key in self._exact for word in key)
        self._longest = max(map(len, self._exact), default=0)
        self._joined: dict[int, dict[str, str]] = {}
        for key, value in self._exact.items():
            self._joined.setdefault(len(key), {})[" ".join(key)] = value

    def link(self, question: str) -> list[Link]:
        """Return the values a question names, in the order they stand there, places never overlapping."""
        words = _words(question)
        taken = [False] * len(words)
        links = list(self._find(question, words, taken, self._same))
        if self._typing_errors:
            links += self._find(question, words, taken, self._near)
        return sorted(links, key=lambda link: link.start)

    def _find(
        self,
        question: str,
        words: list[_Word],
        taken: list[bool],
        match: Callable[[Sequence[_Word]], str | None],
    ) -> Iterator[Link]:
        for size in range(min(self._longest, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                if any(taken[first : first + size]):
                    continue
                value = match(words[first : first + size])
                if value is None:
                    continue
                taken[first : first + size] = [True] * size
                start, end = words[first].start, words[first + size - 1].end
                yield Link(value=value, text=question[start:end], start=start, end=end)

    def _same(self, words: Sequence[_Word]) -> str | None:
        key = tuple(word.text for word in words)
        value = self._exact.get(key)
        if value is not None:
            return value if _is_meant(words, value) else None
        for form in (key, *_singulars(key)):
            found = self._exact.get(form) or self._singular.get(form)
            if found is not None and _is_meant(words, found):
                return found
        return None

    def _near(self, words: Sequence[_Word]) -> str | None:
        if not any(self._may_be_mistyped(word.text) for word in words):
            return None
        candidates = self._joined.get(len(words), {})
        text = " ".join(word.text for word in words)
        found = process.extract(
            text, candidates.keys(), scorer=fuzz.ratio, score_cutoff=_SIMILARITY, limit=_NEAREST
        )
        near = [(key, score) for key, score, _ in found if self._differs_little(words, key.split(" "))]
        if not near or (len(near) > 1 and near[0][1] == near[1][1]):
            return None
        return candidates[near[0][0]]

    def _differs_little(self, words: Sequence[_Word], key: Sequence[str]) -> bool:
        return all(
            word.text == wanted
            or (
                self._may_be_mistyped(word.text)
                and len(wanted) >= _LETTERS
                and word.text[0] == wanted[0]
                and fuzz.ratio(word.text, wanted) >= _SIMILARITY
            )
            for word, wanted in zip(words, key, strict=True)
        )

    def _may_be_mistyped(self, word: str) -> bool:
        ordinary = word in STOP_WORDS or word in self._vocabulary
        return len(word) >= _LETTERS and word.isalpha() and not ordinary


def _words(text: str) -> list[_Word]:
    found = []
    for match in _WORD.finditer(text):
        written = match.group()
        plain = re.sub(r"['’](?:s|S)?$", "", written)
        following = text[match.end() : match.end() + 1]
        end = match.end() + (following in {"'", "’"} and written.endswith(("s", "S")))
        found.append(_Word(text=fold(plain), written=plain, start=match.start(), end=end))
    return found


def _singulars(key: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the readings of a phrase with its last word taken out of the plural."""
    word = key[-1]
    if len(word) > 4 and word.endswith("ies"):
        yield (*key[:-1], word[:-3] + "y")
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        yield (*key[:-1], word[:-2])
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        yield (*key[:-1], word[:-1])


def _is_meant(words: Sequence[_Word], value: str) -> bool:
    """Tell "IT" or "NO" as a value from the little words "it" and "no": the case must agree."""
    if any(word.text not in STOP_WORDS for word in words):
        return True
    return value != value.lower() and " ".join(word.written for word in words) == value
