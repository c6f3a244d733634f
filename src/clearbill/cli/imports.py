"""`clearbill import` and `clearbill generate`: usage in, drafts out."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import Imported, Replaced, import_usage
from clearbill.actions.working import GENERATE, working_on
from clearbill.cli.common import (
    MONTH,
    Here,
    customer_id,
    for_reseller,
    provider_code,
    say,
    shown,
    summary,
    table,
    went_stale,
)
from clearbill.queries.preview import PreviewRow, preview
from clearbill.queries.runs import RunReport, report
from clearbill.records import clock
from clearbill.records.models import RunResult
from clearbill.rules.canonical import plain
from clearbill.rules.providers import provider_name
from clearbill.rules.text import counted
from clearbill.usage.types import Statement


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "feed", default="focus", show_default=True, type=click.Choice(["focus"]))
@click.option("--whole", is_flag=True, help="Accounts that vanish are meant to.")
@for_reseller
def import_files(
    here: Here, files: tuple[Path, ...], feed: str, whole: bool, as_json: bool
) -> None:
    """Take in FILES, together one delivery."""
    for path in files:
        if path.is_dir():
            raise click.UsageError(f"{path} is a folder; name its files")
    done = import_usage(reseller_id=here.id, actor=here.actor, files=files, feed=feed, whole=whole)
    say(_imported(done), as_json, lambda: _import_words(done))


def _imported(done: Imported) -> dict[str, Any]:
    return {
        "import": done.import_id,
        "already": done.already,
        "rows": done.rows,
        "sums": [_sum(each) for each in done.statements],
        "replaced": [_replaced(each) for each in done.replaced],
        "new_accounts": [
            {"provider": provider_name(code), "account": account, "name": name}
            for code, account, name in done.new_accounts
        ],
        "stale_drafts": list(done.stale),
        "unknown_columns": list(done.unknown_columns),
        "unknown_charges": dict(done.charge_words),
    }


def _sum(each: Statement) -> dict[str, Any]:
    return {
        "provider": provider_name(each.provider),
        "payer": each.payer,
        "period_start": each.period_start,
        "period_end": each.period_end,
        "currency": each.currency,
        "rows": each.rows,
        "file_sum": plain(each.file_sum),
        "stored_sum": plain(each.stored_sum),
    }


def _replaced(each: Replaced) -> dict[str, Any]:
    return {
        "provider": each.provider,
        "payer": each.payer,
        "period_start": each.period_start,
        "period_end": each.period_end,
        "currency": each.currency,
        "rows_before": each.rows_before,
        "sum_before": plain(each.sum_before),
        "rows_after": each.rows_after,
        "sum_after": plain(each.sum_after),
    }


def _import_words(done: Imported) -> list[str]:
    if done.already:
        return [f"already imported as {done.import_id}: nothing changed"]
    columns = ("provider", "payer", "period_start", "rows", "currency", "file_sum", "stored_sum")
    rows = [[str(_sum(each)[name]) for name in columns] for each in done.statements]
    head = ("provider", "payer", "period", "rows", "currency", "file sum", "stored sum")
    words = [f"import {done.import_id}: {counted(done.rows, 'row')}", *table(rows, head)]
    words += [
        f"replaced {each.provider} {each.payer} from {each.period_start}: {each.rows_before} rows,"
        f" {plain(each.sum_before)} → {each.rows_after} rows, {plain(each.sum_after)}"
        f" {each.currency}"
        for each in done.replaced
    ]
    words += went_stale(done.stale)
    if done.new_accounts:
        accounts = counted(len(done.new_accounts), "new account")
        words.append(f"{accounts}; `clearbill accounts list` shows whose each is")
    return words


@click.command("generate")
@click.option("--period", required=True, type=MONTH, help="Periods that start in this month.")
@click.option("--provider", "providers", multiple=True, metavar="P")
@click.option("--customer", "customers", multiple=True, metavar="C", help="Its id or name.")
@click.option("--preview", "looks", is_flag=True, help="Show what would be made, and make nothing.")
@for_reseller
def generate(
    here: Here,
    period: date,
    providers: tuple[str, ...],
    customers: tuple[str, ...],
    looks: bool,
    as_json: bool,
) -> None:
    """Make drafts: one per customer, provider and billing period."""
    codes = [provider_code(here, word) for word in providers]
    ids = [customer_id(here, word) for word in customers] if customers else None
    if looks:
        _preview(here, period, codes, ids, as_json)
        return
    run = start_run(
        reseller_id=here.id, actor=here.actor, month=period, providers=codes, customers=ids
    )
    with working_on(GENERATE, run.pk):
        run_generation(reseller_id=here.id, run_id=run.pk)
    done = report(here.id, run.pk)
    say(_generated(done), as_json, lambda: _generated_words(done))
    if done.failed:
        names = ", ".join(sorted({r.customer.name for r in done.failed if r.customer})[:5])
        raise click.ClickException(f"{counted(len(done.failed), 'customer')} failed: {names}")


def _preview(
    here: Here, period: date, providers: list[str], customers: list[int] | None, as_json: bool
) -> None:
    here.actor.require("documents.generate")
    today = clock.today(here.reseller.time_zone)
    found = preview(here.id, period, today=today, providers=providers, customers=customers)
    value = {
        "creates": found.creates,
        "rows": [_preview_row(each) for each in found.rows],
        "totals": [_amounts(asdict(each)) for each in found.totals],
        "prices": [_amounts(asdict(each)) for each in found.prices],
        "warnings": found.warnings,
    }
    say(value, as_json, lambda: _preview_words(value))


def _preview_row(row: PreviewRow) -> dict[str, Any]:
    return _amounts(
        {
            "state": row.state,
            "customer": row.customer or None,
            "account": row.account or None,
            "provider": row.provider,
            "period_start": row.period.period_start,
            "period_end": row.period.period_end,
            "currency": row.currency,
            "rows": row.rows,
            "cost": row.cost,
            "price": row.price,
            "margin": row.margin,
            "last_price": row.last_price,
            "document": row.document or None,
            "reason": row.reason or None,
        }
    )


def _amounts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(v) if isinstance(v, Decimal) else v for name, v in row.items()}


def _preview_words(value: dict[str, Any]) -> list[str]:
    head = ("state", "customer", "account", "provider", "rows", "currency", "cost", "price")
    totals = (
        "provider",
        "currency",
        "imported",
        "billed",
        "unassigned",
        "left",
        "to_bill",
    )
    prices = ("provider", "currency", "price")
    made = value["creates"]
    return [
        *(f"Warning: {each}" for each in value["warnings"]),
        *_rows(value["rows"], (*head, "reason")),
        *(["", *_rows(value["totals"], totals)] if value["totals"] else []),
        *(["", *_rows(value["prices"], prices)] if value["prices"] else []),
        f"{made} {'draft' if made == 1 else 'drafts'} would be made",
    ]


def _rows(rows: Sequence[dict[str, Any]], head: Sequence[str]) -> list[str]:
    return table([["" if r[c] is None else str(r[c]) for c in head] for r in rows], head)


def _generated(done: RunReport) -> dict[str, Any]:
    return {
        "run": done.run.pk,
        "documents": [summary(document) for document in done.documents],
        "left": [_left(each) for each in (*done.left, *done.failed)],
        "existing": [each.document.code for each in done.existing if each.document],
    }


def _left(each: RunResult) -> dict[str, Any]:
    return {
        "customer": each.customer.name if each.customer else None,
        "account": each.account or None,
        "provider": each.billing_period.provider.name,
        "reason": each.reason,
        "amount": plain(each.amount),
        "currency": each.currency,
    }


def _generated_words(done: RunReport) -> list[str]:
    rows = [
        [d.code, d.customer.name, d.provider.name, shown(d.total, d.currency), d.currency]
        for d in done.documents
    ]
    words = table(rows, ("id", "customer", "provider", "total", "currency"))
    words += [
        f"left: {each['customer'] or '(nobody)'} {each['account'] or ''} {each['amount']}"
        f" {each['currency']}: {each['reason']}"
        for each in map(_left, (*done.left, *done.failed))
    ]
    exist = len(done.existing)
    return [
        *words,
        f"{counted(len(done.documents), 'draft')} made, {exist} existed, {len(done.left)} left",
    ]
