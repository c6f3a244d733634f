"""Periods: exclusive ends inside, inclusive days for people."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.rules.periods import Period, month, months_back, next_month, shown, shown_date

DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2024, 9, 1), date(2024, 10, 1), "1–30 Sep 2024"),
        (date(2024, 9, 20), date(2024, 10, 20), "20 Sep – 19 Oct 2024"),
        (date(2024, 12, 20), date(2025, 1, 20), "20 Dec 2024 – 19 Jan 2025"),
        (date(2024, 2, 1), date(2024, 3, 1), "1–29 Feb 2024"),
        (date(2024, 9, 5), date(2024, 9, 6), "5 Sep 2024"),
    ],
)
def test_a_period_is_shown_by_its_first_and_last_day(start: date, end: date, words: str) -> None:
    assert shown(start, end) == words == str(Period(start, end))


@given(DAYS, st.integers(1, 400))
def test_the_last_day_shown_is_inside_the_period(start: date, length: int) -> None:
    period = Period(start, start + timedelta(days=length))
    assert period.start <= period.last_day < period.end
    assert str(period).endswith(shown_date(period.last_day))


def test_a_period_ends_after_it_starts() -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(date(2024, 9, 1), date(2024, 9, 1))


@given(DAYS, st.integers(0, 600))
def test_months_forth_and_back_meet(day: date, count: int) -> None:
    first = months_back(day, count)
    assert first.day == 1
    for _ in range(count):
        first = next_month(first)
    assert first == day.replace(day=1)


def test_a_month_is_read_as_its_first_day() -> None:
    assert month("2024-02") == date(2024, 2, 1)


@pytest.mark.parametrize("text", ["2024", "2024-13", "24-01", "2024-1", "2024-01-01", "x-y", ""])
def test_what_is_no_month_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="write YYYY-MM"):
        month(text)
