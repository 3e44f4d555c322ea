"""Words of a text as comparable stems.

A stem is a lower-cased, accent-folded word reduced by the Snowball stemmer of its language. Chinese,
Japanese and Korean text has no spaces, so it counts as overlapping pairs of characters.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import snowballstemmer

WORD = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+|,\d{3}(?!\d))*", re.UNICODE)
NUMBER = re.compile(r"(?<![\w.,])[-+]?(?:\d{1,3}(?:[,\u00a0\u202f]\d{3})+|\d+)(?:\.\d+)?(?!\d)")
CJK = re.compile(r"[぀-ヿ㐀-䶿一-鿿가-힯]+")

STOP_WORDS = frozenset(Path(__file__).with_name("stop_words.txt").read_text(encoding="utf-8").split())
"""Words that carry the form of a question rather than its subject."""

_local = threading.local()


def words(text: str) -> list[str]:
    """Return the words of a text as written, with inner hyphens, dots and apostrophes kept."""
    return [match.group() for match in WORD.finditer(text)]


def fold(word: str) -> str:
    """Lower-case a word and take off its accents, so that spellings compare."""
    if word.isascii():
        return word.lower().replace(",", "")
    decomposed = unicodedata.normalize("NFKD", word.casefold().replace("’", "'").replace(",", ""))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def stems(text: str) -> list[str]:
    """Return the stems of all words but stop words, in order, repeats kept."""
    return [stem for word in words(text) for stem in _stems_of(fold(word))]


def stem_set(text: str) -> frozenset[str]:
    """Return the distinct stems of a text."""
    return frozenset(stems(text))


def numbers(text: str) -> frozenset[str]:
    """Return the numbers of a text in one spelling: no thousands separators, no trailing zeros."""
    return frozenset(_canonical(match.group()) for match in NUMBER.finditer(text))


def _stems_of(word: str) -> Iterable[str]:
    return _cjk_pairs(word) if CJK.search(word) else _alphabetic_stems(word)


@lru_cache(maxsize=50_000)
def _alphabetic_stems(word: str) -> tuple[str, ...]:
    if word in STOP_WORDS:
        return ()
    parts = [word] if any(map(str.isdigit, word)) else re.split(r"[/\-]", word)
    return tuple(
        stem(part.removesuffix("'s").strip("'.")) for part in parts if part and part not in STOP_WORDS
    )


def stem(word: str) -> str:
    """Return the English Snowball stem of one folded word."""
    if not hasattr(_local, "stemmer"):
        _local.stemmer = snowballstemmer.stemmer("english")
    return str(_local.stemmer.stemWord(word))


def _cjk_pairs(word: str) -> Iterator[str]:
    for run in CJK.findall(word):
        yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))
    yield from (stem(part) for part in CJK.split(word) if part)


def _canonical(number: str) -> str:
    sign = "-" if number.startswith("-") else ""
    whole, _, fraction = re.sub(r"[,\u00a0\u202f]", "", number.lstrip("+-")).partition(".")
    fraction = fraction.rstrip("0")
    return f"{sign}{whole.lstrip('0') or '0'}{'.' if fraction else ''}{fraction}"
