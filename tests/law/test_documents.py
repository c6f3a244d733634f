"""The life and the freeze of documents, typed into the database."""

import hashlib
import json
from itertools import product
from typing import Any

import pytest

from clearbill.rules.lifecycle import Kind, Status, arrow
from law.fixtures import CHANGE, CHECK, Law

PAIRS = list(product(Status, Status, Kind))

# What may change on a published document, each with the reason.
MAY_CHANGE = {
    "status": "by the arrows",
    "status_at": "with the status",
    "version": "rises with each change",
    "due_extended_to": "by Past Due to Open",
    "paid_on": "with Closed",
    "payment_comment": "with Closed",
    "rated_path": "stored once, after publication",
    "rated_hash": "stored once, after publication",
    "pdf_path": "stored once, after publication",
    "pdf_hash": "stored once, after publication",
}

OTHER_VALUE = {
    "bigint": "coalesce({column}, 0) + 1",
    "integer": "coalesce({column}, 0) + 1",
    "numeric": "coalesce({column}, 0) + 1",
    "date": "coalesce({column}, '2024-01-01') + 1",
    "timestamp with time zone": "coalesce({column}, now()) + interval '1 day'",
    "boolean": "NOT {column}",
    "jsonb": "'[1]'::jsonb",
    "text": "coalesce({column}, '') || 'x'",
    "character varying": "left('x' || coalesce({column}, ''), 3)",
}


def columns(law: Law, table: str) -> list[tuple[str, str]]:
    return list(
        law.run(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = {table} ORDER BY ordinal_position",
            table=table,
        )
    )


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.DRAFT])
def test_a_document_begins_as_draft_alone(law: Law, status: Status) -> None:
    law.draft()
    with law.connection.transaction(force_rollback=True):
        law.run(CHANGE, id=law.draft(), to="Discarded")
    law.counter += 1
    law.refused(
        "INSERT INTO records_document (reseller_id, code, counter, kind, customer_id, profile_id,"
        " provider_id, billing_period_id, period_start, period_end, currency, created_at, status,"
        " status_at, version, line_count, subtotal, tax, total, exact_total, purchase_order,"
        " series, payment_comment, rated_path, rated_hash, pdf_path, pdf_hash, rates, taxes,"
        " custom_fields, custom_words, note, note_printed, stale)"
        " SELECT reseller_id, 'D-999999', 999999, kind, customer_id, profile_id, provider_id,"
        " billing_period_id, period_start, period_end, currency, created_at, {status}, status_at,"
        " 1, 0, 0, 0, 0, 0, '', '', '', '', '', '', '', rates, taxes, custom_fields, '', '', false,"
        " '' FROM records_document LIMIT 1",
        status=status.value,
    )


@pytest.mark.parametrize(("start", "end", "kind"), PAIRS)
def test_only_the_arrows_of_the_table_are_taken(
    law: Law, start: Status, end: Status, kind: Kind
) -> None:
    document = law.in_status(start, kind)
    if start is end:
        return
    change = CHANGE.replace("{to}", "'" + end.value + "'").replace("{id}", str(document))
    if (start, end) == (Status.PAST_DUE, Status.OPEN):
        change = change.replace("SET ", "SET due_extended_to = '2099-01-01', ")
    if start is Status.DRAFT and end not in (Status.DISCARDED, Status.VOIDED):
        change = law.publication(document, end.value)
    if arrow(start, end, kind):
        law.run(change)
    else:
        law.refused(change)


@pytest.mark.parametrize("status", [Status.OPEN, Status.CLOSED, Status.VOIDED, Status.DISCARDED])
def test_no_column_of_a_published_document_changes(law: Law, status: Status) -> None:
    document = law.in_status(status, Kind.TAX_INVOICE)
    for column, kind in columns(law, "records_document"):
        if column in MAY_CHANGE:
            continue
        value = OTHER_VALUE[kind].format(column=column)
        law.refused(f"UPDATE records_document SET {column} = {value} WHERE id = {document}")


def test_what_changes_with_the_status_does_not_change_alone(law: Law) -> None:
    document = law.published()
    for column in ("status_at", "due_extended_to", "paid_on", "payment_comment"):
        kind = dict(columns(law, "records_document"))[column]
        value = OTHER_VALUE[kind].format(column=column)
        law.refused(f"UPDATE records_document SET {column} = {value} WHERE id = {document}")


def test_stored_files_are_recorded_once(law: Law) -> None:
    document = law.published()
    law.run(f"UPDATE records_document SET pdf_path = 'a', pdf_hash = 'b' WHERE id = {document}")
    law.refused(f"UPDATE records_document SET pdf_hash = 'c' WHERE id = {document}")
    law.refused(f"UPDATE records_document SET rated_path = 'c' WHERE id = {document}")


@pytest.mark.parametrize("status", [Status.OPEN, Status.VOIDED])
def test_no_column_of_a_published_line_changes(law: Law, status: Status) -> None:
    document = law.in_status(status, Kind.TAX_INVOICE)
    for column, kind in columns(law, "records_documentline"):
        value = OTHER_VALUE[kind].format(column=column)
        # A row of another reseller is stopped by the policy before the trigger sees it.
        foreign = column == "reseller_id" and law.role == "clearbill"
        law.refused(
            f"UPDATE records_documentline SET {column} = {value} WHERE document_id = {document}",
            state="42501" if foreign else CHECK,
        )


