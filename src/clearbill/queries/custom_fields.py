"""Custom fields as documents carry them."""

from collections.abc import Mapping, Sequence
from typing import Any

from clearbill.records.models import BillingProfile, CustomField, Document
from clearbill.rules.lifecycle import Status


def active(reseller_id: int) -> list[CustomField]:
    """The fields that documents have now, in their order."""
    return list(
        CustomField.objects.filter(reseller_id=reseller_id, active=True).order_by("position", "pk")
    )


def defaults_for(profile: BillingProfile, fields: Sequence[CustomField]) -> dict[str, str]:
    """A new draft's values: what the customer has for the fields, by their ids as text."""
    given: dict[str, str] = profile.custom_fields
    return {str(f.pk): given[str(f.pk)] for f in fields if given.get(str(f.pk))}


def drafts_held_back(field: CustomField) -> int:
    """How many drafts wait for a value of the field; none where it is not required."""
    if not (field.required and field.active):
        return 0
    drafts = Document.objects.filter(reseller_id=field.reseller_id, status=Status.DRAFT)
    return drafts.exclude(custom_fields__has_key=str(field.pk)).count()


def words(values: Mapping[str, str]) -> str:
    """The values in one text, to search in."""
    return "\n".join(value for _, value in sorted(values.items()) if value)


def missing_required(
    values: Mapping[str, str], fields: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The required fields without a value; `fields` as `canonical.Parties` has them."""
    return [f for f in fields if f["required"] and not values.get(str(f["id"]))]
