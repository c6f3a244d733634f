"""Taxes: what a reseller charges or says instead, and which customers carry what."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from django.db.models import QuerySet

from clearbill.actions import trail
from clearbill.actions.common import Actor, Refused, Words, check_texts
from clearbill.actions.locks import lock_documents, lock_periods
from clearbill.actions.totals import retotal
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    BillingPeriod,
    BillingProfile,
    Document,
    ProfileTax,
    ResellerSettings,
    TaxRate,
)
from clearbill.rules import tax as rules
from clearbill.rules.lifecycle import Status
from clearbill.rules.text import tidy

MOST = 10
"""Taxes of one customer."""


def add_tax(
    *,
    reseller_id: int,
    actor: Actor,
    name: str,
    category: str = "S",
    percent: str = "0",
    reason: str = "",
) -> TaxRate:
    """Add a tax by its printed name; `percent` is text such as `19` or `9.975`.

    A tax is never edited: another percentage is another tax. Raises `Refused` by field.
    """
    actor.require("settings.edit")
    check_texts(TaxRate, {"name": name, "reason": reason})
    name, reason = tidy(name), tidy(reason)
    value = _percent(percent)
    _check(name, category, value, reason)
    with tenancy.transaction(reseller_id):
        _lock(reseller_id)
        found = TaxRate.objects.filter(reseller_id=reseller_id, name=name).first()
        if found is not None:
            raise Refused(
                Words("a tax %(name)r exists already: take another name", name=name)
                if found.active
                else Words(
                    "a tax %(name)r exists already: restore it, or take another name", name=name
                ),
                field="name",
            )
        return TaxRate.objects.create(
            reseller_id=reseller_id,
            name=name,
            category=category,
            percent=value,
            reason=reason,
            created_at=clock.now(),
        )


def retire_tax(*, reseller_id: int, actor: Actor, tax_id: int) -> None:
    """Take a tax out of use; documents keep it. Raises `Refused` while customers have it."""
    actor.require("settings.edit")
    with tenancy.transaction(reseller_id):
        _lock(reseller_id)
        found = _tax(reseller_id, tax_id)
        having = (
            BillingProfile.objects.filter(reseller_id=reseller_id, taxes__tax=found)
            .order_by("customer__name")
            .values_list("customer__name", flat=True)
            .distinct()
        )
        count = len(having)
        if count:
            whom = Words("1 customer has") if count == 1 else Words("%(n)s customers have", n=count)
            raise Refused(
                "%(whom)s %(tax)s, such as %(name)s: give them another tax first",
                field="tax",
                whom=whom,
                tax=found.name,
                name=having[0],
            )
        _set_active(found, active=False)


def restore_tax(*, reseller_id: int, actor: Actor, tax_id: int) -> None:
    """Bring a retired tax back into use."""
    actor.require("settings.edit")
    with tenancy.transaction(reseller_id):
        _lock(reseller_id)
        _set_active(_tax(reseller_id, tax_id), active=True)


def set_customer_taxes(
    *, reseller_id: int, actor: Actor, customer_id: int, tax_ids: Sequence[int]
) -> list[str]:
    """Give a customer these taxes, in the order printed; the Document IDs of drafts that changed.

    Drafts are computed anew at once, published documents keep what they froze. Raises `Refused`
    for a retired or unknown tax, and for taxes that cannot stand together.
    """
    actor.require("customers.edit")
    with tenancy.transaction(reseller_id):
        _lock(reseller_id)
        taxes = _chosen(reseller_id, tax_ids)
        # A generation that runs meanwhile has read the taxes of before: it ends first, and its
        # drafts are among those below, or it begins after this.
        lock_periods(
            reseller_id,
            BillingPeriod.objects.filter(reseller_id=reseller_id).values_list("pk", flat=True),
        )
        profile = _profile(reseller_id, customer_id)
        before = list(_of(profile).order_by("position").values_list("tax_id", flat=True))
        if before == list(tax_ids):
            return []
        _of(profile).delete()
        ProfileTax.objects.bulk_create(
            ProfileTax(reseller_id=reseller_id, profile=profile, tax=tax, position=position)
            for position, tax in enumerate(taxes)
        )
        return _recompute(profile, actor)


def _percent(text: str) -> Decimal:
    try:
        value = Decimal(text.strip() or "0")
        if "_" in text or not value.is_finite() or not 0 <= value <= 100:
            raise InvalidOperation
        if value != round(value, 4):
            raise InvalidOperation
    except InvalidOperation:
        raise Refused(
            "%(text)r is no tax; give a percentage from 0 to 100 with at most 4 decimals, such as"
            " 19",
            field="percent",
            text=text,
        ) from None
    return value


def _check(name: str, category: str, percent: Decimal, reason: str) -> None:
    if not name:
        raise Refused("a tax needs a name, as it is printed", field="name")
    if category not in rules.CATEGORIES:
        known = ", ".join(f"{code} ({words})" for code, words in rules.CATEGORIES.items())
        raise Refused(
            "%(category)r is no category; use one of %(known)s",
            field="category",
            category=category,
            known=known,
        )
    if category == "S" and not percent:
        raise Refused(
            "a standard rate is more than 0 %; for nothing to pay choose the category that says"
            " why",
            field="percent",
        )
    if category != "S" and percent:
        raise Refused(
            "%(category)s charges nothing: leave the percentage at 0, or choose the standard rate",
            field="percent",
            category=Words(rules.CATEGORIES[category]),
        )
    if category not in rules.WITHOUT_REASON and not reason:
        raise Refused(
            "%(category)s needs the reason that is printed, such as the article of the law",
            field="reason",
            category=Words(rules.CATEGORIES[category]),
        )


def _lock(reseller_id: int) -> None:
    """Hold the settings' row: who gives a tax to a customer and who retires it take turns."""
    ResellerSettings.objects.select_for_update().get(reseller_id=reseller_id)


