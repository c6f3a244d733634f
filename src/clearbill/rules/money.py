"""Money: exact amounts, minor units, and the two places where an amount is rounded.

An amount is a `Decimal`; it never meets a float. Rounding happens at the door, where text with
more than 18 decimals is read (`read_amount`), and where exact amounts become what a customer
pays (`to_minor_units` for a taxable base, `allot` for the lines under it).
"""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from functools import cache

DOOR_SCALE = 18
"""Decimals kept of an amount that is read from a file."""

EXACT = Context(prec=76, rounding=ROUND_HALF_UP)
"""Wide enough for sums of DECIMAL(38,24) products; nothing below is rounded by precision."""

# ISO 4217 minor units that are not 2.
_MINOR_UNITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


class NotAnAmount(ValueError):
    """The text is no finite decimal number, or has more integer digits than are kept."""


def minor_unit(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217): USD 2, JPY 0, KWD 3."""
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise ValueError(f"{currency!r} is no ISO 4217 currency code, such as USD")
    return _MINOR_UNITS.get(currency, 2)


def read_amount(text: str, *, integer_digits: int = 20) -> Decimal:
    """The amount that a file's text names, at 18 decimals, rounded once, half away from zero.

    Takes exponents (`1.5E-7`), refuses NaN, infinities, grouping and decimal commas.
    """
    stripped = text.strip()
    if not stripped or "_" in stripped:
        raise NotAnAmount(f"{text!r} is not a number")
    try:
        value = Decimal(stripped)
    except InvalidOperation:
        raise NotAnAmount(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise NotAnAmount(f"{text!r} is not a finite number")
    if value and value.adjusted() >= integer_digits:
        raise NotAnAmount(f"{text!r} has more than {integer_digits} digits before the point")
    return round_half_away(value, DOOR_SCALE)


def round_half_away(amount: Decimal, decimals: int) -> Decimal:
    """The amount at `decimals` decimals, half away from zero (2.5 → 3, -2.5 → -3)."""
    return amount.quantize(_step(decimals), rounding=ROUND_HALF_UP, context=EXACT)


@cache
def _step(decimals: int) -> Decimal:
    return Decimal(1).scaleb(-decimals)


def to_minor_units(exact: Decimal, currency: str) -> Decimal:
    """The amount that is owed for an exact sum: rounded once, half away from zero."""
    return round_half_away(exact, minor_unit(currency))


def total(amounts: Sequence[Decimal]) -> Decimal:
    """The exact sum; `sum` under Python's default context would round at 28 digits."""
    with localcontext(EXACT):
        return sum(amounts, Decimal(0))


def allot(lines: Sequence[tuple[str, Decimal]], currency: str) -> list[Decimal]:
    """What each line of one taxable base shows, in whole minor units, in the order given.

    `lines` are (line key, exact amount). The shown amounts add up to the base's exact sum rounded
    once, and none is a whole minor unit away from its exact amount: each is cut down first, then
    the missing units go to the largest remainders (ties: larger amount, then line key).
    """
    decimals = minor_unit(currency)
    unit = Decimal(1).scaleb(-decimals)
    with localcontext(EXACT):
        cut = [exact.quantize(unit, rounding=ROUND_FLOOR) for _, exact in lines]
        owed = to_minor_units(sum((exact for _, exact in lines), Decimal(0)), currency)
        missing = int((owed - sum(cut, Decimal(0))) / unit)
        order = sorted(
            range(len(lines)), key=lambda i: (cut[i] - lines[i][1], -lines[i][1], lines[i][0])
        )
        for i in order[:missing]:
            cut[i] += unit
    return cut
