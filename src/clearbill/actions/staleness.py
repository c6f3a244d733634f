"""Drafts that do not hold usage and prices as they are now: marked where it happens, until
refreshed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from clearbill.actions import trail
from clearbill.queries.generation import rate_day, rule_refs, slices_for
from clearbill.queries.rates import quotes
from clearbill.records import clock
from clearbill.records.models import BillingPeriod, Claim, Document, DocumentLine, Provider
from clearbill.rules.currencies import find
from clearbill.rules.lifecycle import Status
from clearbill.rules.pricing import PRICED, RuleRef, resolve

NEWER_USAGE = "newer usage was imported"
GAINED = "an account was given to this customer"
LOST = "an account was taken from this customer"
EXCHANGED = "accounts were given to this customer, and others taken from it"
PRICES = "prices changed"
RATES = "an exchange rate changed"

AT_COST = (Decimal(1), Decimal(0), Decimal(0))
"""The factors of a line that no rule prices."""


def lock_drafts(reseller_id: int, periods: Iterable[int]) -> list[Document]:
    """Hold all drafts of locked billing periods until the transaction ends.

    A draft that is being published is waited for, and is none of them then. Whoever asks whether
    usage is on a published document asks afterwards.
    """
    ids = Document.objects.filter(
        reseller_id=reseller_id, billing_period__in=set(periods), status=Status.DRAFT
    ).values_list("pk", flat=True)
    return list(
        Document.objects.select_for_update()
        .filter(reseller_id=reseller_id, pk__in=list(ids), status=Status.DRAFT)
        .order_by("pk")
    )


def mark_stale(*, reseller_id: int, who: str, drafts: Sequence[Document], reason: str) -> None:
    """Mark locked drafts, with an event each, inside the caller's transaction.

    A draft that is stale already stays so with the reason that it has.
    """
    fresh = [draft for draft in drafts if not draft.stale]
    for draft in fresh:
        draft.stale = reason
        draft.version += 1
    Document.objects.bulk_update(fresh, ["stale", "version"])
    trail.append(
        reseller_id=reseller_id,
        who=who,
        at=clock.now(),
        entries=[trail.Entry(draft, "stale", reason=reason) for draft in fresh],
    )


def mark_those_out_of_date(
    *, reseller_id: int, who: str, periods: Iterable[int], reason: str = ""
) -> list[Document]:
    """Mark the drafts of locked billing periods whose usage is not what it should be now, and
    return those that were fresh.

    Without a reason each says whether its customer was given accounts, or lost some. All drafts
    of the periods are asked about together: what a stale one still claims may be another's by now.
    """
    drafts = lock_drafts(reseller_id, periods)
    wanted = slices_for(drafts)
    held: dict[int, set[int]] = {draft.pk: set() for draft in drafts}
    for document_id, slice_id in Claim.objects.filter(
        reseller_id=reseller_id, document__in=list(held), released_at__isnull=True
    ).values_list("document_id", "slice_id"):
        held[document_id].add(slice_id)
    outdated: dict[str, list[Document]] = defaultdict(list)
    for draft in drafts:
        due = {each.pk for each in wanted[draft.pk]}
        if not draft.stale and due != held[draft.pk]:
            outdated[reason or _which_way(due, held[draft.pk])].append(draft)
    for why, found in outdated.items():
        mark_stale(reseller_id=reseller_id, who=who, drafts=found, reason=why)
    return [draft for found in outdated.values() for draft in found]


def _which_way(due: set[int], held: set[int]) -> str:
    if due - held and held - due:
        return EXCHANGED
    return GAINED if due - held else LOST


def mark_those_priced_otherwise(
    *, reseller_id: int, who: str, drafts: Sequence[Document]
) -> list[Document]:
    """Mark those of locked drafts that a refresh would price by another markup, and return them.

    A rule that changes no factor, or that a closer one goes before, leaves a draft fresh.
    """
    fresh = [draft for draft in drafts if not draft.stale]
    wanted = _factors_now(reseller_id, fresh)
    lines = DocumentLine.objects.filter(
        reseller_id=reseller_id, document__in=list(wanted), own=False, charge_type__in=PRICED
    )
    otherwise = {
        document
        for document, *factors in lines.values_list("document_id", "a", "b", "c").distinct()
        if tuple(factors) != wanted[document]
    }
    outdated = [draft for draft in fresh if draft.pk in otherwise]
    mark_stale(reseller_id=reseller_id, who=who, drafts=outdated, reason=PRICES)
    return outdated


def mark_those_exchanged_otherwise(
    *, reseller_id: int, who: str, drafts: Sequence[Document], today: date
) -> list[Document]:
    """Mark those of locked drafts whose usage a refresh would convert at another rate, and return
    them."""
    converted = [draft for draft in drafts if draft.rates and not draft.stale]
    if not converted:
        return []
    known = quotes(reseller_id)
    periods = BillingPeriod.objects.filter(reseller_id=reseller_id).in_bulk(
        {draft.billing_period_id for draft in converted}
    )
    outdated = []
    for draft in converted:
        day = rate_day(periods[draft.billing_period_id], today)
        now = [find(known, each["from"], each["to"], day) for each in draft.rates]
        if [Decimal(each["rate"]) for each in draft.rates] != [r.rate if r else None for r in now]:
            outdated.append(draft)
    mark_stale(reseller_id=reseller_id, who=who, drafts=outdated, reason=RATES)
    return outdated


def _factors_now(reseller_id: int, drafts: Sequence[Document]) -> dict[int, tuple[Decimal, ...]]:
    """What the rules of now multiply cost, list cost and quantity by, per id of a draft."""
    periods = BillingPeriod.objects.filter(
        reseller_id=reseller_id, pk__in={d.billing_period_id for d in drafts}
    )
    providers = dict(Provider.objects.filter(reseller_id=reseller_id).values_list("pk", "code"))
    rules: dict[int | None, list[RuleRef]] = defaultdict(list)
    for rule in rule_refs(reseller_id, list(periods), {d.customer_id for d in drafts}):
        rules[rule.customer].append(rule)
    found: dict[int, tuple[Decimal, ...]] = {}
    for draft in drafts:
        applied = resolve(
            [*rules[None], *rules[draft.customer_id]],
            customer=draft.customer_id,
            provider=providers[draft.provider_id],
            period_start=draft.period_start,
        )
        found[draft.pk] = (applied.a, applied.b, applied.c) if applied else AT_COST
    return found
