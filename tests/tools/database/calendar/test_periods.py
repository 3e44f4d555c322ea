"""Periods in questions; today is Monday, 16 November 2026."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.calendar.periods import find_periods
from tools.database.calendar.relative import END_OF_TIME, START_OF_TIME

TODAY = date(2026, 11, 16)

ONE_PERIOD = {
    "orders of today": ("2026-11-16", "2026-11-16"),
    "What was sold yesterday?": ("2026-11-15", "2026-11-15"),
    "the day before yesterday": ("2026-11-14", "2026-11-14"),
    "deliveries tomorrow": ("2026-11-17", "2026-11-17"),
    "last Friday": ("2026-11-13", "2026-11-13"),
    "last Monday": ("2026-11-09", "2026-11-09"),
    "3 days ago": ("2026-11-13", "2026-11-13"),
    "two weeks ago": ("2026-11-02", "2026-11-02"),
    "this week": ("2026-11-16", "2026-11-22"),
    "last week": ("2026-11-09", "2026-11-15"),
    "this month": ("2026-11-01", "2026-11-30"),
    "last month": ("2026-10-01", "2026-10-31"),
    "the previous month": ("2026-10-01", "2026-10-31"),
    "this quarter": ("2026-10-01", "2026-12-31"),
    "last quarter": ("2026-07-01", "2026-09-30"),
    "this year": ("2026-01-01", "2026-12-31"),
    "last year": ("2025-01-01", "2025-12-31"),
    "next month": ("2026-12-01", "2026-12-31"),
    "in the last 30 days": ("2026-10-18", "2026-11-16"),
    "past 7 days": ("2026-11-10", "2026-11-16"),
    "the last two weeks": ("2026-11-03", "2026-11-16"),
    "last 3 months": ("2026-08-17", "2026-11-16"),
    "over the past 2 years": ("2024-11-17", "2026-11-16"),
    "the past week": ("2026-11-10", "2026-11-16"),
    "the past year": ("2025-11-17", "2026-11-16"),
    "revenue in March 2026": ("2026-03-01", "2026-03-31"),
    "revenue in March": ("2026-03-01", "2026-03-31"),
    "revenue in December": ("2025-12-01", "2025-12-31"),
    "revenue in November": ("2026-11-01", "2026-11-30"),
    "March 2026": ("2026-03-01", "2026-03-31"),
    "Sept. 2025": ("2025-09-01", "2025-09-30"),
    "March of 2025": ("2025-03-01", "2025-03-31"),
    "in May": ("2026-05-01", "2026-05-31"),
    "2025": ("2025-01-01", "2025-12-31"),
    "sales in 2025": ("2025-01-01", "2025-12-31"),
    "sales 2025": ("2025-01-01", "2025-12-31"),
    "in the year 2024": ("2024-01-01", "2024-12-31"),
    "Q1 2026": ("2026-01-01", "2026-03-31"),
    "2025 Q4": ("2025-10-01", "2025-12-31"),
    "Q2": ("2026-04-01", "2026-06-30"),
    "first quarter of 2026": ("2026-01-01", "2026-03-31"),
    "last quarter of 2025": ("2025-10-01", "2025-12-31"),
    "first half of 2025": ("2025-01-01", "2025-06-30"),
    "the second half of 2025": ("2025-07-01", "2025-12-31"),
    "H1 2025": ("2025-01-01", "2025-06-30"),
    "year to date": ("2026-01-01", "2026-11-16"),
    "so far this year": ("2026-01-01", "2026-11-16"),
    "this year so far": ("2026-01-01", "2026-11-16"),
    "month to date": ("2026-11-01", "2026-11-16"),
    "on 3 March 2026": ("2026-03-03", "2026-03-03"),
    "on the 3rd of March 2026": ("2026-03-03", "2026-03-03"),
    "on March 3rd": ("2026-03-03", "2026-03-03"),
    "on March 3, 2025": ("2025-03-03", "2025-03-03"),
    "on 24 December": ("2025-12-24", "2025-12-24"),
    "2026-03-03": ("2026-03-03", "2026-03-03"),
    "03/04/2026": ("2026-04-03", "2026-04-03"),
    "3.4.2026": ("2026-04-03", "2026-04-03"),
    "in 2026-03": ("2026-03-01", "2026-03-31"),
    "29 February 2024": ("2024-02-29", "2024-02-29"),
    "since 3 March 2026": ("2026-03-03", "2026-11-16"),
    "since January": ("2026-01-01", "2026-11-16"),
    "since last month": ("2026-10-01", "2026-11-16"),
    "since the beginning of 2026": ("2026-01-01", "2026-11-16"),
    "from March onwards": ("2026-03-01", "2026-11-16"),
    "after 2026-03-03": ("2026-03-04", "9999-12-31"),
    "after March 2026": ("2026-04-01", "9999-12-31"),
    "before March 2026": ("0001-01-01", "2026-02-28"),
    "until the end of June 2026": ("0001-01-01", "2026-06-30"),
    "by 31 March 2026": ("0001-01-01", "2026-03-31"),
    "between 1 March 2026 and 10 April 2026": ("2026-03-01", "2026-04-10"),
    "between 5 and 10 March 2026": ("2026-03-05", "2026-03-10"),
    "3-7 March 2026": ("2026-03-03", "2026-03-07"),
    "from January to March 2026": ("2026-01-01", "2026-03-31"),
    "from November to February 2026": ("2025-11-01", "2026-02-28"),
    "between December and February": ("2025-12-01", "2026-02-28"),
    "from 2024 to 2025": ("2024-01-01", "2025-12-31"),
    "from 2026-01-01 to 2026-02-01": ("2026-01-01", "2026-02-01"),
    "from last month to today": ("2026-10-01", "2026-11-16"),
    "2026-01-01 – 2026-02-01": ("2026-01-01", "2026-02-01"),
    "orders from March 2026": ("2026-03-01", "2026-03-31"),
    "all time": ("0001-01-01", "9999-12-31"),
}


@pytest.mark.parametrize("text", ONE_PERIOD)
def test_a_period_is_read_as_people_mean_it(text: str) -> None:
    """One period, both ends inclusive."""
    (period,) = find_periods(text, TODAY)
    assert (period.start.isoformat(), period.end.isoformat()) == ONE_PERIOD[text]
    assert period.text in text


@pytest.mark.parametrize(
    "text",
    [
        "May I return this?",
        "I may march on",
        "they march in step",
        "order 2026",
        "order number 2026 is late",
        "error 2024 on the display",
        "model FH-2026",
        "more than 2000 items",
        "at least 1999 pieces",
        "30 February 2026",
        "2026-13-01",
        "31.31.2026",
        "version 2.4.2026b",
        "phone 2026 555 010",
        "second opinion",
        "the first three orders",
        "how do I descale it?",
        "Mark and Jan were here",
        "",
    ],
)
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    """Verbs, numbers and days that do not exist stay out."""
    assert find_periods(text, TODAY) == []


def test_several_periods_come_in_the_order_of_the_text() -> None:
    """A comparison names two."""
    periods = find_periods("Compare last month with March and April 2025", TODAY)
    assert [period.text for period in periods] == ["last month", "March", "April 2025"]


def test_last_february_of_a_leap_year_is_whole() -> None:
    """Months end on their own last day."""
    (period,) = find_periods("last month", date(2024, 3, 31))
    assert (period.start, period.end) == (date(2024, 2, 1), date(2024, 2, 29))


def test_three_months_back_from_the_31st_exists() -> None:
    """Shorter months cut the day."""
    (period,) = find_periods("last 3 months", date(2026, 5, 31))
    assert (period.start, period.end) == (date(2026, 3, 1), date(2026, 5, 31))


def test_since_a_future_day_is_open() -> None:
    """A start behind today has no end."""
    (period,) = find_periods("since 1 January 2027", TODAY)
    assert (period.start, period.end) == (date(2027, 1, 1), END_OF_TIME)


@given(st.text(max_size=80), st.dates(min_value=date(2, 1, 1), max_value=date(9998, 1, 1)))
def test_any_text_gives_whole_periods(text: str, today: date) -> None:
    """A start never lies behind its end."""
    for period in find_periods(text, today):
        assert START_OF_TIME <= period.start <= period.end <= END_OF_TIME
        assert period.text in text


@given(
    st.lists(
        st.sampled_from(
            [
                *ONE_PERIOD,
                "between",
                "and",
                "from",
                "to",
                "since",
                "before",
                "2026",
                "March",
                "3",
                "9999 weeks ago",
            ]
        ),
        max_size=6,
    ),
    st.dates(min_value=date(2, 1, 1), max_value=date(9998, 1, 1)),
)
def test_any_mix_of_time_words_gives_whole_periods(words: list[str], today: date) -> None:
    """Also at the ends of the calendar."""
    for period in find_periods(" ".join(words), today):
        assert START_OF_TIME <= period.start <= period.end <= END_OF_TIME


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_is_found_in_each_spelling(day: date) -> None:
    """ISO, day first and with the month's name agree."""
    for text in (
        day.isoformat(),
        day.strftime("%d/%m/%Y"),
        f"{day.day} {day:%B %Y}",
        f"{day:%B} {day.day}, {day:%Y}",
    ):
        (period,) = find_periods(f"on {text}", TODAY)
        assert (period.start, period.end) == (day, day)


@given(st.integers(min_value=1, max_value=3_000))
def test_the_last_days_hold_as_many_days_as_they_say(count: int) -> None:
    """Today is one of them."""
    (period,) = find_periods(f"last {count} days", TODAY)
    assert period.end == TODAY
    assert period.end - period.start == timedelta(count - 1)
