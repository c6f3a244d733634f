"""`clearbill rates`: exchange rates, by hand and from files."""

from datetime import date
from pathlib import Path

import click

from clearbill.actions.rates import import_rates, set_rate, show_in
from clearbill.cli.common import MONTH, Here, for_reseller, refuse, say, table
from clearbill.queries import rates as reading
from clearbill.rules.canonical import plain
from clearbill.usage.types import BadFile


@click.group("rates")
def group() -> None:
    """Exchange rates: what one unit of a currency is in another."""


@group.command("list")
@for_reseller
def list_all(here: Here, as_json: bool) -> None:
    """List every rate that somebody gave, in its newest version."""
    here.actor.require("settings.read")
    rows = [
        {
            "base": each.base,
            "quote": each.quote,
            "span": each.span,
            "day": each.day,
            "rate": plain(each.rate),
            "source": each.source,
        }
        for each in reading.quotes(here.id)
    ]
    head = ("base", "quote", "span", "day", "rate", "source")
    say({"rates": rows}, as_json, lambda: table([[str(r[c]) for c in head] for r in rows], head))


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
    made = set_rate(
        reseller_id=here.id,
        actor=here.actor,
        base=base,
        quote=quote,
        month=month,
        rate=rate,
        source=source,
    )
    value = {"base": base, "quote": quote, "rate": plain(made.rate), "version": made.version}
    say(value, as_json, lambda: [f"1 {base} = {plain(made.rate)} {quote} in {month:%Y-%m}"])


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
    }
    words = f"{done.rows} rates: {done.added} new, {done.corrected} corrected, {done.known} known"
    say(value, as_json, lambda: [words])


@group.command("show-in")
@click.argument("currencies", nargs=-1, metavar="[CURRENCY]...")
@for_reseller
def switch_on(here: Here, currencies: tuple[str, ...], as_json: bool) -> None:
    """Switch on the currencies that documents may be shown in; none switches all off."""
    on = show_in(reseller_id=here.id, actor=here.actor, currencies=currencies)
    say({"currencies": on}, as_json, lambda: [f"shown in: {', '.join(on) or 'nothing else'}"])
