"""Periods counted from today: yesterday, last month, the last 30 days, the year to date."""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from tools.database.calendar.dates import WEEKDAYS, Span, month_span

START_OF_TIME = date(1, 1, 1)
END_OF_TIME = date(9999, 12, 31)

_NUMBER_WORDS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS, start=1)} | {
    "a couple of": 2,
    "couple of": 2,
    "couple": 2,
}
_COUNT = r"(?P<count>\d{1,4}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_UNIT = r"(?P<unit>day|week|month|quarter|year)"


def named_spans(text: str, today: date) -> list[Span]:
    """Return yesterday, weekdays, last month and the like: what may also be one end of a range."""
    return [*_day_words(text, today), *_matches(text, today, _NAMED)]


def rolling_spans(text: str, today: date) -> list[Span]:
    """Return what has two ends of its own: the last 30 days, so far this year, all time."""
    return list(_matches(text, today, _ROLLING))


def _day_words(text: str, today: date) -> list[Span]:
    """Return today, yesterday and weekdays, which may also be an end of a range."""
    found = []
    for match in _DAY_WORD.finditer(text):
        if match["weekday"]:
            back = (today.weekday() - WEEKDAYS[match["weekday"].lower()]) % 7
            day = today - timedelta(back or (7 if match["last"] else 0))
        else:
            day = today + timedelta(_DAYS[match["word"].lower()])
        found.append(Span(first=day, last=day, start=match.start(), end=match.end()))
    return found


_DAYS = {"today": 0, "now": 0, "yesterday": -1, "the day before yesterday": -2, "tomorrow": 1}
_DAY_WORD = re.compile(
    r"(?<!\w)(?:(?P<word>the day before yesterday|today|yesterday|tomorrow|(?<=until )now|(?<=to )now)"
    r")(?!\w)|(?<!\w)(?P<last>last\s+)?(?:on\s+|this\s+)?(?P<weekday>" + "|".join(WEEKDAYS) + r")(?![\w])",
    re.IGNORECASE,
)


def _matches(text: str, today: date, forms: "_Forms") -> Iterator[Span]:
    for pattern, read in forms:
        for match in pattern.finditer(text):
            try:
                days = read(match, today)
            except (OverflowError, ValueError):  # outside the calendar
                continue
            if days is not None:
                yield Span(first=days[0], last=days[1], start=match.start(), end=match.end())


def _rolling(match: re.Match[str], today: date) -> tuple[date, date] | None:
    words = match.groupdict().get("count")
    count = 1 if not words else int(words) if words.isdecimal() else _NUMBERS[words.lower()]
    if count < 1:
        return None
    return _back(today, count, match["unit"].lower()) + timedelta(1), today


def _ago(match: re.Match[str], today: date) -> tuple[date, date] | None:
    words = match["count"]
    count = int(words) if words.isdecimal() else _NUMBERS[words.lower()]
    day = _back(today, count, match["unit"].lower())
    return day, day


def _back(day: date, count: int, unit: str) -> date:
    if unit in {"day", "week"}:
        return day - timedelta(count * (7 if unit == "week" else 1))
    months = count * {"month": 1, "quarter": 3, "year": 12}[unit]
    index = max(12, day.year * 12 + day.month - 1 - months)
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _calendar(match: re.Match[str], today: date) -> tuple[date, date]:
    shift = {"last": -1, "previous": -1, "this": 0, "current": 0, "next": 1}[match["which"].lower()]
    unit = match["unit"].lower()
    if unit == "week":
        monday = today - timedelta(today.weekday()) + timedelta(7 * shift)
        return monday, monday + timedelta(6)
    if unit == "year":
        return date(today.year + shift, 1, 1), date(today.year + shift, 12, 31)
    size = 3 if unit == "quarter" else 1
    index = (today.year * 12 + today.month - 1) // size + shift
    return month_span(index * size // 12, index * size % 12 + 1, months=size)


def _so_far(match: re.Match[str], today: date) -> tuple[date, date]:
    unit = (match["unit"] or "year").lower()
    if unit == "week":
        return today - timedelta(today.weekday()), today
    month = {"year": 1, "month": today.month, "quarter": (today.month - 1) // 3 * 3 + 1}[unit]
    return today.replace(month=month, day=1), today


def _always(_: re.Match[str], __: date) -> tuple[date, date]:
    return START_OF_TIME, END_OF_TIME


_Read = Callable[[re.Match[str], date], tuple[date, date] | None]
_Forms = tuple[tuple[re.Pattern[str], _Read], ...]


def _form(pattern: str, read: _Read) -> tuple[re.Pattern[str], _Read]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), read


_WITHIN = r"(?:in\s+|over\s+|within\s+)?(?:the\s+)?"
_NAMED: _Forms = (
    _form(
        r"(?:the\s+)?(?P<which>last|previous|this|current|next)\s+(?P<unit>week|month|quarter|year)",
        _calendar,
    ),
    _form(rf"{_COUNT}\s+{_UNIT}s?\s+ago", _ago),
)
_ROLLING: _Forms = (
    _form(rf"{_WITHIN}(?:last|past|previous)\s+{_COUNT}\s+{_UNIT}s?", _rolling),
    _form(rf"{_WITHIN}past\s+{_UNIT}", _rolling),
    _form(r"(?P<unit>year|month|quarter|week)[\s-]to[\s-]date", _so_far),
    _form(r"so far (?:in )?(?:this|the current) (?P<unit>year|month|quarter|week)", _so_far),
    _form(r"(?:(?:this|the current) )?(?P<unit>year|month|quarter|week) so far", _so_far),
    _form(r"ytd(?P<unit>)", _so_far),
    _form(r"(?:of )?all[\s-]time", _always),
)
