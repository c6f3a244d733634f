"""Price: which rule fits a document, and what its lines come to.

This is the law in plain Python, slow and exact. The engine in `usage/rating.py` does the same
with millions of rows; the tests hold the two against each other, decimal for decimal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext

from clearbill.rules.line_key import line_key
from clearbill.rules.money import EXACT, allot, round_half_away

COEFFICIENT_SCALE = 6
"""Decimals of a, b and c. A factor that is not finite (a margin's) is rounded to it, and that
rounded factor, shown on the rule, is the rule."""

PRICED = frozenset({"Usage", "Subscription", "One-time"})
"""Charge types that a rule applies to; every other type passes at cost."""

INTEGER_DIGITS = 10
"""Digits before the point of an amount that is multiplied: DECIMAL(28,18) on every engine."""


class TooLarge(ValueError):
    """An amount has more than ten digits before the point, so no engine multiplies it exactly."""


@dataclass(frozen=True)
class RuleRef:
    """One version of a linear rule: amount = a*cost + b*list + c*qty, at 6 decimals each.

    `customer` and `provider` None mean any.
    """

    rule: int
    customer: int | None
    provider: str | None
    valid_from: date
    version: int
    a: Decimal
    b: Decimal
    c: Decimal


@dataclass(frozen=True)
class UsageRow:
    """One row of usage as the law sees it; text that a file leaves out is ''."""

    account: str
    service: str
    sku: str
    charge_type: str
    unit: str
    currency: str
    qty: Decimal
    cost: Decimal
    list_cost: Decimal


@dataclass(frozen=True)
class RatedLine:
    """One line of a document; `price` is the whole minor units that `exact` was allotted."""

    position: int
    line_key: str
    qty: Decimal
    cost: Decimal
    list_cost: Decimal
    rule: int | None
    a: Decimal
    b: Decimal
    c: Decimal
    exact: Decimal
    price: Decimal
    rows: int


def markup(percent: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """The coefficients (a, b, c) of a markup on cost: 12.5 % → (1.125000, 0, 0)."""
    with localcontext(EXACT):
        factor = round_half_away(1 + percent / 100, COEFFICIENT_SCALE)
    if not 0 <= factor < 1000:
        raise ValueError(f"a markup lies between -100 and 99,899 percent: {percent}")
    zero = round_half_away(Decimal(0), COEFFICIENT_SCALE)
    return factor, zero, zero


def resolve(
    rules: Iterable[RuleRef], *, customer: int, provider: str, period_start: date
) -> RuleRef | None:
    """The rule that prices a customer's usage of a provider in the period, or None.

    Customer and provider together beat customer, which beats provider, which beats neither; then
    the latest start counts, then the highest version.
    """
    fitting = [
        rule
        for rule in rules
        if rule.valid_from <= period_start
        and rule.customer in (None, customer)
        and rule.provider in (None, provider)
    ]
    return max(fitting, key=_precedence, default=None)


def _precedence(rule: RuleRef) -> tuple[int, date, int, int]:
    return specificity(rule), rule.valid_from, rule.version, rule.rule


def specificity(rule: RuleRef) -> int:
    """3 customer and provider, 2 customer, 1 provider, 0 reseller-wide."""
    return 2 * (rule.customer is not None) + (rule.provider is not None)


def exact_amount(
    rule: RuleRef | None, charge_type: str, *, cost: Decimal, list_cost: Decimal, qty: Decimal
) -> Decimal:
    """a*cost + b*list + c*qty, unrounded; at cost without a rule, and for what none prices."""
    if rule is None or charge_type not in PRICED:
        return _factor(cost)
    with localcontext(EXACT):
        amount = _factor(cost) * rule.a
        if rule.b:
            amount += _factor(list_cost) * rule.b
        if rule.c:
            amount += _factor(qty) * rule.c
        return amount


def _factor(amount: Decimal) -> Decimal:
    if abs(amount) >= Decimal(10) ** INTEGER_DIGITS:
        raise TooLarge(f"{amount:f} has more than {INTEGER_DIGITS} digits before the point")
    return amount


def rate_document(rows: Sequence[UsageRow], rule: RuleRef | None, currency: str) -> list[RatedLine]:
    """The lines of one document: rows grouped by line key, priced, and allotted to minor units."""
    groups: dict[tuple[str, ...], list[UsageRow]] = {}
    for row in rows:
        key = (row.account, row.service, row.sku, row.charge_type, row.unit, row.currency)
        groups.setdefault(key, []).append(row)
    ordered = sorted(groups.items())
    lines = [_line(number, key, of, rule) for number, (key, of) in enumerate(ordered, start=1)]
    prices = allot([(line.line_key, line.exact) for line in lines], currency)
    return [replace(line, price=price) for line, price in zip(lines, prices, strict=True)]


def _line(
    position: int, key: tuple[str, ...], rows: Sequence[UsageRow], rule: RuleRef | None
) -> RatedLine:
    account, service, sku, charge_type, unit, currency = key
    with localcontext(EXACT):
        qty = sum((row.qty for row in rows), Decimal(0))
        cost = sum((row.cost for row in rows), Decimal(0))
        list_cost = sum((row.list_cost for row in rows), Decimal(0))
    applied = rule if charge_type in PRICED else None
    return RatedLine(
        position=position,
        line_key=line_key(account, service, sku, charge_type, unit, currency),
        qty=qty,
        cost=cost,
        list_cost=list_cost,
        rule=applied.rule if applied else None,
        a=applied.a if applied else Decimal(1),
        b=applied.b if applied else Decimal(0),
        c=applied.c if applied else Decimal(0),
        exact=exact_amount(rule, charge_type, cost=cost, list_cost=list_cost, qty=qty),
        price=Decimal(0),
        rows=len(rows),
    )
