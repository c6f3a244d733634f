"""What the processes of races do: each prepares, then gives back what to run at the barrier."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from django.db import DatabaseError, OperationalError, connection

from clearbill.actions.accounts import assign_account
from clearbill.actions.change_status import Change, change_status
from clearbill.actions.common import Actor, Refused
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import import_usage
from clearbill.records import tenancy
from clearbill.records.models import Customer
from clearbill.rules.lifecycle import Status

ACTOR = Actor("racer", "owner")


def _connected(reseller: int) -> None:
    tenancy.set_session(reseller)


def generate(reseller: int, month: str) -> Callable[[], Any]:
    """Generate a month from its start."""
    _connected(reseller)
    run = start_run(reseller_id=reseller, actor=ACTOR, month=date.fromisoformat(month))
    return lambda: run_generation(reseller_id=reseller, run_id=run.pk).pk


def change(reseller: int, documents: Sequence[str], to: str, reason: str = "") -> Callable[[], Any]:
    """Change documents, and say which were changed."""
    _connected(reseller)

    def now() -> list[str]:
        results = change_status(
            reseller_id=reseller,
            actor=ACTOR,
            documents=documents,
            change=Change(to=Status(to), reason=reason),
        )
        return [r.document for r in results if r.changed]

    return now


def change_each(
    reseller: int, documents: Sequence[str], to: str, reason: str = ""
) -> Callable[[], Any]:
    """Change documents one by one, a transaction each, and say which were changed."""
    steps = [change(reseller, [code], to, reason) for code in documents]
    return lambda: [code for step in steps for code in step()]


_COLUMNS = (
    "account, account_name, service, sku, description, charge_type, provider_charge, unit,"
    " currency, qty, list_cost, cost_currency, cost_converted, list_converted, own, rule, a, b, c,"
    " rows, first_date, last_date"
)


def add_lines(reseller: int, documents: Sequence[str]) -> Callable[[], Any]:
    """Once a publication has begun, add a line to each of its documents; how each ended."""
    _connected(reseller)

    def now() -> dict[str, str]:
        while not _is_locked(documents[0]):
            continue
        return {code: _add_line(code) for code in documents}

    return now


def _is_locked(code: str) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM records_document WHERE code = %s FOR SHARE NOWAIT", [code]
            )
    except OperationalError:
        return True
    return False


def _add_line(code: str) -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO records_documentline (reseller_id, document_id, position, line_key,"
                f" cost, exact, price, {_COLUMNS})"
                f" SELECT reseller_id, document_id, 2, 'extra', 5, 5, 5, {_COLUMNS}"
                " FROM records_documentline WHERE document_id ="
                " (SELECT id FROM records_document WHERE code = %s)",
                [code],
            )
    except DatabaseError as error:
        cause = error.__cause__
        state = cause.sqlstate if isinstance(cause, psycopg.Error) else repr(cause)
        return f"refused {state}"
    return "written"


def take_in(reseller: int, file: str) -> Callable[[], Any]:
    """Import a file; whether it was taken, or refused because a document claims the old rows."""
    _connected(reseller)

    def now() -> str:
        try:
            import_usage(reseller_id=reseller, actor=ACTOR, files=[Path(file)])
        except Refused:
            return "refused"
        return "taken"

    return now


def assign(reseller: int, accounts: Sequence[str], customer: str, day: str) -> Callable[[], Any]:
    """Give accounts to a customer one by one; which were given, those refused left out."""
    _connected(reseller)
    to = Customer.objects.get(reseller=reseller, name=customer).pk

    def now() -> list[str]:
        return [account for account in accounts if _assigned(reseller, account, to, day)]

    return now


def _assigned(reseller: int, account: str, customer: int, day: str) -> bool:
    try:
        assign_account(
            reseller_id=reseller,
            actor=ACTOR,
            provider="aws",
            account=account,
            customer_id=customer,
            valid_from=date.fromisoformat(day),
        )
    except Refused:
        return False
    return True


def discard(reseller: int, documents: Sequence[str]) -> Callable[[], Any]:
    """Discard drafts one by one, and say which were."""
    _connected(reseller)

    def now() -> list[str]:
        done = (
            discard_documents(reseller_id=reseller, actor=ACTOR, documents=[code])[0]
            for code in documents
        )
        return [result.document for result in done if result.changed]

    return now