def test_lines_are_neither_added_to_nor_taken_from_what_is_published(law: Law) -> None:
    published, draft = law.published(), law.draft()
    law.refused(
        "INSERT INTO records_documentline SELECT l.* FROM records_documentline l"
        f" WHERE document_id = {published}",
        state="23505",
    )
    law.refused(f"DELETE FROM records_documentline WHERE document_id = {published}")
    for start, end in ((published, draft), (draft, published)):
        law.refused(
            f"UPDATE records_documentline SET document_id = {end}, position = 9"
            f" WHERE document_id = {start}"
        )


def test_documents_are_never_deleted(law: Law) -> None:
    for status in Status:
        document = law.in_status(status, Kind.STATEMENT)
        law.refused(f"DELETE FROM records_document WHERE id = {document}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"frozen": None},
        {"content_hash": "0" * 64},
        {"issue_date": None},
        {"due_date": None},
        {"published_at": None},
        {"invoice_number": None, "sequence": None},
        {"invoice_number": "INV-000009"},
        {"series": ""},
        {"sequence": 3, "invoice_number": "INV-000003"},
        {"issue_date": "2024-10-02"},
        {"total": "11.00", "subtotal": "11.00"},
        {"exact_total": "9.999"},
        {"version": 1},
    ],
)
def test_publication_asks_for_everything_that_freezes(law: Law, wrong: dict[str, object]) -> None:
    law.published()
    document = law.draft()
    law.refused(law.publication(document, "Open", **wrong))


def test_a_line_that_slipped_in_stops_the_publication(law: Law) -> None:
    document = law.draft()
    law.run(
        "UPDATE records_documentline SET price = 11, exact = 11 WHERE document_id = {id}",
        id=document,
    )
    law.refused(law.publication(document))


def test_a_tax_invoice_is_not_published_with_a_negative_total(law: Law) -> None:
    law.refused(law.publication(law.draft(total="-10.00")))
    law.run(law.publication(law.draft("statement", total="-10.00")))


def test_a_statement_takes_no_number(law: Law) -> None:
    law.refused(
        law.publication(
            law.draft("statement"), series="INV-", sequence=1, invoice_number="INV-000001"
        )
    )


def test_one_live_document_per_customer_profile_provider_and_period(law: Law) -> None:
    law.published()
    again = (
        "INSERT INTO records_document (reseller_id, code, counter, kind, customer_id, profile_id,"
        " provider_id, billing_period_id, period_start, period_end, currency, created_at, status,"
        " status_at, version, line_count, subtotal, tax, total, exact_total, purchase_order,"
        " series, payment_comment, rated_path, rated_hash, pdf_path, pdf_hash, rates, taxes,"
        " custom_fields, custom_words, note, note_printed, stale)"
        " SELECT reseller_id, 'D-999999', 999999, kind, customer_id, profile_id, provider_id,"
        " billing_period_id, period_start, period_end, currency, created_at, 'Draft', status_at,"
        " 1, 0, 0, 0, 0, 0, '', '', '', '', '', '', '', rates, taxes, custom_fields, '', '', false,"
        " '' FROM records_document LIMIT 1"
    )
    law.refused(again, state="23505")
    law.run("UPDATE records_document SET status = 'Voided', version = version + 1")
    law.run(again)


def test_past_due_becomes_open_with_an_extended_date_alone(law: Law) -> None:
    document = law.in_status(Status.PAST_DUE, Kind.TAX_INVOICE)
    law.refused(CHANGE, id=document, to="Open")


def test_what_is_frozen_says_what_the_columns_say(law: Law) -> None:
    document = law.draft()
    law.refused(law.publication(document, due_date="2024-10-02"))
    law.refused(law.publication(document, issue_date="2024-12-01", due_date="2024-12-31"))
    for name in ("total", "document_id", "invoice_number", "currency"):
        content = json.loads(law.frozen(document, numbered=True))
        text = json.dumps({**content, name: "9"})
        digest = hashlib.sha256(text.encode()).hexdigest()
        law.refused(law.publication(document, frozen=text, content_hash=digest))
    law.run(law.publication(document))


def test_a_series_that_nobody_set_up_numbers_nothing(law: Law) -> None:
    document = law.draft()
    for series, number in (("X", 1), ("INV-", 0), ("INV-", 2)):
        values: dict[str, Any] = {"series": series, "sequence": number}
        law.refused(law.publication(document, **values, invoice_number=f"{series}{number:06d}"))


def test_an_extension_is_not_before_the_printed_date(law: Law) -> None:
    document = law.published()
    law.move(document, "Past Due")
    reopen = "UPDATE records_document SET status = 'Open', version = version + 1,"
    law.refused(f"{reopen} due_extended_to = '2024-11-01' WHERE id = {document}")
    law.run(f"{reopen} due_extended_to = '2024-11-03' WHERE id = {document}")


def test_a_drafts_line_keeps_the_documents_currency(law: Law) -> None:
    document = law.draft()
    law.refused(f"UPDATE records_documentline SET currency = 'EUR' WHERE document_id = {document}")
    law.run(f"UPDATE records_documentline SET account = 'B' WHERE document_id = {document}")
