"""A customer's page for staff: what it was billed, what is due, margin and accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from clearbill.queries.sql import select
from clearbill.queries.trends import STAFF_COUNT, Billed
from clearbill.rules.money import total


@dataclass(frozen=True)
class Due:
    """What is Open or Past Due in one currency."""

    status: str
    currency: str
    count: int
    amount: Decimal
    first_due: date | None


@dataclass(frozen=True)
class Margin:
    """Prices before tax against cost in the document's currency: staff's alone."""

    currency: str
    price: Decimal
    cost: Decimal

    @property
    def amount(self) -> Decimal:
        return total([self.price, -self.cost])


@dataclass(frozen=True)
class Account:
    """An account that is assigned to the customer now or later."""

    provider: str
    provider_code: str
    account: str
    name: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Paper:
    """One of the customer's latest documents; the period's end is exclusive."""

    code: str
    provider: str
    status: str
    currency: str
    total: Decimal
    period_start: date
    period_end: date


@dataclass(frozen=True)
class Figures:
    billed: list[Billed]
    due: list[Due]
    margins: list[Margin]
    """Empty where it was not asked for."""
    accounts: list[Account]
    latest: list[Paper]


LATEST = 6
"""Documents on the customer's page; the others are one link away."""

_FIGURES = """
WITH documents AS (
  SELECT d.id, d.status, d.currency, d.subtotal, d.total,
         date_trunc('month', d.period_start)::date AS month,
         d.code, d.counter, d.period_start, d.period_end, p.name AS provider,
         coalesce(d.due_extended_to, d.due_date) AS due
  FROM records_document d
  JOIN records_provider p ON p.id = d.provider_id AND p.reseller_id = d.reseller_id
  WHERE d.reseller_id = %(reseller)s AND d.customer_id = %(customer)s
    AND d.status = ANY(%(statuses)s)
), recent AS (
  SELECT * FROM documents
  WHERE month >= (SELECT max(month) FROM documents) - interval '11 months'
)
SELECT 'billed' AS what, currency, provider AS name, '' AS code, '' AS account, month AS day,
       NULL::date AS until, sum(total) AS amount, 0 AS cost, count(*) AS documents,
       count(*) FILTER (WHERE status = 'Draft') AS drafts
FROM recent GROUP BY currency, provider, month
UNION ALL
SELECT 'due', currency, status, '', '', min(due), NULL, sum(total), 0, count(*), 0
FROM documents WHERE status IN ('Open', 'Past Due') GROUP BY currency, status
UNION ALL
SELECT 'margin', r.currency, '', '', '', NULL, NULL, sum(r.subtotal), sum(l.cost), 0, 0
FROM recent r
CROSS JOIN LATERAL (
  SELECT coalesce(sum(cost_converted), 0) AS cost FROM records_documentline
  WHERE reseller_id = %(reseller)s AND document_id = r.id
) l
WHERE %(with_margin)s GROUP BY r.currency
UNION ALL
(SELECT 'document', currency, provider, code, status, period_start, period_end, total, 0, counter,
        0
FROM documents ORDER BY period_start DESC, counter DESC LIMIT %(latest)s)
UNION ALL
SELECT 'account', p.name, a.name, p.code, a.account, s.valid_from, s.valid_to, 0, 0, 0, 0
FROM records_assignment s
JOIN records_provideraccount a ON a.id = s.account_id AND a.reseller_id = s.reseller_id
JOIN records_provider p ON p.id = a.provider_id AND p.reseller_id = s.reseller_id
WHERE s.reseller_id = %(reseller)s AND s.customer_id = %(customer)s
  AND (s.valid_to IS NULL OR s.valid_to > %(today)s)
ORDER BY 1, 6, 2, 3, 5
"""


def figures(reseller_id: int, customer_id: int, *, today: date, with_margin: bool) -> Figures:
    """All of it in one statement; `with_margin` only for roles that may read cost."""
    rows = select(
        _FIGURES,
        reseller=reseller_id,
        customer=customer_id,
        statuses=STAFF_COUNT,
        today=today,
        with_margin=with_margin,
        latest=LATEST,
    )
    latest = sorted(_of("document", rows), key=lambda row: (row[5], row[9]), reverse=True)
    return Figures(
        [Billed(r[5], r[1], r[2], r[7], r[9], r[10]) for r in _of("billed", rows)],
        [Due(r[2], r[1], r[9], r[7], r[5]) for r in _of("due", rows)],
        [Margin(r[1], r[7], r[8]) for r in _of("margin", rows)],
        [Account(r[1], r[3], r[4], r[2], r[5], r[6]) for r in _of("account", rows)],
        [Paper(r[3], r[2], r[4], r[1], r[7], r[5], r[6]) for r in latest],
    )


def _of(what: str, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [row for row in rows if row[0] == what]
