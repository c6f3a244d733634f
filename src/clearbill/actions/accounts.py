"""Whose account is whose: assignments from a date to a date."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError
from django.db.models import Min, Q, QuerySet

from clearbill.actions import customers
from clearbill.actions.common import Actor, Refused
from clearbill.actions.locks import lock_periods
from clearbill.actions.staleness import lock_drafts, mark_those_out_of_date
from clearbill.queries.accounts import waiting_usage
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    Assignment,
    BillingPeriod,
    BillingProfile,
    Claim,
    Customer,
    ProviderAccount,
    ResellerSettings,
    UsageSlice,
)
from clearbill.rules.lifecycle import Status
from clearbill.rules.text import tidy


@dataclass(frozen=True)
class Assigned:
    """What an assignment did: the account, its customer, and the first day that it holds."""

    provider: str
    account: str
    customer_id: int
    customer: str
    valid_from: date


@dataclass(frozen=True)
class Ended:
    """An assignment that was shortened to end at `until` (exclusive), or taken away whole."""

    customer: str
    valid_from: date
    until: date | None


def assign_account(
    *,
    reseller_id: int,
    actor: Actor,
    provider: str,
    account: str,
    customer_id: int,
    valid_from: date | None = None,
) -> Assigned:
    """Give an account to a customer from the first day of a period on.

    Without `valid_from` it starts with the account's earliest period that is assigned to nobody.
    An assignment that runs on ends where the new one starts. Drafts that it touches go stale.
    Raises `Refused` where a published document claims usage that would change hands, naming it.
    """
    actor.require("accounts.assign")
    with tenancy.transaction(reseller_id):
        found = _lock_account(reseller_id, provider, account)
        customer = Customer.objects.filter(reseller_id=reseller_id, pk=customer_id).first()
        if customer is None:
            raise Refused("no customer %(id)s here", field="customer", id=customer_id)
        assigned = _assign(found, customer, actor, valid_from or _first_unassigned(found))
        _mark_drafts(found, actor)
        return assigned


def assign_all(*, reseller_id: int, actor: Actor) -> list[Assigned]:
    """Make one customer of each account that waits, by the name its provider's file suggests.

    A name that occurs twice, or is taken, gets the account's id behind it. An account waits as
    `queries.accounts` says: also one whose assignment leaves some of its usage to nobody.
    """
    actor.require("accounts.assign")
    with tenancy.transaction(reseller_id):
        # All periods: whoever assigns at the same time waits, and then finds nothing that waits.
        periods = _periods(reseller_id, _accounts(reseller_id))
        lock_periods(reseller_id, periods)
        lock_drafts(reseller_id, periods)
        waiting = list(_waiting(reseller_id))
        made = _assign_each(reseller_id, actor, waiting)
        mark_those_out_of_date(
            reseller_id=reseller_id,
            who=actor.name,
            periods=_periods(reseller_id, waiting),
        )
        return made


def _assign_each(
    reseller_id: int, actor: Actor, waiting: Sequence[ProviderAccount]
) -> list[Assigned]:
    currency = ResellerSettings.objects.get(reseller_id=reseller_id).currency
    names = Counter(_suggested(account) for account in waiting)
    taken = set(Customer.objects.filter(reseller_id=reseller_id).values_list("name", flat=True))
    made = []
    for account in waiting:
        name = _free_name(account, taken, suffixed=names[_suggested(account)] > 1)
        taken.add(name)
        customer = customers.create(reseller_id=reseller_id, name=name, currency=currency)
        made.append(_assign(account, customer, actor, _first_unassigned(account)))
    return made


def _mark_drafts(account: ProviderAccount, actor: Actor) -> None:
    """Drafts that lost or gained the account's usage say so; their periods are locked."""
    mark_those_out_of_date(
        reseller_id=account.reseller_id,
        who=actor.name,
        periods=_periods(account.reseller_id, [account]),
    )


def _accounts(reseller_id: int) -> QuerySet[ProviderAccount]:
    return ProviderAccount.objects.filter(reseller_id=reseller_id)


def _periods(reseller_id: int, of: Iterable[ProviderAccount]) -> list[int]:
    """The billing periods that these accounts have usage of."""
    return list(
        UsageSlice.objects.filter(reseller_id=reseller_id, account__in=of)
        .values_list("statement__billing_period_id", flat=True)
        .distinct()
    )


def _suggested(account: ProviderAccount) -> str:
    """The name that the account's file gives it, as a customer's is kept; never empty."""
    return tidy(account.name or "") or tidy(account.account) or f"account {account.pk}"


def _free_name(account: ProviderAccount, taken: set[str], *, suffixed: bool) -> str:
    """A customer name that is free: the suggested one, else with the account's id behind it, else
    with its provider too. Long names give way so that what tells them apart stays."""
    name, code = _suggested(account), tidy(account.account)[-120:]
    ends = ["", f" ({code})", f" ({code}, {account.provider.name[:40]})", f" ({account.pk})"]
    for end in ends[1:] if suffixed else ends:
        free = name[: 200 - len(end)].rstrip() + end
        if free not in taken:
            return free
    raise Refused(
        "no name is free for account %(account)s: assign it by hand", account=account.account
    )


