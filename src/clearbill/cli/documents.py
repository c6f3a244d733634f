"""`clearbill documents`: review, publish, void, discard, export."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from clearbill.actions.change_status import Change, Result, change_status
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.notify import resend_notification
from clearbill.cli.common import (
    DAY,
    MONTH,
    Here,
    for_reseller,
    for_reseller_without_as,
    provider_code,
    refuse,
    say,
    summary,
    table,
)
from clearbill.cli.lists import check_target, list_all
from clearbill.paper import downloads
from clearbill.queries import canonical
from clearbill.queries import documents as reading
from clearbill.queries.surroundings import surroundings, trail
from clearbill.records import clock
from clearbill.records.models import Document
from clearbill.rules.access import allowed
from clearbill.rules.lifecycle import Status, parse_status
from clearbill.rules.text import harmless
from clearbill.store.whole import write_whole


@click.group("documents")
def group() -> None:
    """Review, publish, void, discard and export documents."""


def _found(here: Here, code: str) -> Document:
    document = reading.one(here.id, code)
    if document is None:
        refuse(f"no document {code!r} here")
    return document


group.add_command(list_all)


@group.command("show")
@click.argument("code", metavar="ID")
@for_reseller
def show(here: Here, code: str, as_json: bool) -> None:
    """Show one document with its lines, its e-mails and what may be done with it."""
    here.actor.require("documents.read")
    document = _found(here, code)
    content = canonical.of(document)
    value = {**_shown(document, content), **_around(here, document)}
    say(value, as_json, lambda: _words(document, value))


def _shown(document: Document, content: dict[str, Any]) -> dict[str, Any]:
    return {
        **summary(document),
        "kind": document.kind,
        "number": document.invoice_number,
        "issued": document.issue_date,
        "due": document.due_extended_to or document.due_date,
        "purchase_order": document.purchase_order,
        "custom_fields": [
            {name: field[name] for name in ("name", "value", "printed", "visible")}
            for field in content["custom_fields"]
        ],
        "note": document.note,
        "note_printed": document.note_printed,
        "stale": document.stale or None,
        "replaces": content["replaces"],
        "rates": content["rates"],
        "subtotal": content["subtotal"],
        "taxes": content["taxes"],
        "tax": content["tax"],
        "sections": [
            {
                "account": section["account"],
                "account_name": section["account_name"],
                "own": section["own"],
                "subtotal": section["subtotal"],
                "lines": [_line(line) for line in section["lines"]],
            }
            for section in content["sections"]
        ],
        "missing": canonical.missing_for_tax_invoice(content),
        "available_actions": reading.available_actions(document),
    }


_LINE = (
    "position", "key", "description", "service", "sku", "qty", "unit", "charge_type", "price",
    "exact",
)  # fmt: skip


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in _LINE}


def _around(here: Here, document: Document) -> dict[str, Any]:
    """What stands around a document: what replaced it, and its e-mails with their state."""
    around = surroundings(document, clock.today(here.reseller.time_zone))
    _, mails = trail(document)
    return {
        "replaced_by": around.replaced_by,
        "mails": [
            {
                "recipient": mail.recipient,
                "state": mail.state,
                "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
                "error": mail.error or None,
            }
            for mail in mails
        ],
    }


def _words(document: Document, value: dict[str, Any]) -> Iterator[str]:
    number = f" {document.invoice_number}" if document.invoice_number else ""
    yield f"{document.code}{number}  {document.status}  {document.customer.name}"
    yield f"{document.provider.name}, {document.period_start} to {document.period_end} (exclusive)"
    for name in ("due", "purchase_order", "note", "stale", "replaces"):
        if value[name]:
            yield f"{name.replace('_', ' ')}: {value[name]}"
    yield from (f"{field['name']}: {field['value']}" for field in value["custom_fields"])
    yield from (f"replaced by {code}" for code in value["replaced_by"])
    for section in value["sections"]:
        yield f"\n{section['account']} {section['account_name']}: {section['subtotal']}"
        rows = [
            [line[name] for name in ("service", "sku", "qty", "unit", "charge_type", "price")]
            for line in section["lines"]
        ]
        yield from table(rows, ("service", "sku", "qty", "unit", "charge type", "price"))
    yield f"\nSubtotal {value['subtotal']}  Tax {value['tax']}"
    yield from (f"{t['name']} {t['percent']} %: {t['amount']}" for t in value["taxes"])
    yield f"Total {value['total']} {document.currency}"
    yield from (f"1 {r['from']} = {r['rate']} {r['to']}, {r['source']}" for r in value["rates"])
    yield from (f"mail to {m['recipient']}: {m['state']}" for m in value["mails"])


@group.command("history")
@click.argument("code", metavar="ID")
@for_reseller
def history(here: Here, code: str, as_json: bool) -> None:
    """Show who changed a document, when and why."""
    here.actor.require("documents.read_trail")
    events = [
        {
            "at": event.at.isoformat(),
            "what": event.what,
            "who": event.who,
            "from": event.from_status or None,
            "to": event.to_status or None,
            "reason": event.reason or None,
            "notified": event.notified,
            "hash": event.hash,
        }
        for event in reading.history(_found(here, code))
    ]
    head = ("at", "what", "who", "from", "to", "reason")
    say(
        {"events": events},
        as_json,
        lambda: table([[str(e[c] or "") for c in head] for e in events], head),
    )


def _codes(
    here: Here, given: Sequence[str], period: date | None, provider: str | None, fits: set[str]
) -> list[str]:
    """The Document IDs given, or those of a period whose status the change can start from."""
    if bool(given) == bool(period):
        raise click.UsageError("name documents, or a --period, not both")
    if period is None:
        if provider:
            raise click.UsageError("--provider goes with --period, not with documents by name")
        return list(given)
    documents = reading.in_period(reading.visible(here.id), period).filter(status__in=fits)
    if provider:
        documents = documents.filter(provider__code=provider_code(here, provider))
    codes = list(documents.order_by("counter").values_list("code", flat=True))
    if not codes:
        click.echo(f"no document of {period:%Y-%m} fits", err=True)
    return codes


# Whoever settles a month does not mean its drafts: only `--to open` publishes a whole month.
_STARTS: dict[Status, set[str]] = {
    Status.OPEN: {Status.DRAFT.value},
    Status.CLOSED: {Status.OPEN.value, Status.PAST_DUE.value},
    Status.PAST_DUE: {Status.OPEN.value},
    Status.VOIDED: {Status.OPEN.value, Status.PAST_DUE.value},
}


def _check_flags(to: Status, given: Mapping[str, Any]) -> None:
    """Refuse choices that the change does not use, rather than drop them."""
    allowed = {"paid_on": {Status.CLOSED}, "comment": {Status.CLOSED}, "extend_due": {Status.OPEN}}
    allowed["issued"] = {Status.OPEN, Status.CLOSED, Status.PAST_DUE}
    for name, ends in allowed.items():
        if given[name] and to not in ends:
            choices = " or ".join(sorted(end.lower().replace(" ", "-") for end in ends))
            raise click.UsageError(f"--{name.replace('_', '-')} goes with --to {choices}")


@group.command("status")
@click.argument("codes", nargs=-1, metavar="[ID]...")
@click.option("--period", type=MONTH, help="All of this month that the change fits.")
@click.option("--provider", metavar="P")
@click.option(
    "--to",
    "to",
    required=True,
    type=click.Choice(["open", "closed", "past-due", "voided", "draft", "discarded"]),
)
@click.option("--issued", type=DAY, help="Issue date; default: the reseller's today.")
@click.option("--extend-due", type=DAY, help="Past Due to Open: the new due date.")
@click.option("--paid-on", type=DAY, help="Closed: the payment date.")
@click.option("--comment", default="", help="Closed: a word on the payment.")
@click.option("--reason", default="", help="Required for voided, and to reopen.")
@click.option("--notify/--no-notify", default=False, help="Mail the recipients.")
@click.option("--as-it-stands", is_flag=True, help="Publish stale drafts as they are.")
@for_reseller
def status(
    here: Here,
    codes: tuple[str, ...],
    period: date | None,
    provider: str | None,
    to: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Change the status of documents; leaving Draft publishes.

    With --period, drafts are published by --to open alone; name them for another status.
    """
    wanted = parse_status(to)
    _check_flags(wanted, given)
    change = Change(
        to=wanted,
        reason=given["reason"],
        notify=given["notify"],
        issued=given["issued"],
        due_extended_to=given["extend_due"],
        paid_on=given["paid_on"],
        payment_comment=given["comment"],
        as_it_stands=given["as_it_stands"],
    )
    results = change_status(
        reseller_id=here.id,
        actor=here.actor,
        documents=_codes(here, codes, period, provider, _STARTS.get(wanted, set())),
        change=change,
    )
    _report(results, as_json)


