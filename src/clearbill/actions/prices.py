"""Markups: versioned price rules, never edited."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Max

from clearbill.actions.common import Actor, Refused
from clearbill.actions.locks import lock_periods
from clearbill.actions.staleness import lock_drafts, mark_those_priced_otherwise
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    BillingPeriod,
    Customer,
    Document,
    PriceRule,
    Provider,
    ResellerSettings,
)
from clearbill.rules.lifecycle import Status
from clearbill.rules.pricing import markup


@dataclass(frozen=True)
class Priced:
    """A new version of a markup, and the Document IDs of the drafts that are stale by it."""

    rule: PriceRule
    stale: list[str]


_PERCENT = re.compile(r"[+-]?[0-9]{1,5}(\.[0-9]{1,4})?")


def set_markup(
    *,
    reseller_id: int,
    actor: Actor,
    percent: str,
    valid_from: date,
    provider: str | None = None,
    customer_id: int | None = None,
) -> Priced:
    """Add a version of a markup, in percent, for the periods that start at `valid_from` or later.

    Drafts that it prices otherwise go stale. Raises `Refused` where a published document of its
    scope lies in those periods: what it was priced with stays the rule of that time.
    """
    actor.require("prices.edit")
    with tenancy.transaction(reseller_id):
        # Two versions at once would take the same number; the second waits and takes the next.
        ResellerSettings.objects.select_for_update().get(reseller_id=reseller_id)
        found = _provider(reseller_id, provider)
        drafts = _hold_periods(reseller_id, found, valid_from)
        rule = add_rule(
            reseller_id=reseller_id,
            actor=actor,
            percent=percent,
            valid_from=valid_from,
            provider=found,
            customer=_customer(reseller_id, customer_id),
        )
        _refuse_published(rule)
        marked = mark_those_priced_otherwise(reseller_id=reseller_id, who=actor.name, drafts=drafts)
        return Priced(rule, [draft.code for draft in marked])


def add_rule(
    *,
    reseller_id: int,
    actor: Actor,
    percent: str,
    valid_from: date,
    provider: Provider | None = None,
    customer: Customer | None = None,
) -> PriceRule:
    """Insert the next version of a rule, inside the caller's transaction."""
    value = _percent(percent)
    scope = PriceRule.objects.filter(
        reseller_id=reseller_id, provider=provider, customer=customer, valid_from=valid_from
    )
    a, b, c = markup(value)
    return PriceRule.objects.create(
        reseller_id=reseller_id,
        provider=provider,
        customer=customer,
        percent=value,
        a=a,
        b=b,
        c=c,
        valid_from=valid_from,
        version=(scope.aggregate(last=Max("version"))["last"] or 0) + 1,
        who=actor.name,
        created_at=clock.now(),
    )


def _percent(text: str) -> Decimal:
    value = Decimal(text.strip()) if _PERCENT.fullmatch(text.strip()) else None
    if value is None or not -100 <= value <= 10000:
        raise Refused(
            "%(text)r is no markup: give a percentage from -100 to 10000, with a point and at most"
            " 4 decimals, such as 12.5",
            field="percent",
            text=text,
        )
    return value


def _provider(reseller_id: int, code: str | None) -> Provider | None:
    if code is None:
        return None
    found = Provider.objects.filter(reseller_id=reseller_id, code=code).first()
    if found is None:
        raise Refused("no provider %(code)r here", field="provider", code=code)
    return found


def _customer(reseller_id: int, customer_id: int | None) -> Customer | None:
    if customer_id is None:
        return None
    found = Customer.objects.filter(reseller_id=reseller_id, pk=customer_id).first()
    if found is None:
        raise Refused("no customer %(id)s here", field="customer", id=customer_id)
    return found


def _hold_periods(reseller_id: int, provider: Provider | None, valid_from: date) -> list[Document]:
    """Wait for what is generated or published in the rule's periods, so that it is seen; their
    drafts, locked."""
    periods = BillingPeriod.objects.filter(reseller_id=reseller_id, period_start__gte=valid_from)
    if provider is not None:
        periods = periods.filter(provider=provider)
    ids = list(periods.values_list("pk", flat=True))
    lock_periods(reseller_id, ids)
    return lock_drafts(reseller_id, ids)


def _refuse_published(rule: PriceRule) -> None:
    documents = Document.objects.filter(
        reseller_id=rule.reseller_id,
        period_start__gte=rule.valid_from,
        status__in=[Status.OPEN, Status.PAST_DUE, Status.CLOSED],
    )
    if rule.provider_id:
        documents = documents.filter(provider_id=rule.provider_id)
    if rule.customer_id:
        documents = documents.filter(customer_id=rule.customer_id)
    latest = documents.order_by("-period_start", "-id").first()
    if latest is not None:
        raise Refused(
            "%(document)s of the period from %(start)s is published: give a later month, or set it"
            " for the customers alone whose documents are drafts",
            field="valid_from",
            document=latest.code,
            start=latest.period_start,
        )
