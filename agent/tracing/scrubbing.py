"""Replaces personal data by what reads alike and says nothing of anybody.

The same address becomes the same placeholder wherever it stands, and a placeholder is left as it is, so that
what was scrubbed twice is what was scrubbed once. Where the form allows it, a placeholder is as long as what
it replaces: positions in a text go on fitting it.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.recording.recording import Json
from agent.sections_tracing import Personal, Tracing
from agent.tracing.personal import (
    MAIL,
    find_accounts,
    find_cards,
    find_logins,
    find_machines,
    find_mail_addresses,
    find_queries,
)
from agent.tracing.phone_numbers import find_phone_numbers

EVERYTHING: tuple[Personal, ...] = ("email", "phone", "card", "iban", "ip", "url")
UNTOUCHED = frozenset(("$vectors", "$attachment", "$passage"))
"""Keys of objects that hold no text of anybody."""
REMEMBERED = 4096
"""Texts whose result is remembered: a recording holds most of its texts several times."""
PASSES = 20
"""What was replaced may stand beside what is personal together with it; this often it is looked at again."""
_Find = Callable[[str], Iterator[tuple[int, int]]]
_FINDERS: Sequence[tuple[Personal, str, str, _Find]] = (
    ("url", "login", "://", find_logins),
    ("url", "query", "://", find_queries),
    ("email", "email", "@", find_mail_addresses),
    ("iban", "iban", "", find_accounts),
    ("card", "card", "", find_cards),
    ("ip", "ip", "", find_machines),
    ("phone", "phone", "", find_phone_numbers),
)
"""What is found by what, and what a text must hold to be searched."""
_MAIL = "person-{}@example.com"
_BEFORE = r"(?:(?<![\w.%+\-])|(?<=\\[nrt]))"
"""The beginning of a word, or a line break as JSON inside of a text writes it."""
_KEPT: Mapping[Personal, str] = {
    "email": _BEFORE + MAIL.pattern + r"(?![\w\-]|\.\w)",
    "ip": _BEFORE + r"(?:0\.\d+\.\d+\.\d+(?![\w@]|\.\d)|(?<![\da-fA-F:]:)100::[\da-f]+(?![\w:@]|\.\d))",
    "url": r"(?<=[?#])query-\d+(?![\w\-%+@]|\.\w)",
}
"""Placeholders that hold more than zeros and a number: what overlaps one is not personal."""


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    kind: str


class Scrubber:
    """Knows whom it has replaced by what. Safe to share between threads."""

    def __init__(self, personal: Sequence[Personal], patterns: Mapping[str, str]) -> None:
        """Take the kinds to replace, and further regular expressions by what their finds are called."""
        self._finders = [finder for finder in _FINDERS if finder[0] in personal]
        self._patterns = {name: re.compile(pattern) for name, pattern in patterns.items()}
        self._words = {name: "redacted-" + re.sub(r"\W+", "-", name) for name in patterns}
        kept = [pattern for kind, pattern in _KEPT.items() if kind in personal]
        kept += [re.escape(word) + r"-\d+" for word in self._words.values()]
        self._kept = re.compile("|".join(kept)) if kept else None
        self._numbers: dict[str, dict[str, int]] = {}
        self._texts: dict[str, str] = {}
        self._lock = threading.Lock()

    def text(self, text: str) -> str:
        """Return a text with everything personal replaced."""
        with self._lock:
            if (known := self._texts.get(text)) is not None:
                return known
            scrubbed = text
            for _ in range(PASSES):
                before, scrubbed = scrubbed, self._once(scrubbed)
                if scrubbed == before:
                    break
            if len(self._texts) >= REMEMBERED:
                self._texts.clear()
            self._texts[text] = scrubbed
            return scrubbed

    def value(self, value: Json) -> Json:
        """Return JSON with every text scrubbed; keys, references and vectors stay as they are.

        What is there several times as one object is one object afterwards, if it is of a class of its own.
        """
        return self._value(value, {})

    def _value(self, value: Json, known: dict[int, Json]) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self._value(each, known) for each in value]
        if not isinstance(value, dict) or not UNTOUCHED.isdisjoint(value):
            return value
        if type(value) is dict:
            return {key: self._value(each, known) for key, each in value.items()}
        if id(value) not in known:
            known[id(value)] = type(value)((key, self._value(each, known)) for key, each in value.items())
        return known[id(value)]

    def _once(self, text: str) -> str:
        kept = [match.span() for match in self._kept.finditer(text)] if self._kept is not None else []
        pieces, place = [], 0
        for found in _leftmost_longest(self._finds(text), kept):
            pieces += [text[place : found.start], self._instead(found.kind, text[found.start : found.end])]
            place = found.end
        return "".join([*pieces, text[place:]])

    def _finds(self, text: str) -> Iterator[_Found]:
        for name, pattern in self._patterns.items():
            yield from (_Found(*match.span(), name) for match in pattern.finditer(text) if match.group())
        for _, kind, needed, find in self._finders:
            if needed in text:
                yield from (_Found(start, end, kind) for start, end in find(text))

    def _instead(self, kind: str, found: str) -> str:
        if kind in self._patterns:
            return f"{self._words[kind]}-{self._number(kind, found)}"
        match kind:
            case "email":
                number = str(self._number(kind, found.lower()))
                return _MAIL.format(number.zfill(len(found) - len(_MAIL.format(""))))
            case "ip":
                return _machine(found, self._number(kind, found.lower()))
            case "login":
                return found.rpartition("@")[2]
            case "query":
                return f"query-{self._number(kind, found)}"
            case "iban":
                return "XX" + _shaped(found[2:], self._number(kind, _bare(found)))
        return _shaped(found, self._number(kind, _dialled(found) if kind == "phone" else _bare(found)))

    def _number(self, kind: str, identity: str) -> int:
        numbers = self._numbers.setdefault(kind, {})
        return numbers.setdefault(identity, len(numbers) + 1)


def scrubber_for(tracing: Tracing) -> Callable[[], Callable[[str], str]] | None:
    """Return what makes, for each recording, what replaces in texts; None when nothing is to be replaced."""
    if not tracing.redact and not tracing.redact_patterns:
        return None
    return lambda: Scrubber(tracing.redact, tracing.redact_patterns).text


def _leftmost_longest(found: Iterator[_Found], kept: Sequence[tuple[int, int]]) -> Iterator[_Found]:
    """Yield what does not overlap, leftmost first and of those the longest; placeholders come before all."""
    placeholders = [_Found(start, end, "") for start, end in kept]
    place, number = 0, 0
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        while number < len(placeholders) and placeholders[number].end <= one.start:
            number += 1
        if one.start < place or (number < len(placeholders) and placeholders[number].start < one.end):
            continue
        place = one.end
        yield one


def _shaped(written: str, number: int) -> str:
    """Return a number with as many digits and the same characters between them.

    It begins with three zeros, as nothing does that is looked for.
    """
    count = sum(character.isalnum() for character in written)
    digits = "0" * max(3, count - len(str(number))) + str(number)
    places = iter(digits)
    shaped = "".join(next(places) if character.isalnum() else character for character in written)
    return shaped + "".join(places)


def _machine(found: str, number: int) -> str:
    """Return an address that no machine has: of "this network", or of those that lead nowhere (RFC 6666)."""
    if ":" in found:
        return f"100::{number:x}"
    return f"0.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _dialled(found: str) -> str:
    """Return a telephone number as the same one is written differently: without 00, + and (0)."""
    return re.sub(r"^00", "", _bare(found.replace("(0)", "")))


def _bare(found: str) -> str:
    return "".join(character for character in found.upper() if character.isalnum())
