"""What a customer uses: the lines of one customer at one provider, and a month's charges on them.

All chance comes from one seed and is drawn as whole numbers; amounts are Decimals throughout.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Context, Decimal

from clearbill.rules.periods import next_month
from clearbill.wiring.demo import catalogue
from clearbill.wiring.demo.catalogue import ONCE, RECURRING, Sku, Vendor
from clearbill.wiring.demo.companies import Demand

LEAVES = ("Polderwind Energie", "Microsoft 365", "365 Business Basic")
"""A customer, the service whose subscriptions are gone in the last month, and one of them."""
JOINS = ("Ørslev Måleteknik", "365 Copilot")
"""A customer and the SKU that it subscribes to in the last month."""

_EXACT = Context(prec=60)
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Account:
    """A provider's account. `id` is text; some begin with zeros."""

    id: str
    name: str


@dataclass(frozen=True)
class Line:
    """What becomes one line of a document. `sku` is None for taxes, credits and adjustments.

    `weight` is its share of the usage, 0 next to nothing; `days` on how many days of a month it
    is used, 0 for a charge of the whole month. `covered` usage was paid for by a commitment.
    """

    account: Account
    service: Sku
    sku: Sku | None
    category: str
    weight: int = 0
    days: int = 0
    covered: bool = False


@dataclass(frozen=True)
class Charge:
    """A row to be written. Quantities are None where the provider gives none."""

    line: Line
    start: date
    end: date
    quantity: Decimal | None
    cost: Decimal
    list_cost: Decimal
    effective: Decimal
    description: str
    correction: bool = False


def chance(*names: object) -> random.Random:
    """A source of chance of its own: the same names give the same draws."""
    return random.Random("/".join(map(str, names)))  # noqa: S311 - made-up data, no secret


