"""What stands around the demo's documents: rates, taxes, custom fields, an own line.

One reseller buys in dollars, bills in euro and charges tax; the other bills what it buys in. Each
step looks at what is there already, as the load itself does. The rates are invented.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from clearbill.actions.common import Actor
from clearbill.actions.custom_fields import add_field, set_customer_defaults
from clearbill.actions.edit_draft import change_draft
from clearbill.actions.own_lines import add_own_line
from clearbill.actions.rates import set_rate, show_in
from clearbill.actions.taxes import add_tax, set_customer_taxes
from clearbill.records.models import (
    BillingProfile,
    Customer,
    CustomField,
    Document,
    DocumentLine,
    TaxRate,
)
from clearbill.rules.lifecycle import Status

SOURCE = "Demo rate, invented"
TO_EURO = ("0.9184", "0.9231", "0.9207")
TO_POUND = ("0.7812", "0.7795", "0.7840")

_HOME = "DE"
_VAT = ("USt.", "S", "19", "")
_REVERSE = (
    "Reverse charge",
    "AE",
    "0",
    "VAT is due by the recipient (Article 196, Directive 2006/112/EC)",
)


def before_the_months(
    *, reseller_id: int, actor: Actor, months: Sequence[date], currency: str, taxed: bool
) -> None:
    """Rates, shown currencies, taxes by the customers' tax ids, and a custom field."""
    others = [code for code in ("USD", "EUR", "GBP") if code != currency]
    show_in(reseller_id=reseller_id, actor=actor, currencies=others)
    for month, to_euro, to_pound in zip(months, TO_EURO, TO_POUND, strict=True):
        for quote, rate in (("EUR", to_euro), ("GBP", to_pound)):
            set_rate(
                reseller_id=reseller_id,
                actor=actor,
                base="USD",
                quote=quote,
                month=month,
                rate=rate,
                source=SOURCE,
            )
    _custom_field(reseller_id, actor)
    if taxed:
        _taxes(reseller_id, actor)


def _custom_field(reseller_id: int, actor: Actor) -> None:
    if CustomField.objects.filter(reseller_id=reseller_id).exists():
        return
    field = add_field(reseller_id=reseller_id, actor=actor, name="Cost centre", kind="text")
    for number, customer in enumerate(Customer.objects.order_by("pk")[:6], start=1):
        set_customer_defaults(
            reseller_id=reseller_id,
            actor=actor,
            customer_id=customer.pk,
            values={field.pk: f"{4100 + 10 * number}"},
        )


def _taxes(reseller_id: int, actor: Actor) -> None:
    known = dict(TaxRate.objects.filter(reseller_id=reseller_id).values_list("name", "pk"))
    for name, category, percent, reason in (_VAT, _REVERSE):
        if name not in known:
            known[name] = add_tax(
                reseller_id=reseller_id,
                actor=actor,
                name=name,
                category=category,
                percent=percent,
                reason=reason,
            ).pk
    untaxed = BillingProfile.objects.filter(reseller_id=reseller_id, taxes__isnull=True)
    for profile in untaxed.order_by("pk"):
        foreign = profile.tax_id and not profile.tax_id.startswith(_HOME)
        set_customer_taxes(
            reseller_id=reseller_id,
            actor=actor,
            customer_id=profile.customer_id,
            tax_ids=[known[_REVERSE[0] if foreign else _VAT[0]]],
        )


def on_the_drafts(*, reseller_id: int, actor: Actor) -> None:
    """One draft with a line and a note of staff's own, so that a visitor sees both."""
    if DocumentLine.objects.filter(reseller_id=reseller_id, own=True).exists():
        return
    draft = (
        Document.objects.filter(reseller_id=reseller_id, status=Status.DRAFT)
        .order_by("counter")
        .first()
    )
    if draft is None:
        return
    given: dict[str, Any] = {"reseller_id": reseller_id, "actor": actor, "document": draft.code}
    add_own_line(text="Onboarding workshop", amount="450.00", charge_type="One-time", **given)
    note = "The workshop of last month is on this invoice."
    change_draft(note=note, note_printed=True, **given)
