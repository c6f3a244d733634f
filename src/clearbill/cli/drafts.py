"""`clearbill drafts`: what a draft allows before it is published."""

from datetime import date
from typing import Any

import click

from clearbill.actions.change_status import Result
from clearbill.actions.edit_draft import KEEP, change_draft
from clearbill.actions.own_lines import add_own_line, remove_own_line
from clearbill.actions.refresh import refresh_drafts
from clearbill.cli.common import DAY, Here, for_reseller, refuse, say, table
from clearbill.queries import documents as reading
from clearbill.queries.refresh import Difference, NoRate, difference, stale_drafts
from clearbill.records import clock
from clearbill.rules.canonical import plain
from clearbill.rules.charge_types import CHARGE_TYPES
from clearbill.rules.lifecycle import Status
from clearbill.rules.pricing import TooLarge
from clearbill.rules.text import harmless


@click.group("drafts")
def group() -> None:
    """Refresh drafts, and set what is staff's own on them."""


@group.command("stale")
@for_reseller
def stale(here: Here, as_json: bool) -> None:
    """List the drafts that do not hold their usage and prices as they are now."""
    here.actor.require("documents.read")
    rows = [
        {"id": d.code, "customer": d.customer.name, "why": d.stale} for d in stale_drafts(here.id)
    ]
    head = ("id", "customer", "why")
    say({"drafts": rows}, as_json, lambda: table([[r[c] for c in head] for r in rows], head))


@group.command("difference")
@click.argument("code", metavar="ID")
@for_reseller
def show_difference(here: Here, code: str, as_json: bool) -> None:
    """Show by line what a refresh would change; nothing changes yet."""
    here.actor.require("documents.read")
    document = reading.one(here.id, code)
    if document is None or document.status != Status.DRAFT:
        refuse(f"no draft {code!r} here")
    try:
        found = difference(document, clock.today(here.reseller.time_zone))
    except NoRate as error:
        refuse(f"{error}: set one by `clearbill rates set`")
    except TooLarge as error:
        refuse(f"it cannot be computed anew: {error}")
    say(_described(code, found), as_json, lambda: _words(found))


def _described(code: str, found: Difference) -> dict[str, Any]:
    return {
        "id": code,
        "before": plain(found.subtotal_before),
        "after": plain(found.subtotal_after),
        "unchanged_lines": found.same,
        "changes": [
            {
                "account": each.account,
                "account_name": each.account_name,
                "description": each.description,
                "charge_type": each.charge_type,
                "before": None if each.before is None else plain(each.before),
                "after": None if each.after is None else plain(each.after),
                "only_rounded": each.only_rounded,
            }
            for each in found.changes
        ],
    }


def _words(found: Difference) -> list[str]:
    rows = [
        [
            each.account_name or each.account,
            each.description,
            "new" if each.before is None else plain(each.before),
            "gone" if each.after is None else plain(each.after),
        ]
        for each in found.changes
    ]
    total = f"subtotal {plain(found.subtotal_before)} → {plain(found.subtotal_after)}"
    return [*table(rows, ("account", "description", "before", "after")), total]


@group.command("refresh")
@click.argument("codes", nargs=-1, metavar="[ID]...")
@click.option("--all-stale", is_flag=True, help="Every draft that is stale.")
@for_reseller
def refresh(here: Here, codes: tuple[str, ...], all_stale: bool, as_json: bool) -> None:
    """Compute drafts anew from the usage, markups and rates that hold now."""
    if bool(codes) == all_stale:
        raise click.UsageError("name drafts, or --all-stale, not both")
    if all_stale:
        codes = tuple(draft.code for draft in stale_drafts(here.id))
    results = refresh_drafts(reseller_id=here.id, actor=here.actor, documents=codes)
    rows = [
        {
            "id": r.document,
            "refreshed": r.changed,
            "refused": r.refused or None,
            "warnings": r.warnings,
        }
        for r in results
    ]
    for result in results:
        for warning in result.warnings:
            click.echo(harmless(f"Warning: {result.document}: {warning}"), err=True)
    say({"drafts": rows}, as_json, lambda: [_outcome(r) for r in results])
    refused = [r for r in results if r.refused]
    if refused:
        refuse("\n".join(f"{r.document}: {r.refused}" for r in refused))


def _outcome(result: Result) -> str:
    return f"{result.document}: {'refused' if result.refused else 'refreshed'}"


@group.command("set")
@click.argument("code", metavar="ID")
@click.option("--due", type=DAY, help="The due date.")
@click.option("--no-due", is_flag=True, help="Due by the customer's terms again.")
@click.option("--purchase-order", help="Empty takes it away.")
@click.option("--note", help="Empty takes it away.")
@click.option("--printed/--not-printed", default=None, help="Show the note to the customer.")
@for_reseller
def change(
    here: Here,
    code: str,
    due: date | None,
    no_due: bool,
    purchase_order: str | None,
    note: str | None,
    printed: bool | None,
    as_json: bool,
) -> None:
    """Set a draft's due date, purchase order or note; what is not given stays."""
    if due is not None and no_due:
        raise click.UsageError("give --due or --no-due, not both")
    if due is None and not no_due and (purchase_order, note, printed) == (None, None, None):
        raise click.UsageError("give --due, --no-due, --purchase-order, --note or --printed")
    change_draft(
        reseller_id=here.id,
        actor=here.actor,
        document=code,
        due_date=due if due is not None or no_due else KEEP,
        purchase_order=purchase_order,
        note=note,
        note_printed=printed,
    )
    say({"id": code}, as_json, lambda: [f"{code} is changed"])


@group.command("add-line")
@click.argument("code", metavar="ID")
@click.option("--text", required=True)
@click.option("--amount", required=True, help="In the document's currency, such as -12.50.")
@click.option("--charge-type", default="Adjustment", type=click.Choice(CHARGE_TYPES))
@for_reseller
def add_line(
    here: Here, code: str, text: str, amount: str, charge_type: str, as_json: bool
) -> None:
    """Add a line of your own to a draft; a refresh keeps it."""
    position = add_own_line(
        reseller_id=here.id,
        actor=here.actor,
        document=code,
        text=text,
        amount=amount,
        charge_type=charge_type,
    )
    say({"id": code, "line": position}, as_json, lambda: [f"{code}: line {position} is added"])


@group.command("remove-line")
@click.argument("code", metavar="ID")
@click.argument("line", type=int)
@for_reseller
def remove_line(here: Here, code: str, line: int, as_json: bool) -> None:
    """Take one of your own lines off a draft again."""
    remove_own_line(reseller_id=here.id, actor=here.actor, document=code, position=line)
    say({"id": code, "line": line}, as_json, lambda: [f"{code}: line {line} is removed"])
