"""Amounts and dates as a page writes them, in the language of the request."""

from datetime import date
from decimal import Decimal
from functools import cache

from django.utils.translation import get_language

from clearbill.paper import amounts
from clearbill.paper.language import ENGLISH, Language, known
from clearbill.rules.money import minor_unit, to_minor_units


def language() -> Language:
    """The language of the request; ask once where many values are written."""
    return _language(get_language() or ENGLISH)


@cache
def _language(code: str) -> Language:
    return Language(known(code))


def money(value: Decimal, currency: str) -> str:
    """`1,234.56` or `1.234,56`: grouped, in the currency's minor units, rounded to read."""
    return language().amount(to_minor_units(value, currency), currency)


def exact(value: Decimal) -> str:
    """`1,234.56789` or `1.234,56789`: grouped, whole, without trailing zeros."""
    return language().exact(value)


def cut(value: Decimal, currency: str) -> tuple[str, str]:
    """An exact amount in two: `1,234.56` in the currency's minor units, not rounded, and the
    digits below them, `789`."""
    if to_minor_units(value, currency) == value:
        return money(value, currency), ""
    shown, digits = language().exact(value), minor_unit(currency)
    point = len(shown) - len(amounts.exact(value).partition(".")[2]) - 1
    at = point + 1 + digits if digits else point
    return shown[:at], shown[at:]


def quantity(value: Decimal | str) -> str:
    """A quantity for the eye, as paper writes it."""
    return language().quantity(value)


def day(value: date) -> str:
    """`30 Sep 2024` or `30.09.2024`."""
    return language().day(value)


def period(start: date, end: date) -> str:
    """A billing period by first and last day, both inclusive; `end` is exclusive."""
    return language().period(start, end)
