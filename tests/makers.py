"""Making a reseller and its month by the real verbs, small and fast."""

import uuid
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import focus_files
from clearbill.actions.accounts import assign_account, assign_all
from clearbill.actions.change_status import Change, Result, change_status
from clearbill.actions.common import Actor
from clearbill.actions.edit_draft import change_draft
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import Imported, import_usage
from clearbill.actions.people import set_mfa_required
from clearbill.actions.resellers import add_reseller
from clearbill.queries.runs import RunReport, report
from clearbill.records.models import Document, Reseller
from clearbill.rules.lifecycle import Status

OWNER = Actor("owner@north.example", "owner")
SEPTEMBER = date(2024, 9, 1)


def make_reseller(slug: str = "north", *, kind: str = "tax-invoice", markup: str = "0") -> Reseller:
    """A reseller in US dollars, whose staff need no second factor."""
    made = add_reseller(
        actor=OWNER, slug=slug, name=slug.title(), currency="USD", kind=kind, markup=markup
    )
    set_mfa_required(reseller_id=made.pk, actor=OWNER, required=False)
    return made


def rows_of(*accounts: str, cost: str = "10.00", **cells: str) -> list[focus_files.Row]:
    """One row of usage for each account, named after it."""
    return [
        focus_files.row(
            SubAccountId=account, SubAccountName=f"Customer {account}", BilledCost=cost, **cells
        )
        for account in accounts
    ]


def give_usage(
    reseller: Reseller, folder: Path, rows: Sequence[focus_files.Row], *, whole: bool = False
) -> Imported:
    """Import rows as a file of their own."""
    path = focus_files.write_csv(folder / f"{uuid.uuid4().hex}.csv", rows)
    return import_usage(reseller_id=reseller.pk, actor=OWNER, files=[path], whole=whole)


def generate(reseller: Reseller, month: date = SEPTEMBER) -> RunReport:
    """Generate a month to its end."""
    run = start_run(reseller_id=reseller.pk, actor=OWNER, month=month)
    run_generation(reseller_id=reseller.pk, run_id=run.pk)
    return report(reseller.pk, run.pk)


def make_drafts(reseller: Reseller, folder: Path, count: int = 1) -> list[Document]:
    """Drafts of so many customers with USD 10.00 each."""
    give_usage(reseller, folder, rows_of(*(f"{number:04d}" for number in range(1, count + 1))))
    assign_all(reseller_id=reseller.pk, actor=OWNER)
    return generate(reseller).documents


def another_draft(reseller: Reseller, folder: Path, customer_id: int) -> Document:
    """A draft of USD 10.00 more for a customer, of Oracle in September."""
    give_usage(reseller, folder, rows_of("9999", ProviderName="Oracle"))
    assign_account(
        reseller_id=reseller.pk,
        actor=OWNER,
        provider="oracle",
        account="9999",
        customer_id=customer_id,
    )
    return generate(reseller).documents[0]


def edit(reseller: Reseller, document: Document, **values: Any) -> None:
    """Set what the owner gives a draft."""
    change_draft(reseller_id=reseller.pk, actor=OWNER, document=document.code, **values)


def change(reseller: Reseller, *codes: str, to: Status, **values: object) -> list[Result]:
    """Change the status of documents as the owner."""
    return change_status(
        reseller_id=reseller.pk,
        actor=OWNER,
        documents=codes,
        change=Change(to=to, **values),  # type: ignore[arg-type]
    )


def status_of(document: Document) -> str:
    return Document.objects.values_list("status", flat=True).get(pk=document.pk)
