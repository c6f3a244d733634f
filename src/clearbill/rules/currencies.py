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


_Held = dict[tuple[str, str], Quote]
"""The one quote per pair that holds on a day."""


def find(quotes: Iterable[Quote], base: str, quote: str, on: date) -> Rate | None:
    """The rate that holds on a day, or None where none is known.

    A monthly rate, which a person set for the purpose, goes before daily ones, in either
    direction of the pair; then the pair's own rate before the reverse one; and both before one
    through a third currency, of which the first by its code is taken.
    """
    held = _held(quotes, on)
    direct = _step(held, base, quote)
    if direct is not None:
        return direct
    for middle in sorted({each for pair in held for each in pair} - {base, quote}):
        through = _through(held, base, middle, quote)
        if through is not None:
            return through
    return None


def _through(held: _Held, base: str, middle: str, quote: str) -> Rate | None:
    first, second = _given(held, base, middle), _given(held, middle, quote)
    if first is None or second is None:
        return None
    with localcontext(EXACT):
        rate = _rounded(_exactly(first, base) * _exactly(second, middle))
    source = _joined(first.source, second.source, middle)
    return Rate(base, quote, rate, source, min(first.day, second.day)) if rate else None


def _joined(first: str, second: str, middle: str) -> str:
    return f"{first}, through {middle}" if first == second else f"{first} and {second}"


def _held(quotes: Iterable[Quote], on: date) -> _Held:
    found: _Held = {}
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


def _step(held: _Held, base: str, quote: str) -> Rate | None:
    """The rate of a pair, from itself or turned round; None too where it rounds to nothing."""
    given = _given(held, base, quote)
    if given is None:
        return None
    rate = _rounded(_exactly(given, base))
    return Rate(base, quote, rate, given.source, given.day) if rate else None


def _given(held: _Held, base: str, quote: str) -> Quote | None:
    own, reverse = held.get((base, quote)), held.get((quote, base))
    if own and reverse and (own.span, reverse.span) == (DAY, MONTH):
        return reverse
    return own or reverse


def _exactly(given: Quote, base: str) -> Decimal:
    if given.base == base:
        return given.rate
    with localcontext(EXACT):
        return 1 / given.rate


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


def why_it_stays(after: str, drafts: Sequence[tuple[str, str]]) -> str:
    """Why a customer's billing currency does not become `after` now; empty where it may.

    `drafts` are the customer's, each with its Document ID and currency. A document is for one
    currency from its generation on, so that a draft in another one would be left behind.
    """
    left = sorted(code for code, currency in drafts if currency != after)
    if not left:
        return ""
    more = f" and {len(left) - 3} more" if len(left) > 3 else ""
    are = "is a draft" if len(left) == 1 else "are drafts"
    return (
        f"{', '.join(left[:3])}{more} {are} in another currency than {after}: publish or discard"
        f" {'it' if len(left) == 1 else 'them'} first; what is generated then is billed in {after}"
    )
