"""Single days, months, quarters and years in English words, as spans of days.

A span that is named without a year is the most recent one that has begun. Numeric dates are read as ISO,
or day first: 03/04/2026 is 3 April.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

MONTHS = {
    **{name.lower(): number for number, name in enumerate(calendar.month_name) if name},
    **{name.lower(): number for number, name in enumerate(calendar.month_abbr) if name},
    "sept": 9,
}
WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
ORDINALS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
FINAL = {"last": 4, "final": 4}

_MONTH = r"(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_ORDINAL = r"(?P<ordinal>" + "|".join(ORDINALS) + ")"
_ORDINAL_OR_LAST = r"(?P<ordinal>" + "|".join([*ORDINALS, *FINAL]) + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days named at one place of a text."""

    first: date
    last: date
    start: int
    end: int
    has_year: bool = True
    """False when the year was guessed."""
    sure: bool = True
    """False for a bare month or year, which needs a word like "in" before it to count."""


def month_span(year: int, month: int, *, months: int = 1) -> tuple[date, date]:
    """Return the first and last day of some months in a row within one year."""
    last = month + months - 1
    return date(year, month, 1), date(year, last, calendar.monthrange(year, last)[1])


def find_spans(text: str, today: date) -> list[Span]:
    """Return the days, months, quarters, halves and years a text names, in order, none overlapping.

    The longest reading at a place wins; dates that do not exist, such as 30 February, are left out.
    """
    taken: list[tuple[int, int]] = []
    found: list[Span] = []
    for pattern, read in _FORMS:
        for match in pattern.finditer(text):
            if any(match.start() < end and match.end() > start for start, end in taken):
                continue
            taken.append(match.span())
            span = _read(match, read, today)
            if span:
                found.append(span)
    return sorted(found, key=lambda span: span.start)


def _read(match: re.Match[str], read: "_Reader", today: date) -> Span | None:
    parts = {name: value.lower() for name, value in match.groupdict().items() if value}
    try:
        if "year" in parts:
            return _span(read(parts, int(parts["year"])), match, has_year=True)
        for year in (today.year, today.year - 1):
            days = read(parts, year)
            if days[0] <= today:
                return _span(days, match, has_year=False)
    except ValueError:
        return None
    return None


def _span(days: tuple[date, date], match: re.Match[str], *, has_year: bool) -> Span:
    bare = set(match.re.groupindex) in ({"month"}, {"year"})
    return Span(
        first=days[0], last=days[1], start=match.start(), end=match.end(), has_year=has_year, sure=not bare
    )


SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""First month of each season, as northern weather services count; winter ends in the year after."""
_Parts = dict[str, str]
_Reader = Callable[[_Parts, int], tuple[date, date]]


def _one_day(parts: _Parts, year: int) -> tuple[date, date]:
    month = MONTHS[parts["month"]] if "month" in parts else int(parts["number"])
    day = date(year, month, int(parts["day"]))
    return day, day


def _month(parts: _Parts, year: int) -> tuple[date, date]:
    return month_span(year, MONTHS[parts["month"]] if "month" in parts else int(parts["number"]))


def _quarter(parts: _Parts, year: int) -> tuple[date, date]:
    quarter = int(parts["number"]) if "number" in parts else (ORDINALS | FINAL)[parts["ordinal"]]
    return month_span(year, 3 * quarter - 2, months=3)


def _season(parts: _Parts, year: int) -> tuple[date, date]:
    return month_span(year, SEASONS[parts["season"]], months=3)


def _half(parts: _Parts, year: int) -> tuple[date, date]:
    half = int(parts["number"]) if "number" in parts else min(2, (ORDINALS | FINAL)[parts["ordinal"]])
    return month_span(year, 6 * half - 5, months=6)


def _year(_: _Parts, year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def _forms() -> Iterator[tuple[re.Pattern[str], _Reader]]:
    """Yield each way to write a span, the longest first."""
    of_year = rf"(?:,?\s+(?:of\s+|in\s+)?|/|-){_YEAR}"
    for form, read in (
        (rf"{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)", _one_day),
        (rf"{_YEAR}[/.](?P<number>\d\d?)[/.](?P<day>\d\d?)", _one_day),
        (rf"(?P<day>\d\d?)[/.](?P<number>\d\d?)[/.]{_YEAR}", _one_day),
        (rf"{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}", _one_day),
        (rf"{_MONTH}\s+{_DAY},?\s+{_YEAR}", _one_day),
        (rf"{_ORDINAL_OR_LAST}\s+quarter{of_year}", _quarter),
        (rf"{_ORDINAL_OR_LAST}\s+half{of_year}", _half),
        (rf"q(?P<number>[1-4]){of_year}", _quarter),
        (rf"{_YEAR}[\s/-]+q(?P<number>[1-4])", _quarter),
        (rf"h(?P<number>[12]){of_year}", _half),
        (rf"{_YEAR}[\s/-]+h(?P<number>[12])", _half),
        (rf"(?P<season>spring|summer|autumn|fall|winter){of_year}", _season),
        (rf"{_MONTH}{of_year}", _month),
        (rf"{_YEAR}-(?P<number>\d\d)(?!-?\d)", _month),
        (rf"{_DAY}\s+(?:of\s+)?{_MONTH}(?!\s*\d)", _one_day),
        (rf"{_MONTH}\s+{_DAY}(?!\d)", _one_day),
        (rf"(?:the\s+)?{_ORDINAL}\s+quarter(?:\s+of\s+(?:this|the)\s+year)?", _quarter),
        (rf"(?:the\s+)?{_ORDINAL}\s+half\s+of\s+(?:this|the)\s+year", _half),
        (r"q(?P<number>[1-4])", _quarter),
        (_MONTH, _month),
        (_YEAR, _year),
    ):
        yield re.compile(rf"(?<![\w.])(?<![a-z]-){form}(?![\w]|[.-]\d)", re.IGNORECASE), read


_FORMS = tuple(_forms())
