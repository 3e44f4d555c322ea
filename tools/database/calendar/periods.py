"""Finds the periods of time a question names.

Choices, all of them calendar arithmetic on whole days with both ends inclusive:

- Weeks start on Monday. "This month" is the whole calendar month, "last month" the one before it.
- "Last 30 days" ends today and holds 30 days; "last 3 months" starts on the day after this date three
  months ago. "Past week" is the last 7 days, where "last week" is the calendar week before this one.
- "Last quarter" is the calendar quarter before this one; "last quarter of 2025" is its fourth.
- A day, month or quarter without a year is the most recent one that has begun.
- A season counts only with its year: "winter 2025" is December 2025 to February 2026.
- "Since X" runs from the first day of X to today, "after X" from the day behind X without end; "until X"
  includes X, "before X" does not. Open ends are the first and last day of the calendar.
- A bare month ("may", "march") or a bare year ("2026") counts only after a word that takes a time, such
  as "in" or "of", or beside another date; a bare year also after a plural ("orders 2025").
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from tools.database.calendar.dates import Span, find_spans
from tools.database.calendar.relative import END_OF_TIME, START_OF_TIME, named_spans, rolling_spans

_TAKES_TIME = re.compile(
    r"\b(?:in|of|for|during|since|from|to|until|till|through|before|after|between|by|year|on|within|"
    r"around|early|late|mid|throughout|month)\s*(?:the\s+)?(?:month\s+of\s+|year\s+)?$",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\b(?:[a-z]{3,}s|revenue|turnover|income|spending|growth)\s+$", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\s+(?:the\s+)?$", re.IGNORECASE)
_JOIN = re.compile(r"\s*(?:and|to|until|till|through|up to|–|—|-)\s*(?:the\s+)?", re.IGNORECASE)
_LIST = re.compile(r"\s*(?:,|,?\s*(?:and|or|to|until|till|through|versus|vs\.?)|–|-)\s*", re.IGNORECASE)
_DAYS_OF_MONTH = re.compile(
    r"\b(?:(?:between|from)\s+)?(?:the\s+)?(?P<first>\d{1,2})(?:st|nd|rd|th)?\s*(?:and|to|until|-|–)\s*(?:the\s+)?$",
    re.IGNORECASE,
)
_EDGE = re.compile(
    r"\b(?P<word>since|from|starting|after|until|till|through|up to|before|prior to|by|not later than)\s+"
    r"(?:the\s+)?(?:(?:start|beginning|end)\s+of\s+)?$",
    re.IGNORECASE,
)
_ONWARDS = re.compile(r"\s*(?:onwards?|on\b|and\s+(?:later|after))", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from `start` to `end`, both included."""

    start: date
    end: date
    text: str
    """The words it was read from, as they stand in the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    period: Period
    start: int
    end: int


def find_periods(text: str, today: date) -> list[Period]:
    """Return the periods a text names, in the order they stand, none overlapping.

    Args:
        text: A question.
        today: The day that relative words count from.
    """
    rolling = _apart(rolling_spans(text, today), [])
    named = _apart([*find_spans(text, today), *named_spans(text, today)], rolling)
    places = [_place(text, span.start, span.end, (span.first, span.last)) for span in rolling]
    places += _ranges(text, named, today)
    return [place.period for place in sorted(places, key=lambda place: place.start)]


def _apart(spans: list[Span], taken: list[Span]) -> list[Span]:
    """Return the spans that overlap neither what is taken nor each other, the longest winning, in order."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start - span.end):
        if all(span.end <= other.start or span.start >= other.end for other in (*taken, *kept)):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _place(text: str, start: int, end: int, days: tuple[date, date]) -> _Place:
    return _Place(period=Period(start=days[0], end=days[1], text=text[start:end]), start=start, end=end)


def _ranges(text: str, spans: list[Span], today: date) -> Iterator[_Place]:
    spans = _meant(text, spans)
    position = 0
    while position < len(spans):
        span = spans[position]
        following = spans[position + 1] if position + 1 < len(spans) else None
        pair = _pair(text, span, following) if following else None
        yield pair or _single(text, span, today)
        position += 2 if pair else 1


def _meant(text: str, spans: list[Span]) -> list[Span]:
    """Leave out bare months and years that are not meant as a time: "march on", "order 2026"."""
    sure = [_counts(text, span) for span in spans]
    pairs = [bool(_LIST.fullmatch(text[span.end : after.start])) for span, after in pairwise(spans)]
    for place, joined in enumerate(pairs):  # "in March, April and May"
        sure[place + 1] |= joined and sure[place]
    for place, joined in reversed(list(enumerate(pairs))):  # "March and April 2026"
        sure[place] |= joined and sure[place + 1]
    return [span for span, counts in zip(spans, sure, strict=True) if counts]


def _counts(text: str, span: Span) -> bool:
    before, after = text[: span.start], text[span.end :]
    if span.sure or _TAKES_TIME.search(before) or not (before.strip() or after.strip(" ?.!")):
        return True
    return span.has_year and bool(_PLURAL.search(before))


def _pair(text: str, first: Span, second: Span) -> _Place | None:
    """Read "between A and B", "from A to B" and "A to B" as one period."""
    between = text[first.end : second.start]
    opening = _BETWEEN.search(text[: first.start])
    if not _JOIN.fullmatch(between) or (between.strip().lower() == "and" and not opening):
        return None
    start = first.first
    if not first.has_year:
        start = _in_year(start, second.last.year, not_after=second.last)
    if start > second.last:
        return None
    return _place(text, opening.start() if opening else first.start, second.end, (start, second.last))


def _in_year(day: date, year: int, *, not_after: date) -> date:
    last = calendar.monthrange(year, day.month)[1]
    moved = day.replace(year=year, day=min(day.day, last))
    return moved if moved <= not_after else moved.replace(year=year - 1, day=min(moved.day, 28))


def _single(text: str, span: Span, today: date) -> _Place:
    days_before = _DAYS_OF_MONTH.search(text[: span.start])
    if days_before and span.first == span.last and int(days_before["first"]) < span.last.day:
        first = span.first.replace(day=max(1, int(days_before["first"])))
        return _place(text, days_before.start(), span.end, (first, span.last))
    edge = _EDGE.search(text[: span.start])
    onwards = _ONWARDS.match(text, span.end)
    word = edge["word"].lower() if edge else ""
    if word == "from" and not onwards:
        edge, word = None, ""
    if onwards and (word in {"", "from", "starting", "since"}):
        word = "since"
    start = edge.start() if edge else span.start
    end = onwards.end() if onwards and word == "since" else span.end
    return _place(text, start, end, _bounded(word, span, today))


def _bounded(word: str, span: Span, today: date) -> tuple[date, date]:
    if word in {"since", "from", "starting"}:
        return span.first, today if span.first <= today else END_OF_TIME
    if word == "after":
        return min(span.last, END_OF_TIME - timedelta(1)) + timedelta(1), END_OF_TIME
    if word in {"before", "prior to"}:
        return START_OF_TIME, max(span.first, START_OF_TIME + timedelta(1)) - timedelta(1)
    if word:
        return START_OF_TIME, span.last
    return span.first, span.last
