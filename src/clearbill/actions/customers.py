"""Customers and how they are billed."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import QuerySet

from clearbill.actions.common import Actor, Refused, check_currency, check_texts
from clearbill.actions.locks import lock_periods
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    BillingPeriod,
    BillingProfile,
    Customer,
    Document,
    ResellerSettings,
)
from clearbill.rules.currencies import why_it_stays
from clearbill.rules.lifecycle import Status
from clearbill.rules.text import tidy

PROFILE_FIELDS = (
    "legal_name",
    "address",
    "tax_id",
    "terms_days",
    "recipients",
    "purchase_order",
    "language",
)
MOST_RECIPIENTS = 50
LONGEST_ADDRESS = 254
"""What the column takes; its array type would cut a longer one without a word."""


def add_customer(
    *, reseller_id: int, actor: Actor, name: str, currency: str | None = None, **profile: Any
) -> Customer:
    """Create a customer with its default billing profile (`PROFILE_FIELDS`).

    The currency is the reseller's unless given. Raises `Refused` for a name that is taken, and
    for addresses that are none.
    """
    actor.require("customers.edit")
    profile = _checked(name, profile)
    if currency is not None:
        check_currency(currency)
    with tenancy.transaction(reseller_id):
        currency = currency or ResellerSettings.objects.get(reseller_id=reseller_id).currency
        return create(reseller_id=reseller_id, name=name, currency=currency, **profile)


def create(*, reseller_id: int, name: str, currency: str, **profile: Any) -> Customer:
    """The rows of a customer, inside the caller's transaction and after its checks.

    The name is kept `tidy`. Raises `Refused` where it is taken, also by somebody at this moment.
    """
    name = tidy(name)
    try:
        with tenancy.transaction(reseller_id):
            customer = Customer.objects.create(
                reseller_id=reseller_id, name=name, created_at=clock.now()
            )
    except IntegrityError:
        raise Refused("a customer %(name)r exists already", field="name", name=name) from None
    BillingProfile.objects.create(
        reseller_id=reseller_id, customer=customer, currency=currency, **profile
    )
    return customer


def change_customer(
    *,
    reseller_id: int,
    actor: Actor,
    customer_id: int,
    name: str | None = None,
    currency: str | None = None,
    **profile: Any,
) -> None:
    """Change a customer's name and default profile; published documents keep what they froze.

    Another `currency` holds for what is generated from now on: `Refused`, naming them, while
    there are drafts in the old one.
    """
    actor.require("customers.edit")
    if currency is not None:
        check_currency(currency)
    with tenancy.transaction(reseller_id):
        if currency == _profile(reseller_id, customer_id).currency:
            currency = None
        if currency is not None:
            _wait_for_generations(reseller_id)
        customer = Customer.objects.select_for_update(no_key=True).get(
            reseller_id=reseller_id, pk=customer_id
        )
        profile = _checked(name if name is not None else customer.name, profile)
        if name is not None and tidy(name) != customer.name:
            _rename(customer, tidy(name))
        if currency is not None:
            _refuse_drafts(reseller_id, customer_id, currency)
            profile["currency"] = currency
        if profile:
            _profiles(reseller_id, customer_id).update(**profile)


def _profiles(reseller_id: int, customer_id: int) -> "QuerySet[BillingProfile]":
    return BillingProfile.objects.filter(
        reseller_id=reseller_id, customer_id=customer_id, is_default=True
    )


def _profile(reseller_id: int, customer_id: int) -> BillingProfile:
    found = _profiles(reseller_id, customer_id).first()
    if found is None:
        raise Refused("no customer %(id)s here", field="customer", id=customer_id)
    return found


def _wait_for_generations(reseller_id: int) -> None:
    """Hold all billing periods: a generation that runs meanwhile has read the old currency. It
    ends first, and its drafts are seen, or it begins after this."""
    lock_periods(
        reseller_id,
        BillingPeriod.objects.filter(reseller_id=reseller_id).values_list("pk", flat=True),
    )


def _refuse_drafts(reseller_id: int, customer_id: int, currency: str) -> None:
    drafts = Document.objects.filter(
        reseller_id=reseller_id,
        profile__in=_profiles(reseller_id, customer_id),
        status=Status.DRAFT,
    )
    reason = why_it_stays(currency, list(drafts.values_list("code", "currency")))
    if reason:
        raise Refused(reason, field="currency")


def _rename(customer: Customer, name: str) -> None:
    customer.name = name
    try:
        customer.save(update_fields=["name"])
    except IntegrityError:
        raise Refused("a customer %(name)r exists already", field="name", name=name) from None


def _checked(name: str, profile: dict[str, Any]) -> dict[str, Any]:
    """The profile as it is stored: each recipient once. Raises `Refused` by field."""
    unknown = set(profile) - set(PROFILE_FIELDS)
    if unknown:
        raise TypeError(f"no such fields of a billing profile: {sorted(unknown)}")
    if not tidy(name):
        raise Refused("a customer needs a name", field="name")
    check_texts(Customer, {"name": name})
    check_texts(BillingProfile, profile)
    terms = profile.get("terms_days")
    if terms is not None and not 0 <= terms <= 365:
        raise Refused("terms are between 0 and 365 days", field="terms_days")
    if "recipients" not in profile:
        return profile
    return {**profile, "recipients": _recipients(profile["recipients"])}


def _recipients(given: Sequence[str]) -> list[str]:
    """Each address once, whatever its case: mail servers hardly tell cases apart, people never."""
    kept: dict[str, str] = {}
    for address in given:
        kept.setdefault(address.casefold(), address)
    recipients = list(kept.values())
    if len(recipients) > MOST_RECIPIENTS:
        raise Refused(
            "a customer has at most %(most)s recipients", field="recipients", most=MOST_RECIPIENTS
        )
    for address in recipients:
        _check_address(address)
    return recipients


def _check_address(address: str) -> None:
    if len(address) > LONGEST_ADDRESS:
        raise Refused(
            "an e-mail address is at most %(most)s characters long",
            field="recipients",
            most=LONGEST_ADDRESS,
        )
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("%(email)r is no e-mail address", field="recipients", email=address) from None
