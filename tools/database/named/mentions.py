"""Names in a question that nothing in the catalogue knows, such as a product that does not exist.

A name is a run of capitalised words behind the first word of a sentence. It tells a question about one
thing from a question about all of them: "borrowed by Ada" is not "borrowed most often".
"""

import re
from collections.abc import Callable

from tools.database.calendar.dates import MONTHS, WEEKDAYS
from tools.text.words import STOP_WORDS, stem_set

_NAME = re.compile(r"(?<=[\w,;:'\"(] )[^\W\d_]*[A-ZÀ-ÖØ-Þ][\w-]*(?:\s[A-ZÀ-ÖØ-Þ][\w-]*)*")
_MOST_SHARE = 0.7


def unknown_names(question: str, *, known: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Return where the question names something unknown.

    Args:
        question: As asked. Mostly capitalised text is taken to name nothing.
        known: Whether a stem belongs to the catalogue's own words.
    """
    words = question.split()
    capitalised = sum(word[:1].isupper() for word in words[1:])
    if capitalised > max(2, _MOST_SHARE * len(words)):
        return []
    return [match.span() for match in _NAME.finditer(question) if _is_unknown(match.group(), known)]


def _is_unknown(name: str, known: Callable[[str], bool]) -> bool:
    ordinary = STOP_WORDS | MONTHS.keys() | WEEKDAYS.keys()
    if all(word.lower() in ordinary for word in name.split()):
        return False
    return not all(known(stem) for stem in stem_set(name))
