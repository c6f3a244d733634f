"""Billing periods: the dates a provider's file gives, end exclusive here, inclusive to people."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True, order=True)
class Period:
    """A billing period. `end` is exclusive, as in FOCUS: September 2024 ends on 2024-10-01."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a billing period ends after it starts: {self.start} to {self.end}")

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def __str__(self) -> str:
        return shown(self.start, self.end)


EARLIEST, LATEST = 1990, 2200
"""The years that a month may be named of; the calendar's own ends have no month before or after."""


def month(text: str) -> date:
    """The first day of a `YYYY-MM`, which is shorthand for the period that starts in it."""
    try:
        year, number = text.split("-")
        if len(year) != 4 or len(number) != 2 or not EARLIEST <= int(year) <= LATEST:
            raise ValueError
        return date(int(year), int(number), 1)
    except ValueError:
        raise ValueError(f"{text!r} is no month; write YYYY-MM, such as 2024-09") from None


def next_month(first: date) -> date:
    """The first day of the month after the one that `first` lies in."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def months_back(first: date, count: int) -> date:
    """The first day of the month that lies `count` months before the one of `first`."""
    index = first.year * 12 + first.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)


@lru_cache(maxsize=4096)
def shown_date(day: date) -> str:
    """`30 Sep 2024`: the month as a word, so that no reader takes it for a day."""
    return f"{day.day} {day:%b %Y}"


def shown(start: date, end: date) -> str:
    """`1–30 Sep 2024` for a period whose `end` is exclusive; both days shown are inclusive."""
    last = end - timedelta(days=1)
    if start == last:
        return shown_date(start)
    if (start.year, start.month) == (last.year, last.month):
        return f"{start.day}–{shown_date(last)}"
    if start.year == last.year:
        return f"{start.day} {start:%b} – {shown_date(last)}"
    return f"{shown_date(start)} – {shown_date(last)}"
