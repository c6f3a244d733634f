"""Setting up a reseller, and what it prints on its documents."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction

from clearbill.actions.common import Actor, Refused, check_currency, check_texts
from clearbill.actions.prices import add_rule
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    Chain,
    NumberSeries,
    Provider,
    ProviderAlias,
    Reseller,
    ResellerSettings,
)
from clearbill.rules import providers
from clearbill.rules.canonical import GENESIS
from clearbill.rules.lifecycle import Kind
from clearbill.rules.periods import months_back
from clearbill.rules.text import tidy

SETTINGS_FIELDS = (
    "kind",
    "legal_name",
    "address",
    "tax_id",
    "bank_details",
    "legal_text",
    "footer",
    "terms_days",
    "zero_totals_publish_fully",
)


def add_reseller(
    *,
    actor: Actor,
    slug: str,
    name: str,
    currency: str,
    kind: str,
    markup: str = "0",
    time_zone: str = "UTC",
) -> Reseller:
    """Create a tenant with its series, chain and well-known providers.

    `kind` is `tax-invoice` or `statement`, `markup` a percentage for everything. Raises `Refused`
    for a slug that is taken or malformed, an unknown time zone or a currency that is no code.
    """
    _check_names(slug, name, time_zone)
    check_currency(currency)
    _check_kind(kind)
    with transaction.atomic():
        reseller = _insert(slug, name, time_zone)
        _fill(reseller, actor, kind=kind, currency=currency, markup=markup)
    return reseller


def _insert(slug: str, name: str, time_zone: str) -> Reseller:
    try:
        with transaction.atomic():
            return Reseller.objects.create(
                slug=slug, name=name, time_zone=time_zone, created_at=clock.now()
            )
    except IntegrityError:
        raise Refused("a reseller %(slug)r exists already", field="slug", slug=slug) from None


def _check_kind(kind: str) -> None:
    if kind not in set(Kind):
        raise Refused(
            "%(kind)r is no kind of document; use tax-invoice or statement",
            field="kind",
            kind=kind,
        )


def _fill(reseller: Reseller, actor: Actor, *, kind: str, currency: str, markup: str) -> None:
    with tenancy.transaction(reseller.pk):
        ResellerSettings.objects.create(reseller=reseller, kind=kind, currency=currency)
        Chain.objects.create(reseller=reseller, head=GENESIS)
        NumberSeries.objects.create(reseller=reseller, name=NumberSeries.DOCUMENTS, prefix="D-")
        NumberSeries.objects.create(reseller=reseller, name=NumberSeries.INVOICES, prefix="INV-")
        _add_known_providers(reseller)
        # From the first period that any file can name, so that no usage lies before the rule.
        add_rule(
            reseller_id=reseller.pk,
            actor=actor,
            percent=markup,
            valid_from=months_back(clock.now().date(), 12 * 50),
        )


def _check_names(slug: str, name: str, time_zone: str) -> None:
    try:
        validate_slug(slug)
    except ValidationError:
        raise Refused(
            "%(slug)r is no slug; use lower-case letters, digits and hyphens",
            field="slug",
            slug=slug,
        ) from None
    if slug != slug.lower() or len(slug) > 63:
        raise Refused("a slug is lower case and at most 63 characters long", field="slug")
    if not tidy(name):
        raise Refused("a reseller needs a name", field="name")
    check_texts(Reseller, {"name": name, "time_zone": time_zone})
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(
            "%(time_zone)r is no time zone; use a name such as Europe/Berlin",
            field="time_zone",
            time_zone=time_zone,
        ) from None


def _add_known_providers(reseller: Reseller) -> None:
    names = {code: providers.provider_name(code) for code in providers.ALIASES.values()}
    known = {
        code: Provider.objects.create(reseller=reseller, code=code, name=name)
        for code, name in sorted(names.items())
    }
    ProviderAlias.objects.bulk_create(
        ProviderAlias(reseller=reseller, alias=alias, provider=known[code])
        for alias, code in providers.ALIASES.items()
    )


def change_reseller(
    *,
    reseller_id: int,
    actor: Actor,
    name: str | None = None,
    time_zone: str | None = None,
    **changes: Any,
) -> None:
    """Change the reseller's name, time zone and what `SETTINGS_FIELDS` lists.

    Published documents keep what they froze. Raises `Refused` for bad values, `Forbidden` by role.
    """
    actor.require("settings.edit")
    unknown = set(changes) - set(SETTINGS_FIELDS)
    if unknown:
        raise TypeError(f"no such settings: {sorted(unknown)}")
    terms = changes.get("terms_days")
    if terms is not None and not 0 <= terms <= 365:
        raise Refused("terms are between 0 and 365 days", field="terms_days")
    if "kind" in changes:
        _check_kind(changes["kind"])
    check_texts(ResellerSettings, changes)
    with tenancy.transaction(reseller_id):
        # Not its key: who adds a row of the reseller's holds the settings, which come next here.
        reseller = Reseller.objects.select_for_update(no_key=True).get(pk=reseller_id)
        reseller.name = name if name is not None else reseller.name
        reseller.time_zone = time_zone if time_zone is not None else reseller.time_zone
        _check_names(reseller.slug, reseller.name, reseller.time_zone)
        reseller.save(update_fields=["name", "time_zone"])
        if changes:
            ResellerSettings.objects.filter(reseller_id=reseller_id).update(**changes)