def unassign_account(
    *, reseller_id: int, actor: Actor, provider: str, account: str, valid_from: date | None = None
) -> list[Ended]:
    """End the account's assignments at `valid_from` (a period's first day), or take them whole.

    Says which ended, those of other customers that begin later too. Drafts with usage of the days
    taken away go stale; a published document refuses it.
    """
    actor.require("accounts.assign")
    with tenancy.transaction(reseller_id):
        found = _lock_account(reseller_id, provider, account)
        touched = Assignment.objects.filter(reseller_id=reseller_id, account=found).filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=valid_from or date.min)
        )
        if not touched.exists():
            raise Refused(
                "account %(account)s is assigned to nobody", field="account", account=account
            )
        if valid_from is not None:
            _check_start(found, valid_from)
        _refuse_claimed(found, valid_from or date.min, None)
        ended = _ended(touched, valid_from or date.min)
        _cut(touched, valid_from or date.min)
        _mark_drafts(found, actor)
        return ended


def _lock_account(reseller_id: int, provider: str, account: str) -> ProviderAccount:
    found = (
        ProviderAccount.objects.filter(
            reseller_id=reseller_id, provider__code=provider, account=account
        )
        .select_related("provider")
        .first()
    )
    if found is None:
        raise Refused(
            "no account %(account)r of %(provider)s was ever imported",
            field="account",
            account=account,
            provider=provider,
        )
    periods = _periods(reseller_id, [found])
    lock_periods(reseller_id, periods)
    lock_drafts(reseller_id, periods)
    return (
        # An import names the account's row meanwhile, which is not in this one's way.
        ProviderAccount.objects.select_for_update(of=("self",), no_key=True)
        .select_related("provider")
        .get(pk=found.pk)
    )


def _waiting(reseller_id: int) -> QuerySet[ProviderAccount]:
    return (
        _accounts(reseller_id)
        .filter(pk__in=waiting_usage(reseller_id).values("account_id"))
        .select_related("provider")
        .order_by("provider__code", "account")
    )


def _first_unassigned(account: ProviderAccount) -> date:
    """The start of the account's earliest period, of its current usage, that nothing covers."""
    ends = Assignment.objects.filter(reseller_id=account.reseller_id, account=account)
    starts = (
        BillingPeriod.objects.filter(
            reseller_id=account.reseller_id,
            statements__slices__account=account,
            statements__superseded_by__isnull=True,
        )
        .values_list("period_start", flat=True)
        .order_by("period_start")
        .distinct()
    )
    covered = list(ends.values_list("valid_from", "valid_to"))
    for start in starts:
        if not any(a <= start and (b is None or start < b) for a, b in covered):
            return start
    if starts.exists():
        raise Refused(
            "every period of this account is assigned; name the period's first day to change it",
            field="valid_from",
        )
    raise Refused(
        "no usage of this account is known now; name the first day of a billing period",
        field="valid_from",
    )


def _assign(
    account: ProviderAccount, customer: Customer, actor: Actor, valid_from: date
) -> Assigned:
    _check_start(account, valid_from)
    theirs = Assignment.objects.filter(reseller_id=account.reseller_id, account=account)
    touched = theirs.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=valid_from))
    later = touched.filter(valid_from__gt=valid_from).aggregate(first=Min("valid_from"))["first"]
    _refuse_claimed(account, valid_from, later, unless=customer)
    _cut(touched.filter(valid_from__lte=valid_from), valid_from)
    try:
        Assignment.objects.create(
            reseller_id=account.reseller_id,
            account=account,
            customer=customer,
            profile=BillingProfile.objects.get(
                reseller_id=account.reseller_id, customer=customer, is_default=True
            ),
            valid_from=valid_from,
            valid_to=later,
            who=actor.name,
            created_at=clock.now(),
        )
    except IntegrityError:
        raise Refused(
            "account %(account)s is assigned in these days already", account=account.account
        ) from None
    return Assigned(account.provider.code, account.account, customer.pk, customer.name, valid_from)


def _check_start(account: ProviderAccount, valid_from: date) -> None:
    # The account's own periods: another payer of the provider may count from the 20th.
    inside = BillingPeriod.objects.filter(
        reseller_id=account.reseller_id,
        statements__slices__account=account,
        period_start__lt=valid_from,
        period_end__gt=valid_from,
    ).first()
    if inside is not None:
        raise Refused(
            "an assignment starts with a billing period; %(day)s lies inside %(start)s to %(end)s:"
            " use one of these two days",
            field="valid_from",
            day=valid_from,
            start=inside.period_start,
            end=inside.period_end,
        )


def _refuse_claimed(
    account: ProviderAccount,
    valid_from: date,
    valid_to: date | None,
    unless: Customer | None = None,
) -> None:
    """Refuse where a published document holds usage of these days; drafts go stale instead."""
    claims = Claim.objects.filter(
        reseller_id=account.reseller_id,
        slice__account=account,
        released_at__isnull=True,
        document__period_start__gte=valid_from,
    ).exclude(document__status=Status.DRAFT)
    if valid_to is not None:
        claims = claims.filter(document__period_start__lt=valid_to)
    if unless is not None:
        claims = claims.exclude(document__customer=unless)
    codes = sorted(set(claims.values_list("document__code", flat=True)))
    if codes:
        raise Refused(
            "usage of account %(account)s is on %(codes)s, which is published: void it first",
            field="account",
            account=account.account,
            codes=", ".join(codes[:5]),
        )


def _ended(assignments: QuerySet[Assignment], at: date) -> list[Ended]:
    return [
        Ended(each.customer.name, each.valid_from, at if each.valid_from < at else None)
        for each in assignments.select_related("customer").order_by("valid_from")
    ]


def _cut(assignments: QuerySet[Assignment], at: date) -> None:
    """End assignments at a day; those that would be empty go."""
    assignments.filter(valid_from__gte=at).delete()
    assignments.filter(valid_from__lt=at).update(valid_to=at)
