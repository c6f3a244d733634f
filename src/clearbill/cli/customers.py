"""`clearbill customers`: who is billed, and how."""

from typing import Any

import click
from django.db.models import QuerySet

from clearbill.actions import customers as actions
from clearbill.cli.common import (
    Here,
    customer_id,
    for_reseller,
    portal_address,
    say,
    table,
    words_of,
)
from clearbill.queries.alphabet import by_name
from clearbill.queries.canonical import fields_of_documents
from clearbill.records.models import BillingProfile, ProfileTax


@click.group("customers")
def group() -> None:
    """Add, change and show customers."""


DEFAULT = "default"


class Terms(click.ParamType[int | str]):
    """A number of days, or `default`."""

    name = "DAYS|default"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> int | str:
        return DEFAULT if value == DEFAULT else int(click.INT.convert(value, param, context))


def _profile_options(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--legal-name"),
            click.option("--address", help="Several lines are separated by \\n."),
            click.option("--tax-id"),
            click.option("--recipient", "recipients", multiple=True, help="Repeat for several."),
            click.option("--no-recipients", is_flag=True, help="Mail nobody."),
            click.option(
                "--terms-days", type=Terms(), help="A number, or default for the reseller's."
            ),
            click.option("--purchase-order"),
            click.option("--language"),
        )
    ):
        command = option(command)
    return command


def _profile(given: dict[str, Any]) -> dict[str, Any]:
    nobody = given.pop("no_recipients")
    if nobody and given["recipients"]:
        raise click.UsageError("--no-recipients goes without --recipient")
    profile = {name: value for name, value in given.items() if value not in (None, ())}
    if nobody:
        profile["recipients"] = []
    if profile.get("terms_days") == DEFAULT:
        profile["terms_days"] = None
    if "address" in profile:
        profile["address"] = profile["address"].replace("\\n", "\n")
    if "recipients" in profile:
        profile["recipients"] = list(profile["recipients"])
    return profile


def _described(here: Here, profile: BillingProfile) -> dict[str, Any]:
    return {
        "id": profile.customer_id,
        "name": profile.customer.name,
        "currency": profile.currency,
        **{name: getattr(profile, name) for name in actions.PROFILE_FIELDS},
        "portal": portal_address(here),
    }


def _default_profiles(here: Here) -> "QuerySet[BillingProfile]":
    profiles = BillingProfile.objects.filter(reseller=here.reseller, is_default=True)
    return by_name(profiles.select_related("customer"), "customer__name")


@group.command("add")
@click.option("--name", required=True)
@click.option("--currency", help="Default: the reseller's.")
@_profile_options
@for_reseller
def add(here: Here, as_json: bool, name: str, currency: str | None, **given: Any) -> None:
    """Add a customer."""
    customer = actions.add_customer(
        reseller_id=here.id, actor=here.actor, name=name, currency=currency, **_profile(given)
    )
    _say_one(here, customer.pk, as_json)


@group.command("set")
@click.argument("customer")
@click.option("--name")
@click.option("--currency", help="Of what is generated from now on; refused while drafts differ.")
@_profile_options
@for_reseller
def change(here: Here, as_json: bool, customer: str, **given: Any) -> None:
    """Change CUSTOMER (its id or name)."""
    found = customer_id(here, customer)
    both = {name: given.pop(name) for name in ("name", "currency")}
    actions.change_customer(
        reseller_id=here.id, actor=here.actor, customer_id=found, **both, **_profile(given)
    )
    _say_one(here, found, as_json)


def _say_one(here: Here, found: int, as_json: bool) -> None:
    described = _described(here, _default_profiles(here).get(customer_id=found))
    say(described, as_json, lambda: [f"{described['id']}: {described['name']}"])


@group.command("show")
@click.argument("customer")
@for_reseller
def show(here: Here, as_json: bool, customer: str) -> None:
    """Show CUSTOMER (its id or name): how it is billed, and its portal's address."""
    here.actor.require("customers.read")
    found = customer_id(here, customer)
    profile: Any = (
        _default_profiles(here).annotate(fields=fields_of_documents()).get(customer_id=found)
    )
    taxes = ProfileTax.objects.filter(reseller=here.reseller, profile=profile)
    value = {
        **_described(here, profile),
        "taxes": list(taxes.order_by("position", "pk").values_list("tax__name", flat=True)),
        "custom_fields": {
            field["name"]: profile.custom_fields[str(field["id"])]
            for field in profile.fields
            if str(field["id"]) in profile.custom_fields
        },
    }
    say(value, as_json, lambda: words_of(value))


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List the customers."""
    here.actor.require("customers.read")
    rows = [_described(here, profile) for profile in _default_profiles(here)]
    head = ("id", "name", "currency", "legal_name")
    say(
        {"customers": rows},
        as_json,
        lambda: table([[str(r[c]) for c in head] for r in rows], head),
    )
