"""Provider accounts: whose they are, and what of them is not billed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from clearbill.queries.sql import CLAIMED, CURRENT_USAGE, ITS_DOCUMENT, OWNED, select
from clearbill.records.models import Assignment, Claim, ProviderAccount, UsageSlice


@dataclass(frozen=True)
class AccountRow:
    """An account with the assignment in force (the latest), and its unbilled cost by currency."""

    id: int
    provider_code: str
    provider: str
    account: str
    name: str
    customer_id: int | None
    customer: str
    valid_from: date | None
    valid_to: date | None
    amounts: tuple[tuple[str, Decimal], ...]
    first_period: date | None


def accounts(reseller_id: int, *, unassigned: bool = False) -> list[AccountRow]:
    """The reseller's accounts by provider and id; `unassigned` only those that wait.

    An account waits while some current usage of it falls to no customer.
    """
    latest = {
        assignment.account_id: assignment
        for assignment in Assignment.objects.filter(reseller_id=reseller_id)
        .select_related("customer")
        .order_by("valid_from")
    }
    amounts, firsts = _unbilled(reseller_id)
    waiting = set(waiting_usage(reseller_id).values_list("account_id", flat=True))
    found = ProviderAccount.objects.filter(reseller_id=reseller_id).select_related("provider")
    return [
        _row(each, latest.get(each.pk), tuple(sorted(amounts[each.pk].items())), firsts)
        for each in found.order_by("provider__code", "account")
        if not unassigned or each.pk in waiting
    ]


@dataclass(frozen=True)
class LateUsage:
    """An account's usage of a published month that no document bills, in one currency, and the
    document that was published without it."""

    provider_code: str
    provider: str
    account: str
    name: str
    customer_id: int
    customer: str
    document: str
    invoice_number: str | None
    period_start: date
    period_end: date
    currency: str
    amount: Decimal


_LATE = f"""
SELECT v.code, v.name, c.account, c.name, u.id, u.name, d.code, d.invoice_number,
       d.period_start, d.period_end, t.currency, sum(s.cost)
FROM {CURRENT_USAGE} {OWNED}
JOIN {ITS_DOCUMENT} AND d.status IN ('Open', 'Past Due', 'Closed')
JOIN records_provideraccount c ON c.id = s.account_id AND c.reseller_id = s.reseller_id
JOIN records_provider v ON v.id = c.provider_id AND v.reseller_id = s.reseller_id
JOIN records_customer u ON u.id = a.customer_id AND u.reseller_id = s.reseller_id
WHERE s.reseller_id = %(reseller)s AND NOT {CLAIMED}
GROUP BY v.id, c.id, u.id, d.id, t.currency
ORDER BY d.period_start DESC, v.code, c.account, d.id, t.currency
"""  # noqa: S608 - put together from constants


def late_usage(reseller_id: int) -> list[LateUsage]:
    """Usage that came, or whose account was assigned, after its month was published: newest
    first. A run leaves it, since what is published never changes."""
    return [LateUsage(*row) for row in select(_LATE, reseller=reseller_id)]


def _row(
    account: ProviderAccount,
    assignment: Assignment | None,
    amounts: tuple[tuple[str, Decimal], ...],
    firsts: dict[int, date],
) -> AccountRow:
    return AccountRow(
        id=account.pk,
        provider_code=account.provider.code,
        provider=account.provider.name,
        account=account.account,
        name=account.name,
        customer_id=assignment.customer_id if assignment else None,
        customer=assignment.customer.name if assignment else "",
        valid_from=assignment.valid_from if assignment else None,
        valid_to=assignment.valid_to if assignment else None,
        amounts=amounts,
        first_period=firsts.get(account.pk),
    )


_UNBILLED = Q(
    ~Exists(Claim.objects.filter(slice=OuterRef("pk"), released_at__isnull=True)),
    statement__superseded_by__isnull=True,
)
"""Slices of current usage that no live document bills."""


@dataclass(frozen=True)
class Unbilled:
    """What an account's current usage of a month costs that no live document bills."""

    month: date
    currency: str
    amount: Decimal


def usage_of(account: ProviderAccount) -> tuple[date | None, list[Unbilled]]:
    """The start of an account's first period, None without usage, and what of it is unbilled."""
    rows = (
        UsageSlice.objects.filter(account=account)
        .values_list("statement__billing_period__period_start", "statement__currency")
        .annotate(amount=Sum("cost", filter=_UNBILLED))
        .order_by("statement__billing_period__period_start", "statement__currency")
    )
    found = [Unbilled(*row) for row in rows]
    first = found[0].month if found else None
    return first, [each for each in found if each.amount is not None]


def _unbilled(
    reseller_id: int,
) -> tuple[dict[int, dict[str, Decimal]], dict[int, date]]:
    rows = (
        UsageSlice.objects.filter(_UNBILLED, reseller_id=reseller_id)
        .values_list("account_id", "statement__currency", "statement__billing_period__period_start")
        .annotate(amount=Sum("cost"))
    )
    amounts: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    firsts: dict[int, date] = {}
    for account_id, currency, start, amount in rows:
        amounts[account_id][currency] += amount
        firsts[account_id] = min(start, firsts.get(account_id, start))
    return amounts, firsts


def waiting_usage(reseller_id: int) -> "QuerySet[UsageSlice]":
    """Current usage that falls to no customer: what makes its account wait."""
    covering = Assignment.objects.filter(
        account=OuterRef("account"),
        valid_from__lte=OuterRef("statement__billing_period__period_start"),
    ).exclude(valid_to__lte=OuterRef("statement__billing_period__period_start"))
    return UsageSlice.objects.filter(
        reseller_id=reseller_id, statement__superseded_by__isnull=True
    ).exclude(Exists(covering))
