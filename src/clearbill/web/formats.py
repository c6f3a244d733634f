"""Amounts and dates as a page writes them, in the language of the request."""

from datetime import date
from decimal import Decimal

from django.utils.translation import get_language

from clearbill.paper import amounts
from clearbill.paper.language import ENGLISH, Language, known
from clearbill.rules.money import minor_unit, to_minor_units


def _language() -> Language:
    return Language(known(get_language() or ENGLISH))


def money(value: Decimal, currency: str) -> str:
    """`1,234.56` or `1.234,56`: grouped, in the currency's minor units, rounded to read."""
    return _language().amount(f"{to_minor_units(value, currency):f}", currency)


def exact(value: Decimal) -> str:
    """`1,234.56789` or `1.234,56789`: grouped, whole, without trailing zeros."""
    return _language().exact(f"{value:f}")


def cut(value: Decimal, currency: str) -> tuple[str, str]:
    """An exact amount in two: `1,234.56` in the currency's minor units, not rounded, and the
    digits below them, `789`."""
    if to_minor_units(value, currency) == value:
        return money(value, currency), ""
    text, digits = f"{value:f}", minor_unit(currency)
    shown = _language().exact(text)
    point = len(shown) - len(amounts.exact(text).partition(".")[2]) - 1
    at = point + 1 + digits if digits else point
    return shown[:at], shown[at:]


def quantity(text: str) -> str:
    """A quantity for the eye, as paper writes it."""
    return _language().quantity(text)


def day(value: date) -> str:
    """`30 Sep 2024` or `30.09.2024`."""
    return _language().day(value)


def period(start: date, end: date) -> str:
    """A billing period by first and last day, both inclusive; `end` is exclusive."""
    return _language().period(start, end)
