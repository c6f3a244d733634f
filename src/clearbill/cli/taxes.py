"""`clearbill taxes`: what is charged, and on which customers' documents."""

import click

from clearbill.actions.taxes import add_tax, restore_tax, retire_tax, set_customer_taxes
from clearbill.cli.common import Here, customer_id, for_reseller, refuse, say, table
from clearbill.queries.taxes import with_customers
from clearbill.records.models import TaxRate
from clearbill.rules.canonical import plain
from clearbill.rules.tax import CATEGORIES
from clearbill.rules.text import counted


@click.group("taxes")
def group() -> None:
    """Taxes of documents: standard rates, reverse charge, exemptions."""


def _tax(here: Here, name: str) -> int:
    found = TaxRate.objects.filter(reseller_id=here.id, name=name).values_list("pk", flat=True)
    if not found:
        refuse(f"no tax {name!r} here; `clearbill taxes list` shows them")
    return int(found[0])


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List the taxes and how many customers have each."""
    here.actor.require("settings.read")
    rows = [
        {
            "name": tax.name,
            "category": tax.category,
            "percent": plain(tax.percent),
            "reason": tax.reason,
            "customers": tax.customers,
            "active": tax.active,
        }
        for tax in with_customers(here.id)
    ]
    head = ("name", "category", "percent", "customers", "active", "reason")
    say({"taxes": rows}, as_json, lambda: table([[str(r[c]) for c in head] for r in rows], head))


@group.command("add")
@click.argument("name", metavar="NAME")
@click.option("--percent", default="0", help="Such as 19 or 9.975.")
@click.option("--category", default="S", type=click.Choice(list(CATEGORIES)), help="EN 16931.")
@click.option("--reason", default="", help="Printed where no tax is charged.")
@for_reseller
def add(here: Here, name: str, percent: str, category: str, reason: str, as_json: bool) -> None:
    """Add a tax by the NAME that documents print."""
    made = add_tax(
        reseller_id=here.id,
        actor=here.actor,
        name=name,
        category=category,
        percent=percent,
        reason=reason,
    )
    value = {"name": made.name, "category": made.category, "percent": plain(made.percent)}
    say(value, as_json, lambda: [f"{made.name}: {plain(made.percent)} %"])


@group.command("retire")
@click.argument("name", metavar="NAME")
@for_reseller
def retire(here: Here, name: str, as_json: bool) -> None:
    """Take a tax out of use; documents that carry it keep it."""
    retire_tax(reseller_id=here.id, actor=here.actor, tax_id=_tax(here, name))
    say({"name": name, "active": False}, as_json, lambda: [f"{name} is retired"])


@group.command("restore")
@click.argument("name", metavar="NAME")
@for_reseller
def restore(here: Here, name: str, as_json: bool) -> None:
    """Bring a retired tax back into use."""
    restore_tax(reseller_id=here.id, actor=here.actor, tax_id=_tax(here, name))
    say({"name": name, "active": True}, as_json, lambda: [f"{name} is in use"])


@group.command("give")
@click.argument("customer", metavar="CUSTOMER")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@for_reseller
def give(here: Here, customer: str, names: tuple[str, ...], as_json: bool) -> None:
    """Set a customer's taxes, in the order printed; none takes them all away."""
    changed = set_customer_taxes(
        reseller_id=here.id,
        actor=here.actor,
        customer_id=customer_id(here, customer),
        tax_ids=[_tax(here, name) for name in names],
    )
    value = {"customer": customer, "taxes": list(names), "drafts": changed}
    drafts = counted(len(changed), "draft")
    words = f"{customer}: {', '.join(names) or 'no tax'}; {drafts} computed anew"
    say(value, as_json, lambda: [words])
