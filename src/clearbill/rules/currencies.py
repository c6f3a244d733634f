"""Which rate holds between two currencies on a day, and what it makes of an amount.

A rate is 1 `base` = `rate` `quote`, at ten decimals. Rates that nobody gave are derived from two
that somebody did, through the reverse pair or one currency between; the quotient is rounded once,
half away from zero, and that rounded rate is the one used, frozen and printed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

from clearbill.rules.money import DOOR_SCALE, EXACT, round_half_away, to_minor_units

DECIMALS = 10
"""Decimals of a rate: JPY to KWD keeps seven digits that count."""

FRESH = timedelta(days=7)
"""How long a daily rate holds: the longest row of days on which banks are shut is five."""

MONTH, DAY = "month", "day"


@dataclass(frozen=True)
class Quote:
    """A rate as somebody gave it. `span` says whether it holds for `day`'s month or from `day`."""

    base: str
    quote: str
    span: str
    day: date
    rate: Decimal
    source: str


@dataclass(frozen=True)
class Rate:
    """1 `base` = `rate` `quote`: from where, and of which day."""

    base: str
    quote: str
    rate: Decimal
    source: str
    day: date

    def exactly(self, amount: Decimal) -> Decimal:
        """A row's amount in `quote` at 18 decimals, half away from zero: what a bill is made of."""
        with localcontext(EXACT):
            return round_half_away(amount * self.rate, DOOR_SCALE)

    def convert(self, amount: Decimal) -> Decimal:
        """The amount in `quote`, in its minor units, half away from zero: to read, not to bill."""
        with localcontext(EXACT):
            return to_minor_units(amount * self.rate, self.quote)


def find(quotes: Iterable[Quote], base: str, quote: str, on: date) -> Rate | None:
    """The rate that holds on a day, or None where none is known.

    A rate of the pair itself goes before the reverse one, and both before one through a third
    currency; a monthly rate, which a person set for the purpose, goes before daily ones.
    """
    held = _held(quotes, on)
    direct = _step(held, base, quote)
    if direct is not None:
        return direct
    between = sorted({each for pair in held for each in pair} - {base, quote})
    for middle in between:
        first, second = _step(held, base, middle), _step(held, middle, quote)
        if first and second:
            with localcontext(EXACT):
                rate = _rounded(_exactly(held, base, middle) * _exactly(held, middle, quote))
            if rate:
                return Rate(
                    base,
                    quote,
                    rate,
                    _joined(first.source, second.source, middle),
                    min(first.day, second.day),
                )
    return None


def _joined(first: str, second: str, middle: str) -> str:
    return f"{first}, through {middle}" if first == second else f"{first} and {second}"


def _held(quotes: Iterable[Quote], on: date) -> dict[tuple[str, str], Quote]:
    """The one quote per pair that holds on the day."""
    found: dict[tuple[str, str], Quote] = {}
    for each in quotes:
        if not _holds(each, on):
            continue
        other = found.get((each.base, each.quote))
        if other is None or _rank(other) < _rank(each):
            found[each.base, each.quote] = each
    return found


def _holds(quote: Quote, on: date) -> bool:
    if quote.span == MONTH:
        return (quote.day.year, quote.day.month) == (on.year, on.month)
    return quote.day <= on <= quote.day + FRESH


def _rank(quote: Quote) -> tuple[bool, date]:
    return (quote.span == MONTH, quote.day)


def _step(held: dict[tuple[str, str], Quote], base: str, quote: str) -> Rate | None:
    """The rate of a pair, or the reverse of the other way round."""
    given = held.get((base, quote)) or held.get((quote, base))
    if given is None:
        return None
    rate = _rounded(_exactly(held, base, quote))
    return Rate(base, quote, rate, given.source, given.day) if rate else None


def _exactly(held: dict[tuple[str, str], Quote], base: str, quote: str) -> Decimal:
    given = held.get((base, quote))
    if given is not None:
        return given.rate
    with localcontext(EXACT):
        return 1 / held[quote, base].rate


def _rounded(rate: Decimal) -> Decimal:
    return round_half_away(rate, DECIMALS)


def offered(quotes: Sequence[Quote], billing: str, others: Sequence[str], on: date) -> list[Rate]:
    """The rates from the billing currency into others, in their order, as far as one is known."""
    found = []
    for other in dict.fromkeys(others):
        rate = find(quotes, billing, other, on) if other != billing else None
        if rate is not None:
            found.append(rate)
    return found
