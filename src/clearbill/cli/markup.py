"""`clearbill markup`: how cost becomes price."""

from datetime import date

import click

from clearbill.actions.prices import set_markup
from clearbill.cli.common import (
    MONTH,
    Here,
    customer_id,
    for_reseller,
    provider_code,
    say,
    table,
    went_stale,
)
from clearbill.records.models import PriceRule
from clearbill.rules.canonical import plain


@click.group("markup")
def group() -> None:
    """Set markups: per customer beats per provider beats everything."""


@group.command("set")
@click.option("--provider", metavar="P")
@click.option("--customer", metavar="C", help="The customer's id or name.")
@click.option("--percent", required=True, help="Such as 12.5; at most 4 decimals.")
@click.option("--from", "valid_from", required=True, type=MONTH, help="First month it holds for.")
@for_reseller
def change(
    here: Here,
    provider: str | None,
    customer: str | None,
    percent: str,
    valid_from: date,
    as_json: bool,
) -> None:
    """Set a markup on usage and purchases from a month on, as a new version."""
    done = set_markup(
        reseller_id=here.id,
        actor=here.actor,
        percent=percent,
        valid_from=valid_from,
        provider=provider_code(here, provider) if provider else None,
        customer_id=customer_id(here, customer) if customer else None,
    )
    rule = done.rule
    if rule.percent <= -100:
        click.echo("Warning: at -100 % everything of this scope is free", err=True)
    described = {**_described(rule), "stale_drafts": done.stale}
    words = [f"{described['percent']} % from {described['from']}", *went_stale(done.stale)]
    say(described, as_json, lambda: words)


def _described(rule: PriceRule) -> dict[str, object]:
    return {
        "rule": rule.pk,
        "provider": rule.provider.name if rule.provider else None,
        "customer": rule.customer_id,
        "customer_name": rule.customer.name if rule.customer else None,
        "percent": plain(rule.percent),
        "from": rule.valid_from,
        "version": rule.version,
        "who": rule.who,
    }


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List every version of every markup."""
    here.actor.require("prices.read")
    rows = [
        _described(rule)
        for rule in PriceRule.objects.filter(reseller=here.reseller)
        .select_related("provider", "customer")
        .order_by("customer__name", "provider__code", "valid_from", "version")
    ]

    def words() -> list[str]:
        cells = [
            [
                str(r["customer_name"] or "(all)"),
                str(r["provider"] or "(all)"),
                f"{r['percent']} %",
                str(r["from"]),
                str(r["version"]),
            ]
            for r in rows
        ]
        return table(cells, ("customer", "provider", "percent", "from", "version"))

    say({"markups": rows}, as_json, words)
