"""The markers by which a model cites its sources, in every style that models write them.

Inside the reasoning a marker is one private-use character, which no cleaned text holds: it takes part in
splitting and joining like a letter, and nobody can forge it.
"""

import re
from collections.abc import Iterable, Iterator

_FIRST = 0xF0000
ENCODED = re.compile("[\U000f0001-\U000ffffd]+")
"""Markers as they stand in read text."""

_WORD = r"(?:sources?|src|passages?|tables?|rows?|documents?|docs?|references?|refs?|citations?|来源|资料)"
_NUMBER = rf"\^? {{0,3}}(?:{_WORD} {{0,3}}[:#]? {{0,3}})?#?\d{{1,5}}"
_BETWEEN = r" {0,3}(?:[,;，、&/–-]|and) {0,3}"
MARK = (
    rf"(?:\\?\[|[【［]) {{0,3}}(?:{_NUMBER}(?:{_BETWEEN}{_NUMBER}){{0,20}})"
    r"(?:†[^\]】\n]{0,60})? {0,3}\\?[\]】］]"
)
"""Pattern of a marker, without case: [3], [3, 5], [^3], [source 3], 【3†source】, \\[3\\] ..."""
_MOST_IN_RANGE = 20


def encode(numbers: Iterable[int]) -> str:
    """Return the marker characters of these source numbers."""
    return "".join(chr(_FIRST + number) for number in numbers)


def decode(text: str) -> tuple[int, ...]:
    """Return the source numbers of the markers in read text, each once, in order."""
    numbers = (ord(character) - _FIRST for run in ENCODED.findall(text) for character in run)
    return tuple(dict.fromkeys(numbers))


def numbers_in(written: str) -> list[int]:
    """Return the numbers that markers name as a model wrote them; 2-4 means 2, 3 and 4."""
    return [number for mark in re.findall(MARK, written, re.IGNORECASE) for number in _numbers(mark)]


def _numbers(mark: str) -> Iterator[int]:
    for first, last in re.findall(r"(\d+)(?: *[–-] *(\d+))?", mark.partition("†")[0]):
        yield int(first)
        if last and int(first) < int(last) <= int(first) + _MOST_IN_RANGE:
            yield from range(int(first) + 1, int(last) + 1)
        elif last:
            yield int(last)