@group.command("discard")
@click.argument("codes", nargs=-1, metavar="[ID]...")
@click.option("--period", type=MONTH, help="All drafts of this month.")
@click.option("--provider", metavar="P")
@for_reseller
def discard(
    here: Here, codes: tuple[str, ...], period: date | None, provider: str | None, as_json: bool
) -> None:
    """Discard drafts (or published statements); their usage is free again."""
    results = discard_documents(
        reseller_id=here.id,
        actor=here.actor,
        documents=_codes(here, codes, period, provider, {Status.DRAFT.value}),
    )
    _report(results, as_json)


def _report(results: Sequence[Result], as_json: bool) -> None:
    value = {
        "documents": [
            {
                "id": r.document,
                "changed": r.changed,
                "from": r.was or None,
                "status": r.status or None,
                "number": r.invoice_number,
                "refused": r.refused or None,
                "notified": r.notified,
                "warnings": r.warnings,
            }
            for r in results
        ]
    }
    for result in results:
        for warning in result.warnings:
            click.echo(harmless(f"Warning: {result.document}: {warning}"), err=True)
    say(value, as_json, lambda: [_result_words(r) for r in results])
    refused = [r for r in results if r.refused]
    if refused:
        lines = [f"{r.document}: {r.refused}" for r in refused]
        refuse("\n".join([f"{len(refused)} of {len(results)} refused", *lines]))


