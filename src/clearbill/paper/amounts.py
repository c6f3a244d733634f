"""Amounts and quantities as a person reads them; files for machines keep the plain text."""

from decimal import Decimal

from clearbill.rules import money

MINUS = "\N{MINUS SIGN}"
_QTY_DECIMALS = 4
_QTY_WHOLE_FROM = 9


def amount(text: str | Decimal, currency: str) -> str:
    """`1,234.56`, `−1,234.56`, with exactly the currency's minor decimals.

    Raises ValueError where the text has more decimals than the currency: paper never rounds.
    """
    value = Decimal(text)
    decimals = money.minor_unit(currency)
    shown = money.round_half_away(value, decimals)
    if shown != value:
        raise ValueError(f"{text} has more decimals than {currency}; a shown amount is rounded")
    return _signed(f"{shown.copy_abs():,.{decimals}f}", negative=value < 0)


def zero(currency: str) -> str:
    """Nothing, in the currency's minor decimals: `0.00`, for JPY `0`."""
    return amount("0", currency)


def quantity(text: str | Decimal) -> str:
    """A quantity for the eye: thousands separators, at most 4 decimals or significant digits.

    From a thousand million on it is whole. Quantities are measurements (`0.000123456789` GB);
    the exact ones are in the CSV files.
    """
    value = Decimal(text or "0")
    if value == 0:
        return "0"
    decimals = max(_QTY_DECIMALS, _QTY_DECIMALS - 1 - value.adjusted())
    if value.adjusted() >= _QTY_WHOLE_FROM:
        decimals = 0
    rounded = money.round_half_away(value, min(decimals, 18))
    shown = f"{rounded.copy_abs():,f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return _signed(shown, negative=value < 0)


def exact(text: str | Decimal) -> str:
    """`1,234.56789`: every decimal that is not a trailing zero, with thousands separators."""
    value = Decimal(text)
    shown = f"{value.copy_abs():,f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return _signed(shown, negative=value < 0)


def percent(text: str) -> str:
    """A rate in percent: `7.5%` for `7.5`."""
    shown = f"{Decimal(text):f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return f"{shown}%"


def _signed(shown: str, *, negative: bool) -> str:
    return MINUS + shown if negative else shown
