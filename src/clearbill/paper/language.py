"""Amounts and dates in a reader's language.

English is written as the command line writes it; another language takes its own separators and
its own order of day, month and year, as Babel knows them. Unknown languages are English.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import get_decimal_symbol, get_group_symbol

from clearbill.paper import amounts
from clearbill.rules import periods

ENGLISH = "en"
KNOWN = (ENGLISH, "de")


def known(language: str) -> str:
    """`de` for `de-AT`; English for what nobody translated."""
    short = language.partition("-")[0].lower()
    return short if short in KNOWN else ENGLISH


@dataclass(frozen=True)
class Language:
    """How one language writes numbers and dates. Make it by `Language(known(code))`."""

    code: str

    def number(self, english: str) -> str:
        """A number that was written in English, with this language's separators."""
        if self.code == ENGLISH:
            return english
        return english.translate(_signs(self.code))

    def amount(self, text: str | Decimal, currency: str) -> str:
        """`1,234.56` or `1.234,56`; see `amounts.amount`."""
        return self.number(amounts.amount(text, currency))

    def quantity(self, text: str | Decimal) -> str:
        return self.number(amounts.quantity(text))

    def exact(self, text: str | Decimal) -> str:
        """`1,234.56789` or `1.234,56789`; see `amounts.exact`."""
        return self.number(amounts.exact(text))

    def percent(self, text: str) -> str:
        """`7.5%` or `7,5 %`."""
        shown = self.number(amounts.percent(text))
        return shown if self.code == ENGLISH else shown.replace("%", "\N{NO-BREAK SPACE}%")

    def day(self, value: date) -> str:
        """`30 Sep 2024` or `30.09.2024`."""
        if self.code == ENGLISH:
            return periods.shown_date(value)
        return _day(self.code, value)

    def period(self, start: date, end: date) -> str:
        """First and last day, both inclusive; `end` is exclusive."""
        if self.code == ENGLISH:
            return periods.shown(start, end)
        return f"{self.day(start)} – {self.day(end - timedelta(days=1))}"


# Babel reads its data and parses the pattern anew each time, a few times as long as the rest.
@lru_cache(maxsize=len(KNOWN))
def _signs(code: str) -> dict[int, str]:
    return {ord(","): get_group_symbol(code), ord("."): get_decimal_symbol(code)}


@lru_cache(maxsize=4096)
def _day(code: str, value: date) -> str:
    return str(format_date(value, format="medium", locale=code))
