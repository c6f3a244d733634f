"""The filters of a list as options, and `clearbill documents list`."""

import functools
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from clearbill.cli.common import (
    DAY,
    MONTH,
    Here,
    for_reseller,
    provider_code,
    refuse,
    say,
    summary,
    table,
)
from clearbill.paper.list_csv import list_csv
from clearbill.queries import documents as reading
from clearbill.queries import listing
from clearbill.queries.documents import DateRange, Documents
from clearbill.queries.listing import SORTS, Filters
from clearbill.records.models import Document
from clearbill.rules.lifecycle import Status, parse_status
from clearbill.store.whole import write_whole
from clearbill.web.paging import in_order


class Amount(click.ParamType[Decimal]):
    """An amount such as `1234.50`."""

    name = "AMOUNT"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Decimal:
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or abs(amount.adjusted()) > 20:
            self.fail(f"{value!r} is no amount; write 1234.50", param, context)
        return amount


class StatusWord(click.ParamType[Status]):
    """A status, written as on the screen or with dashes."""

    name = "STATUS"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Status:
        try:
            return parse_status(str(value))
        except ValueError as error:
            self.fail(str(error), param, context)


_OPTIONS = (
    click.option("--status", type=StatusWord(), help="draft, open, past-due, closed or voided."),
    click.option("--period", type=MONTH, help="Periods that start in this month."),
    click.option("--first", type=DAY, help="Periods that reach this day or later ones."),
    click.option("--last", type=DAY, help="Periods that reach this day or earlier ones."),
    click.option("--customer", default="", help="A part of the customer's name."),
    click.option("--provider", help="A provider by code, name or alias."),
    click.option("--currency", default="", help="The documents' currency."),
    click.option("--least", type=Amount(), help="Totals from this one."),
    click.option("--most", type=Amount(), help="Totals up to this one."),
    click.option("--search", "words", default="", help="Id, number, order, custom field, amount."),
)


def filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the filters of a list as options; the command gets them as `filters`."""

    @functools.wraps(command)
    def body(
        here: Here,
        status: Status | None,
        period: date | None,
        first: date | None,
        last: date | None,
        provider: str | None,
        **options: Any,
    ) -> Any:
        given = {name: options.pop(name) for name in ("customer", "currency", "least", "most")}
        filters = Filters(
            within=DateRange(first, last),
            month=period,
            provider=provider_code(here, provider) if provider else "",
            status=status.value if status else "",
            words=options.pop("words"),
            **given,
        )
        return command(here, filters=filters, **options)

    for option in reversed(_OPTIONS):
        body = option(body)
    return body


def picked(here: Here, filters: Filters) -> Documents:
    """The documents that the options pick; discarded ones only where they are asked for."""
    documents = reading.visible(here.id)
    if filters.status == Status.DISCARDED:
        documents = Document.objects.filter(reseller_id=here.id)
    return listing.picked(documents, filters)


def check_target(target: Path) -> None:
    """Refuse what no file can be written as, before anything is made for it."""
    if target.is_dir():
        refuse(f"{target} is a folder: name a file in it")
    if not target.parent.is_dir():
        refuse(f"{target}: there is no folder {target.parent}")


@click.command("list")
@click.option("--sort", default="id", help=f"{', '.join(SORTS)}; - in front turns it around.")
@click.option("--csv", "target", type=click.Path(path_type=Path), help="Write a CSV; - is stdout.")
@for_reseller
@filtered
def list_all(here: Here, filters: Filters, sort: str, target: Path | None, as_json: bool) -> None:
    """List documents; discarded ones only where asked for."""
    here.actor.require("documents.read")
    if sort.removeprefix("-") not in SORTS:
        raise click.UsageError(f"--sort takes {', '.join(SORTS)}")
    rows = listing.listed(picked(here, filters)).order_by(
        *in_order(listing.order(sort), listing.NULLABLE)
    )
    if target is not None:
        _write_csv(here, rows, target, as_json)
        return
    shown = [
        {**summary(d), "number": d.invoice_number, "due": d.due_extended_to or d.due_date}
        for d in rows
    ]
    head = ("id", "number", "customer", "provider", "status", "total", "currency")
    say(
        {"documents": shown},
        as_json,
        lambda: table([[str(r[c] or "") for c in head] for r in shown], head),
    )


def _write_csv(here: Here, rows: Documents, target: Path, as_json: bool) -> None:
    lines = list_csv(rows.iterator(chunk_size=500), here.reseller.time_zone)
    if str(target) == "-":
        for line in lines:
            sys.stdout.buffer.write(line)
        return
    check_target(target)
    size = write_whole(target, lines)
    say({"file": str(target), "bytes": size}, as_json, lambda: [f"{target}: {size} bytes"])
