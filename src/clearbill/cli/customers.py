"""`clearbill customers`: who is billed, and how."""

from typing import Any

import click

from clearbill.actions import customers as actions
from clearbill.cli.common import Here, customer_id, for_reseller, say, table
from clearbill.records.models import BillingProfile


@click.group("customers")
def group() -> None:
    """Add and change customers."""


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


def _described(profile: BillingProfile) -> dict[str, Any]:
    return {
        "id": profile.customer_id,
        "name": profile.customer.name,
        "currency": profile.currency,
        **{name: getattr(profile, name) for name in actions.PROFILE_FIELDS},
    }


def _default_profiles(here: Here) -> list[BillingProfile]:
    return list(
        BillingProfile.objects.filter(reseller=here.reseller, is_default=True)
        .select_related("customer")
        .order_by("customer__name")
    )


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
@_profile_options
@for_reseller
def change(here: Here, as_json: bool, customer: str, name: str | None, **given: Any) -> None:
    """Change CUSTOMER (its id or name)."""
    found = customer_id(here, customer)
    actions.change_customer(
        reseller_id=here.id, actor=here.actor, customer_id=found, name=name, **_profile(given)
    )
    _say_one(here, found, as_json)


def _say_one(here: Here, found: int, as_json: bool) -> None:
    described = next(_described(p) for p in _default_profiles(here) if p.customer_id == found)
    say(described, as_json, lambda: [f"{described['id']}: {described['name']}"])


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List the customers."""
    here.actor.require("customers.read")
    rows = [_described(profile) for profile in _default_profiles(here)]
    head = ("id", "name", "currency", "legal_name")
    say(
        {"customers": rows},
        as_json,
        lambda: table([[str(r[c]) for c in head] for r in rows], head),
    )
