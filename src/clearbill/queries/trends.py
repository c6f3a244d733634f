"""What was billed month by month: by provider, customer, service and account.

A document belongs to the month that its billing period starts in. Amounts are never summed over
currencies. Staff's figures hold drafts and what is published; a customer's hold what is published
and not voided, and know no cost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from clearbill.queries.sql import select
from clearbill.rules.lifecycle import LIVE, SEEN_BY_CUSTOMER, Status
from clearbill.rules.money import total
from clearbill.rules.periods import months_back, next_month

MONTHS = 12

STAFF_COUNT = sorted(LIVE)
"""Statuses that staff's figures hold: the discarded and the voided bill nobody."""

CUSTOMERS_COUNT = sorted(SEEN_BY_CUSTOMER - {Status.VOIDED})


@dataclass(frozen=True)
class Billed:
    """What one group of documents comes to in one month and currency."""

    month: date
    currency: str
    group: str
    amount: Decimal
    documents: int
    drafts: int
    name: str = ""
    """Of the group, where it is told from others by something else."""


@dataclass(frozen=True)
class Change:
    """What a customer was billed in the latest month, against the month before."""

    customer_id: int
    customer: str
    currency: str
    now: Decimal
    before: Decimal

    @property
    def difference(self) -> Decimal:
        return total([self.now, -self.before])


_LATEST = """
  SELECT date_trunc('month', max(period_start))::date AS month FROM records_document
  WHERE reseller_id = %(reseller)s AND status = ANY(%(statuses)s)
    AND (%(customer)s::bigint IS NULL OR customer_id = %(customer)s::bigint)
"""

_BY_PROVIDER = f"""
WITH latest AS ({_LATEST})
SELECT date_trunc('month', d.period_start)::date AS month, d.currency, p.name,
       sum(d.total), count(*), count(*) FILTER (WHERE d.status = 'Draft')
FROM records_document d
JOIN records_provider p ON p.id = d.provider_id AND p.reseller_id = d.reseller_id
CROSS JOIN latest
WHERE d.reseller_id = %(reseller)s AND d.status = ANY(%(statuses)s)
  AND (%(customer)s::bigint IS NULL OR d.customer_id = %(customer)s::bigint)
  AND d.period_start >= latest.month - interval '11 months'
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608 - put together from constants


def by_provider(
    reseller_id: int, *, customer_id: int | None = None, published_only: bool = False
) -> list[Billed]:
    """The last 12 months by provider, of all customers or of one, oldest month first.

    `published_only` for what a customer may see; the months are counted from the latest one that
    has such a document.
    """
    statuses = CUSTOMERS_COUNT if published_only else STAFF_COUNT
    rows = select(_BY_PROVIDER, reseller=reseller_id, customer=customer_id, statuses=statuses)
    return [Billed(*row) for row in rows]


_CHANGES = f"""
WITH latest AS ({_LATEST}),
billed AS (
  SELECT d.customer_id, d.currency,
         coalesce(sum(d.total) FILTER (WHERE d.period_start >= latest.month), 0) AS now,
         coalesce(sum(d.total) FILTER (WHERE d.period_start < latest.month), 0) AS before
  FROM records_document d CROSS JOIN latest
  WHERE d.reseller_id = %(reseller)s AND d.status = ANY(%(statuses)s)
    AND d.period_start >= latest.month - interval '1 month'
  GROUP BY 1, 2
), ranked AS (
  SELECT *, row_number() OVER (
    PARTITION BY currency ORDER BY abs(now - before) DESC, customer_id
  ) AS place
  FROM billed WHERE now <> before
)
SELECT r.customer_id, c.name, r.currency, r.now, r.before
FROM ranked r
JOIN records_customer c ON c.id = r.customer_id AND c.reseller_id = %(reseller)s
WHERE r.place <= %(count)s ORDER BY r.currency, r.place
"""  # noqa: S608 - put together from constants


def changes(reseller_id: int, count: int = 6) -> list[Change]:
    """In each currency the customers whose bills moved most, the largest move first."""
    rows = select(_CHANGES, reseller=reseller_id, customer=None, statuses=STAFF_COUNT, count=count)
    return [Change(*row) for row in rows]


_BY_LINE = f"""
WITH latest AS ({_LATEST})
SELECT grouping(l.service) AS by_account, date_trunc('month', d.period_start)::date AS month,
       d.currency, coalesce(l.service, l.account), sum(l.price), count(DISTINCT d.id),
       max(l.account_name)
FROM records_document d
JOIN records_documentline l ON l.document_id = d.id AND l.reseller_id = d.reseller_id
CROSS JOIN latest
WHERE d.reseller_id = %(reseller)s AND d.status = ANY(%(statuses)s)
  AND d.customer_id = %(customer)s
  AND d.period_start >= latest.month - interval '11 months'
GROUP BY GROUPING SETS ((2, 3, l.service), (2, 3, l.account)) ORDER BY 1, 2, 3, 4
"""  # noqa: S608 - put together from constants


def by_service_and_account(reseller_id: int, customer_id: int) -> tuple[list[Billed], list[Billed]]:
    """A customer's published lines of the last 12 months: by service, and by account.

    Before taxes. Staff's own lines have neither service nor account: their group is empty.
    """
    rows = select(_BY_LINE, reseller=reseller_id, customer=customer_id, statuses=CUSTOMERS_COUNT)
    services, accounts = (
        [
            Billed(month, currency, group, amount, documents, 0, "" if kind == 0 else name)
            for by_account, month, currency, group, amount, documents, name in rows
            if by_account == kind
        ]
        for kind in (0, 1)
    )
    return services, accounts


def currencies(billed: Iterable[Billed]) -> list[str]:
    """The currencies that occur, the one with most documents first."""
    counted: dict[str, int] = {}
    for each in billed:
        counted[each.currency] = counted.get(each.currency, 0) + each.documents
    return sorted(counted, key=lambda currency: (-counted[currency], currency))


def months(billed: Iterable[Billed]) -> list[date]:
    """Every month from the first to the last with anything billed, those between them too."""
    known = {each.month for each in billed}
    if not known:
        return []
    month, last, found = max(min(known), months_back(max(known), MONTHS - 1)), max(known), []
    while month <= last:
        found.append(month)
        month = next_month(month)
    return found


def series(
    billed: Iterable[Billed], over: Sequence[date], currency: str
) -> list[tuple[date, Decimal]]:
    """The sum of each month in one currency; 0 where nothing was billed."""
    rows = [each for each in billed if each.currency == currency]
    return [(month, total([r.amount for r in rows if r.month == month])) for month in over]


def grouped(
    billed: Iterable[Billed], over: Sequence[date], currency: str
) -> dict[str, tuple[Decimal, ...]]:
    """Per group the amounts of these months in one currency, in the order of the months."""
    found: dict[str, dict[date, Decimal]] = {}
    for each in billed:
        if each.currency == currency and each.month in over:
            amounts = found.setdefault(each.group, dict.fromkeys(over, Decimal(0)))
            amounts[each.month] = total([amounts[each.month], each.amount])
    return {group: tuple(amounts.values()) for group, amounts in found.items()}