class Use:
    """One customer's use of one provider over the months of the demo."""

    def __init__(
        self,
        seed: int,
        seller: str,
        name: str,
        demand: Demand,
        accounts: Sequence[Account],
    ) -> None:
        self.name, self.demand, self.accounts = name, demand, accounts
        self.vendor = catalogue.vendor(demand.provider)
        self.names = (seed, seller, name, demand.provider)
        self.lines = self._lines(chance(*self.names))

    def _lines(self, drawn: random.Random) -> list[Line]:
        lines = [*self._specials(drawn), *self._purchases(drawn)]
        return [*lines, *self._usage(drawn, self.demand.lines - len(lines))]

    def _specials(self, drawn: random.Random) -> Iterator[Line]:
        """Tax, credit and adjustment, on documents that are long enough to have some."""
        services = [sku for sku in catalogue.skus(self.vendor.code) if not sku.free]
        for category, least in (("Tax", 8), ("Credit", 14), ("Adjustment", 25)):
            if self.demand.lines >= least and drawn.randrange(100) < 70:
                yield Line(drawn.choice(self.accounts), drawn.choice(services), None, category)

    def _purchases(self, drawn: random.Random) -> Iterator[Line]:
        sold = [sku for sku in catalogue.skus(self.vendor.code) if sku.kind != catalogue.USAGE]
        fits = [sku for sku in sold if sku.price * 6 <= self.demand.usd]
        wanted = self.demand.lines // (9 if self.vendor.code == "microsoft-csp" else 25)
        if self.demand.lines >= 4 and fits:
            wanted = max(1, wanted)
        chosen = drawn.sample(fits, min(wanted, len(fits)))
        if self.name in (LEAVES[0], JOINS[0]):
            said = LEAVES[2] if self.name == LEAVES[0] else JOINS[1]
            chosen += [s for s in fits if s.description.startswith(said) and s not in chosen]
        for sku in chosen:
            yield Line(drawn.choice(self.accounts), sku, sku, "Purchase", drawn.randint(1, 12))

    def _usage(self, drawn: random.Random, count: int) -> Iterator[Line]:
        pairs = [
            (account, sku)
            for account in self.accounts
            for sku in catalogue.skus(self.vendor.code)
            if sku.kind == catalogue.USAGE
        ]
        drawn.shuffle(pairs)
        paid = [pair for pair in pairs if not pair[1].free]
        free = [pair for pair in pairs if pair[1].free][: count * 28 // 100]
        for account, sku in (paid[: count - len(free)] + free)[:count]:
            yield Line(
                account=account,
                service=sku,
                sku=sku,
                category="Usage",
                weight=self._weight(drawn),
                days=drawn.choices((31, 8, 3, 1), (10, 15, 33, 42))[0],
                covered=self.demand.lines >= 90 and not sku.free and drawn.randrange(20) == 0,
            )

    def _weight(self, drawn: random.Random) -> int:
        """A few lines make most of a bill; some of a long one come to less than a cent."""
        if self.demand.lines >= 20 and drawn.randrange(8) == 0:
            return 0
        return 1 + 4000 // drawn.randint(1, 900)

    def charges(self, months: Sequence[date], index: int) -> Iterator[Charge]:
        """The rows of one month; `index` counts from 0, the oldest."""
        drawn = chance(*self.names, months[index])
        month = _Month(self.vendor, months[index], drawn)
        target = self._target(index)
        left = target
        lines = [each for each in self.lines if self._present(each, index, len(months), drawn)]
        for line in lines:
            if line.category == "Purchase":
                charge = month.purchase(line, target)
                left -= charge.cost
                yield charge
        usage = [line for line in lines if line.category == "Usage"]
        weights = sum(line.weight for line in usage if line.sku and not line.sku.free)
        budget = max(left, target / 4)
        for line in usage:
            tiny = Decimal(drawn.randint(1, 900)).scaleb(-6)
            share = _EXACT.divide(budget * line.weight, Decimal(weights or 1))
            yield from month.usage(line, share or tiny)
        for line in lines:
            if line.category not in ("Usage", "Purchase"):
                yield month.special(line, target)

    def _target(self, index: int) -> Decimal:
        growth = chance(*self.names, "growth").randint(100, 102 if self.demand.usd > 90000 else 109)
        jump = self.demand.jump if index == 2 else 100
        return self.demand.usd * (Decimal(growth) / 100) ** index * jump / 100

    def _present(self, line: Line, index: int, months: int, drawn: random.Random) -> bool:
        if line.category == "Purchase" and line.sku:
            last = index == months - 1
            if self.name == LEAVES[0] and line.sku.service == LEAVES[1]:
                return not last
            if self.name == JOINS[0] and line.sku.description.startswith(JOINS[1]):
                return last
            return line.sku.kind == RECURRING or index == 1
        return self.demand.lines < 20 or drawn.randrange(100) < 95


class _Month:
    """Draws the charges of one month at one provider."""

    def __init__(self, vendor: Vendor, start: date, drawn: random.Random) -> None:
        self.vendor, self.start, self.drawn = vendor, start, drawn
        self.end = next_month(start)
        self.length = (self.end - start).days

    def purchase(self, line: Line, target: Decimal) -> Charge:
        """Seats, plans and commitments: whole ones, at most a tenth of the month's cost."""
        sku = line.sku or line.service
        paid = sku.price * self.vendor.factor
        most = int(target / 10 / paid)
        count = Decimal(max(1, min(most, line.weight * (1 + most // 24))))
        start = self.start if sku.kind != ONCE else self.start + timedelta(days=line.weight)
        end = self.end if sku.kind != ONCE else start + timedelta(days=1)
        cost = paid * count
        return Charge(line, start, end, count, cost, sku.price * count, cost, sku.description)

    def usage(self, line: Line, share: Decimal) -> Iterator[Charge]:
        """The days of a line of usage that come to about `share`, and now and then a refund."""
        days = self._days(line.days)
        parts = [self.drawn.randint(60, 140) for _ in days]
        charge = None
        for day, part in zip(days, parts, strict=True):
            amount = _EXACT.divide(share * part, Decimal(sum(parts)))
            charge = self._used(line, self.start + timedelta(days=day), amount)
            yield charge
        if charge and charge.cost and self.drawn.randrange(60) == 0:
            yield _refund(charge)

    def _days(self, count: int) -> list[int]:
        if count >= self.length:
            return list(range(self.length))
        return sorted(self.drawn.sample(range(self.length), count))

    def _used(self, line: Line, day: date, amount: Decimal) -> Charge:
        sku = line.sku or line.service
        quantity = self._quantity(sku, amount)
        listed = _EXACT.multiply(quantity, sku.price)
        paid = _EXACT.multiply(listed, self.vendor.factor)
        return Charge(
            line=line,
            start=day,
            end=day + timedelta(days=1),
            quantity=quantity,
            cost=_ZERO if line.covered else paid,
            list_cost=listed,
            effective=paid * 7 / 10 if line.covered else paid,
            description=sku.description,
        )

    def _quantity(self, sku: Sku, amount: Decimal) -> Decimal:
        if sku.free:
            return Decimal(self.drawn.randint(1, 9_000_000)).scaleb(-4)
        exact = _EXACT.divide(amount, sku.price * self.vendor.factor)
        if sku.price < Decimal("0.0001"):
            # Requests, tokens, events: counted, not measured.
            return max(Decimal(1), exact.quantize(Decimal(1), ROUND_DOWN))
        return exact.quantize(Decimal(1).scaleb(-self.drawn.choice((4, 8, 14))), ROUND_DOWN)

    def special(self, line: Line, target: Decimal) -> Charge:
        """A tax, a credit or an adjustment: an amount without a quantity."""
        thousandths = {
            "Tax": self.drawn.randint(4, 30),
            "Credit": -self.drawn.randint(3, 25),
            "Adjustment": self.drawn.choice((-2, -1, 1)),
        }[line.category]
        amount = (target * thousandths / 1000).quantize(Decimal("0.01"), ROUND_DOWN)
        amount = amount or Decimal("0.01").copy_sign(thousandths)
        words = {
            "Tax": "Sales tax on marketplace purchases",
            "Credit": "Promotional credit",
            "Adjustment": "Rounding of the provider's invoice",
        }
        return Charge(
            line, self.start, self.end, None, amount, amount, amount, words[line.category]
        )


def _refund(charge: Charge) -> Charge:
    """A third of a day's usage taken back, on the same line."""
    third = (charge.quantity or _ZERO) / -3
    quantity = third.quantize(Decimal("0.000001"), ROUND_DOWN)
    ratio = _EXACT.divide(quantity, charge.quantity) if charge.quantity else _ZERO
    return Charge(
        line=charge.line,
        start=charge.start,
        end=charge.end,
        quantity=quantity,
        cost=_EXACT.multiply(charge.cost, ratio),
        list_cost=_EXACT.multiply(charge.list_cost, ratio),
        effective=_EXACT.multiply(charge.effective, ratio),
        description=charge.description,
        correction=True,
    )
