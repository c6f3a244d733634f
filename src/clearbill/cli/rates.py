"""`clearbill rates`: exchange rates, by hand and from files."""

from datetime import date
from pathlib import Path
from typing import Any

import click

from clearbill.actions.rates import import_rates, set_rate, show_in
from clearbill.cli.common import MONTH, Here, for_reseller, refuse, say, table, went_stale
from clearbill.queries import rates as reading
from clearbill.records.models import ExchangeRate, ResellerSettings
from clearbill.rules.canonical import plain
from clearbill.usage.types import BadFile


@click.group("rates")
def group() -> None:
    """Exchange rates: what one unit of a currency is in another."""


@group.command("list")
@click.option("--history", is_flag=True, help="Every version, with who gave it and when.")
@for_reseller
def list_all(here: Here, history: bool, as_json: bool) -> None:
    """List every rate that somebody gave, in its newest version."""
    here.actor.require("settings.read")
    found = reading.all_versions(here.id) if history else reading.newest(here.id)
    rows = [_described(each, history) for each in found]
    head = ("base", "quote", "span", "day", "rate", "source")
    columns = (*head, "version", "who", "at") if history else head
    say(
        {"rates": rows},
        as_json,
        lambda: table([[str(r[c]) for c in columns] for r in rows], columns),
    )


def _described(each: ExchangeRate, history: bool) -> dict[str, Any]:
    shown = {
        "base": each.base,
        "quote": each.quote,
        "span": each.span,
        "day": each.day,
        "rate": plain(each.rate),
        "source": each.source,
    }
    given = {"version": each.version, "who": each.who, "at": each.created_at.isoformat()}
    return {**shown, **given} if history else shown


@group.command("set")
@click.argument("base", metavar="BASE")
@click.argument("quote", metavar="QUOTE")
@click.argument("rate", metavar="RATE")
@click.option("--month", required=True, type=MONTH, help="The month that it holds for.")
@click.option("--source", default="by hand", help="Printed on documents.")
@for_reseller
def change(
    here: Here, base: str, quote: str, rate: str, month: date, source: str, as_json: bool
) -> None:
    """Set what 1 BASE is in QUOTE for a month, as a new version."""
    done = set_rate(
        reseller_id=here.id,
        actor=here.actor,
        base=base,
        quote=quote,
        month=month,
        rate=rate,
        source=source,
    )
    value = {
        "base": base,
        "quote": quote,
        "rate": plain(done.rate.rate),
        "version": done.rate.version,
        "stale_drafts": done.stale,
    }
    words = f"1 {base} = {value['rate']} {quote} in {month:%Y-%m}"
    say(value, as_json, lambda: [words, *went_stale(done.stale)])


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@for_reseller
def take_in(here: Here, file: Path, as_json: bool) -> None:
    """Take in the ECB's daily or historical CSV, or base,quote,date,rate[,source]."""
    try:
        done = import_rates(
            reseller_id=here.id, actor=here.actor, data=file.read_bytes(), name=file.name
        )
    except BadFile as bad:
        refuse("\n".join(str(each) for each in bad.errors))
    value = {
        "rates": done.rows,
        "added": done.added,
        "corrected": done.corrected,
        "known": done.known,
        "stale_drafts": done.stale,
    }
    words = f"{done.rows} rates: {done.added} new, {done.corrected} corrected, {done.known} known"
    say(value, as_json, lambda: [words, *went_stale(done.stale)])


@group.command("show-in")
@click.argument("currencies", nargs=-1, metavar="[CURRENCY]...")
@click.option("--none", "no_others", is_flag=True, help="Switch all of them off.")
@for_reseller
def switch_on(here: Here, currencies: tuple[str, ...], no_others: bool, as_json: bool) -> None:
    """Switch on the currencies that documents may be shown in; without any, list them."""
    if currencies and no_others:
        raise click.UsageError("name currencies, or --none, not both")
    here.actor.require("settings.read")
    if currencies or no_others:
        on = show_in(reseller_id=here.id, actor=here.actor, currencies=currencies)
    else:
        on = ResellerSettings.objects.get(reseller=here.reseller).currencies
    say({"currencies": on}, as_json, lambda: [f"shown in: {', '.join(on) or 'nothing else'}"])
