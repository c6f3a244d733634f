"""`clearbill resellers`: the tenants of this installation."""

from typing import Any

import click

from clearbill.actions import resellers as actions
from clearbill.cli.common import (
    Here,
    answers,
    as_json,
    for_reseller,
    operator,
    say,
    table,
)
from clearbill.records import tenancy
from clearbill.records.models import Reseller, ResellerSettings
from clearbill.rules.lifecycle import Kind


@click.group("resellers")
def group() -> None:
    """Add and change resellers."""


def _described(reseller: Reseller) -> dict[str, Any]:
    with tenancy.using(reseller.pk):
        settings = ResellerSettings.objects.get(reseller=reseller)
    return {
        "slug": reseller.slug,
        "name": reseller.name,
        "time_zone": reseller.time_zone,
        "kind": settings.kind,
        "currency": settings.currency,
        **{name: getattr(settings, name) for name in actions.SETTINGS_FIELDS},
    }


@group.command("add")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--currency", required=True, help="The billing currency, such as USD.")
@click.option("--kind", required=True, type=click.Choice([k.value for k in Kind]))
@click.option("--markup", default="0", show_default=True, help="Percent on everything.")
@click.option("--time-zone", default="UTC", show_default=True)
@as_json
@answers
def add(as_json: bool, **given: Any) -> None:
    """Set up a reseller."""
    reseller = actions.add_reseller(actor=operator(), **given)
    described = _described(reseller)
    say(described, as_json, lambda: [f"{reseller.slug}: {reseller.name}"])


@group.command("set")
@click.option("--name")
@click.option("--time-zone")
@click.option("--legal-name")
@click.option("--address", help="Several lines are separated by \\n.")
@click.option("--tax-id")
@click.option("--bank-details")
@click.option("--legal-text")
@click.option("--footer", help="Below the legal text.")
@click.option("--kind", type=click.Choice([k.value for k in Kind]), help="Of documents to come.")
@click.option("--terms-days", type=int)
@click.option("--zero-totals-publish-fully/--zero-totals-publish-quietly", default=None)
@for_reseller
def change(here: Here, as_json: bool, **given: Any) -> None:
    """Change what a reseller prints on its documents."""
    for name in ("address", "bank_details"):
        if given[name] is not None:
            given[name] = given[name].replace("\\n", "\n")
    changes = {name: value for name, value in given.items() if value is not None}
    actions.change_reseller(reseller_id=here.id, actor=here.actor, **changes)
    described = _described(Reseller.objects.get(pk=here.id))
    say(described, as_json, lambda: [f"{name}: {value}" for name, value in described.items()])


@group.command("list")
@as_json
def list_all(as_json: bool) -> None:
    """List the resellers."""
    rows = [_described(reseller) for reseller in Reseller.objects.order_by("slug")]
    head = ("slug", "name", "kind", "currency", "time_zone")
    say({"resellers": rows}, as_json, lambda: table([[r[c] for c in head] for r in rows], head))