def _tax(reseller_id: int, tax_id: int) -> TaxRate:
    found = TaxRate.objects.filter(reseller_id=reseller_id, pk=tax_id).first()
    if found is None:
        raise Refused("no tax %(id)s here", field="tax", id=tax_id)
    return found


def _set_active(tax: TaxRate, *, active: bool) -> None:
    if tax.active != active:
        tax.active = active
        tax.save(update_fields=["active"])


def _profile(reseller_id: int, customer_id: int) -> BillingProfile:
    found = (
        BillingProfile.objects.select_for_update()
        .filter(reseller_id=reseller_id, customer_id=customer_id, is_default=True)
        .first()
    )
    if found is None:
        raise Refused("no customer %(id)s here", field="customer", id=customer_id)
    return found


def _of(profile: BillingProfile) -> "QuerySet[ProfileTax]":
    return ProfileTax.objects.filter(reseller_id=profile.reseller_id, profile=profile)


def _chosen(reseller_id: int, tax_ids: Sequence[int]) -> list[TaxRate]:
    """The taxes in their order."""
    if len(set(tax_ids)) < len(tax_ids):
        raise Refused("the same tax stands there twice: choose it once", field="taxes")
    if len(tax_ids) > MOST:
        raise Refused("a customer has at most %(most)s taxes", field="taxes", most=MOST)
    known = {t.pk: t for t in TaxRate.objects.filter(reseller_id=reseller_id, pk__in=tax_ids)}
    missing = [each for each in tax_ids if each not in known]
    if missing:
        raise Refused("no tax %(id)s here", field="taxes", id=missing[0])
    taxes = [known[each] for each in tax_ids]
    retired = [tax.name for tax in taxes if not tax.active]
    if retired:
        raise Refused(
            "%(tax)s is retired: restore it, or choose another", field="taxes", tax=retired[0]
        )
    try:
        rules.check([rules.Tax(t.name, t.category, t.percent, t.reason) for t in taxes])
    except rules.BadTaxes as error:
        raise Refused(str(error), field="taxes") from None
    return taxes


def _recompute(profile: BillingProfile, actor: Actor) -> list[str]:
    reseller_id = profile.reseller_id
    codes = Document.objects.filter(
        reseller_id=reseller_id, profile=profile, status=Status.DRAFT
    ).values_list("code", flat=True)
    # Published between the question and the lock, a document keeps its taxes.
    drafts = [d for d in lock_documents(reseller_id, codes).values() if d.status == Status.DRAFT]
    changed = retotal(reseller_id, drafts)
    trail.append(
        reseller_id=reseller_id,
        who=actor.name,
        at=clock.now(),
        entries=[
            trail.Entry(
                draft,
                "taxes",
                data={
                    "taxes": [f"{t['name']} {t['percent']} %" for t in draft.taxes],
                    "total": f"{draft.total:f}",
                },
            )
            for draft in changed
        ],
    )
    return [draft.code for draft in changed]
