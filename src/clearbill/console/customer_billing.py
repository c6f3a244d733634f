"""Taxes and custom-field defaults on a customer's page, loaded with its billing profile."""

from collections.abc import Mapping, Sequence
from typing import Any

from clearbill.actions.common import Refused
from clearbill.queries import taxes
from clearbill.queries.canonical import fields_of_documents
from clearbill.records.models import BillingProfile, Customer

SLOTS = 3
"""Places for taxes; one more is free where a customer has as many."""


def profile_of(customer: Customer) -> Any:
    """The customer's default profile with all that its page needs, in one query."""
    return (
        BillingProfile.objects.filter(
            reseller_id=customer.reseller_id, customer=customer, is_default=True
        )
        .annotate(
            tax_ids=taxes.ids_of_profile(),
            tax_rates=taxes.of_reseller(),
            fields=fields_of_documents(),
        )
        .get()
    )


def context(
    profile: Any,
    error: Refused | None = None,
    chosen: Sequence[int] | None = None,
    given: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What `_customer_billing.html` shows; `chosen` and `given` are what a refused form had."""
    ids = list(profile.tax_ids if chosen is None else chosen)
    slots = max(SLOTS, len(ids) + 1)
    offered = [tax for tax in profile.tax_rates if tax["active"] or tax["id"] in ids]
    return {
        "tax_offered": offered,
        "tax_slots": [*ids, *[None] * (slots - len(ids))],
        "default_fields": [
            {**each, "value": _value(profile, each, given)} for each in profile.fields
        ],
        "billing_error": error,
    }


def _value(profile: Any, field: Mapping[str, Any], given: Mapping[str, str] | None) -> str:
    name, stored = f"field_{field['id']}", profile.custom_fields.get(str(field["id"]), "")
    return str(stored if given is None else given.get(name, stored))
