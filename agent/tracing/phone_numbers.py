"""Finds telephone numbers in text, and leaves alone what only looks like one.

A number counts when it is written the way people write telephone numbers: with the prefix of a country, with
the leading zero of an area in groups, in the groups of North America or China, or behind a word such as
"phone". Dates, times, amounts, versions, identifiers and digests are none of these.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_OTHERWISE = re.compile(
    r"(?<!\w)[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?!\w)"
    r"|(?<!\d)(?:(?:19|20)\d\d([-./])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d)(?!\d)"
)
"""Identifiers and dates."""
_RUN = re.compile(
    r"(?<!\w)(?<!\w-)(?<!\d[.,:/])"  # the middle of a word, an identifier, a number or a time
    r"\(?\+?\(?\d++(?:\)?[ .\-/\u00a0\u2011\u2013]?\(?\d++)*+\)?"
    r"(?![\w@%]|[,:]\d|-\w)"
)
_GROUP = re.compile(r"\d+")
_AMERICAN = re.compile(r"(?:1 )?[2-9]\d\d \d{3} \d{4}")
_CHINESE = re.compile(r"(?:86 )?1[3-9]\d \d{4} \d{4}")
_LABEL = re.compile(
    r"(?<!\w)(?:tel|telephone|phone|fax|mobile|mob|cell|whatsapp|telefon|mobil|handy|téléphone|portable"
    r"|teléfono|móvil|telefono|cellulare|telefone|电话|手机|電話|手機)(?:\.|\s?(?:no|number|nr)\.?)?\s?[:=]?\s?$",
    re.IGNORECASE,
)
_LABEL_LENGTH = 24
SHORTEST, LONGEST = 6, 17
"""Digits of a telephone number, however it is written."""
_SPACES = frozenset((" ", "\u00a0", "(", " (", "/"))
"""What may stand between a telephone number and a number before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Digits:
    """Digits that stand in groups, from one group of a run to its end."""

    groups: Sequence[str]
    between: Sequence[str]
    """What stands before each group."""

    def first(self, count: int) -> str:
        return "".join(self.groups[:count])

    def separators(self, count: int) -> set[str]:
        return {*self.between[1:count]}


def find_phone_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each telephone number, from left to right; takes linear time."""
    rest = _OTHERWISE.sub(lambda found: "x" * len(found.group()), text)
    for run in _RUN.finditer(rest):
        yield from _in_run(rest, run.start(), run.end())


def _in_run(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    places = [match.span() for match in _GROUP.finditer(text, start, end)]
    ends = [start, *(last for _, last in places)]
    between = [text[ends[number] : first] for number, (first, _) in enumerate(places)]
    groups = [text[first:last] for first, last in places]
    number = 0
    while number < len(groups):
        digits = _Digits(groups=groups[number : number + 8], between=between[number : number + 8])
        if replaced := _replaced(digits):
            number += replaced
            continue
        if number == 0:
            labelled = _LABEL.search(text[max(0, start - _LABEL_LENGTH) : start]) is not None
            count = _length(digits, labelled=labelled)
        else:
            count = _length(digits) if between[number] in _SPACES else 0
        if count:
            first = start if number == 0 else places[number][0]
            yield first, places[number + count - 1][1]
        number += count or 1


def _replaced(digits: _Digits) -> int:
    """Return how many of the groups are what a number was replaced by: three zeros or more, and a count.

    No country and no area begins like that.
    """
    if not digits.first(len(digits.groups)).startswith("000"):
        return 0
    return 1 + next(
        (at for at, group in enumerate(digits.groups) if group.strip("0")), len(digits.groups) - 1
    )


def _length(digits: _Digits, *, labelled: bool = False) -> int:
    """Return how many of the groups make a telephone number; 0 when there is none."""
    shapes: list[_Shape] = [_after_plus] if "+" in digits.between[0] else [_after_zeros, _area, _grouped]
    if labelled:
        shapes.append(_any)
    for count in range(len(digits.groups), 0, -1):
        written = digits.first(count)
        fits = SHORTEST <= len(written) <= LONGEST
        if fits and any(shape(digits, count) for shape in shapes):
            return count
    return 0


_Shape = Callable[[_Digits, int], bool]


def _after_plus(digits: _Digits, count: int) -> bool:
    """+41 44 555 01 19: a country's prefix begins with no zero."""
    written = digits.first(count)
    return 8 <= len(written) <= 15 and written[0] != "0"


def _after_zeros(digits: _Digits, count: int) -> bool:
    """0041 44 555 01 19: two zeros stand for the plus."""
    written = digits.first(count)
    if not re.match("00[1-9]", written) or "." in digits.separators(2):
        return False
    return 12 <= len(written) <= 15 if count == 1 else 10 <= len(written) <= 17


def _area(digits: _Digits, count: int) -> bool:
    """044 555 01 19: an area begins with one zero, as no amount does."""
    if not re.match("0[1-9]", digits.groups[0]):
        return False
    length = len(digits.first(count))
    if count == 1:
        return 10 <= length <= 11
    decimal = count == 2 and "." in digits.separators(2)
    return 9 <= length <= 12 and not decimal


def _grouped(digits: _Digits, count: int) -> bool:
    """(555) 123-4567 and 138 0013 8000: groups that nothing else is written in."""
    written = " ".join(digits.groups[:count])
    if _CHINESE.fullmatch(written):
        return True
    between = "".join(digits.between[:count])
    return _AMERICAN.fullmatch(written) is not None and any(mark in between for mark in "-.()")


def _any(digits: _Digits, count: int) -> bool:
    """Whatever stands behind a word that announces it, other than an amount."""
    amount = count == 2 and "." in digits.separators(2)
    return 6 <= len(digits.first(count)) <= 15 and not amount