def _result_words(result: Result) -> str:
    number = f" {result.invoice_number}" if result.invoice_number else ""
    if result.refused:
        return f"{result.document}: refused"
    if not result.changed:
        return f"{result.document}{number}: {result.status} already"
    return f"{result.document}{number}: {result.was} → {result.status}"


@group.command("resend")
@click.argument("code", metavar="ID")
@for_reseller
def resend(here: Here, code: str, as_json: bool) -> None:
    """Mail a published document's recipients again."""
    to = resend_notification(reseller_id=here.id, actor=here.actor, document=code)
    say({"id": code, "notified": to}, as_json, lambda: [f"mail to {', '.join(to)} is on its way"])


@group.command("export")
@click.argument("code", metavar="ID")
@click.option(
    "--as",
    "form",
    required=True,
    type=click.Choice(["pdf", "csv", "detailed-csv"]),
    help="Which file.",
)
@click.option(
    "--raw", is_flag=True, help="For machines: no ' before cells that look like formulas."
)
@click.option("-o", "target", required=True, type=click.Path(path_type=Path), help="- for stdout.")
@for_reseller_without_as
def export(here: Here, code: str, form: str, raw: bool, target: Path, as_json: bool) -> None:
    """Write a document as PDF, CSV or Detailed CSV."""
    here.actor.require("documents.download")
    document = _found(here, code)
    _check_export(document, target)
    try:
        pieces = _pieces(here, document, form, raw)
        if str(target) == "-":
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return
        size = write_whole(target, pieces)
    except (downloads.NoUsageRows, downloads.Damaged) as error:
        refuse(str(error))
    value = {"id": code, "file": str(target), "bytes": size}
    say(value, as_json, lambda: [f"{target}: {size} bytes"])


def _check_export(document: Document, target: Path) -> None:
    if document.status == Status.DISCARDED and document.frozen is None:
        refuse(f"{document.code} was discarded as a draft: nothing of it is left to export")
    check_target(target)


def _pieces(here: Here, document: Document, form: str, raw: bool) -> Iterator[bytes]:
    if form == "pdf":
        yield downloads.pdf(document)
    elif form == "csv":
        yield downloads.csv(document, raw=raw)
    else:
        staff = allowed(here.actor.role, "documents.download_staff_detail")
        yield from downloads.detailed_csv(document, audience="staff" if staff else "sales", raw=raw)
