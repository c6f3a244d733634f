"""Proof that the invariants hold, on any database: each finding names the first row it breaks on.

I1 sums, I2 conservation, I3 one live document, I4 histories, I5 frozen content and stored files,
those of tickets too, I6 numbers, I7 mails and I8 the chain are checked per reseller, under its own
rows; I9 (no row points at another reseller's) needs the owner's eyes.
"""

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from clearbill.queries import canonical
from clearbill.queries.chain import hashed_content
from clearbill.queries.findings import Finding
from clearbill.queries.verify_rows import rows
from clearbill.records.files import file_store
from clearbill.records.models import (
    Document,
    DocumentLine,
    Event,
    ImportStatement,
    TicketMessage,
    UsageImport,
    UsageSlice,
)
from clearbill.rules import lifecycle
from clearbill.rules.canonical import GENESIS, content_hash, event_hash, plain
from clearbill.rules.lifecycle import Kind, Status
from clearbill.usage.audit import slice_sums

BATCH = 200


def verify(reseller_id: int) -> list[Finding]:
    """Every breach of I1 to I8 among one reseller's rows. The connection must be set to it.

    All is read at one moment, so that people may work meanwhile; not inside a transaction.
    """
    with _one_moment():
        return [
            *rows(reseller_id),
            *_imports(reseller_id),
            *_ticket_files(reseller_id),
            *_frozen(reseller_id),
            *_chain(reseller_id),
            *_histories(reseller_id),
        ]


@contextmanager
def _one_moment() -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _imports(reseller_id: int) -> Iterator[Finding]:
    """I2 against the files: each import's Parquet holds what its slices say, row for row."""
    store = file_store()
    for usage_import in UsageImport.objects.filter(reseller_id=reseller_id).order_by("pk"):
        where = f"import {usage_import.pk}"
        if not store.exists(usage_import.path):
            yield Finding("I2", where, "its file is missing")
            continue
        if store.sha256(usage_import.path) != usage_import.file_hash:
            yield Finding("I5", where, "its file is not what was stored")
            continue
        recorded = _recorded_sums(usage_import)
        stored = slice_sums(usage_import.path, store=store)
        for key, sums in recorded.items():
            if stored.get(key) != sums:
                yield Finding("I2", f"{where}, account {key[4]}", "rows differ from its slice")


def _ticket_files(reseller_id: int) -> Iterator[Finding]:
    """I5: what came with a ticket is in the store as it came."""
    store = file_store()
    messages = TicketMessage.objects.filter(reseller_id=reseller_id).exclude(file_path="")
    for ticket, pk, path, digest, size in messages.order_by("pk").values_list(
        "ticket__code", "pk", "file_path", "file_hash", "file_bytes"
    ):
        data = store.read_bytes(path) if store.exists(path) else None
        if data is None:
            yield Finding("I5", f"{ticket}, message {pk}", "its file is missing")
        elif (hashlib.sha256(data).hexdigest(), len(data)) != (digest, size):
            yield Finding("I5", f"{ticket}, message {pk}", "its file is not what was stored")


def _recorded_sums(usage_import: UsageImport) -> dict[tuple[Any, ...], tuple[int, Any]]:
    slices = UsageSlice.objects.filter(
        reseller_id=usage_import.reseller_id,
        statement__in=ImportStatement.objects.filter(usage_import=usage_import),
    )
    return {
        key: (rows, cost)
        for *parts, rows, cost in slices.values_list(
            "statement__billing_period__provider__code",
            "statement__payer",
            "statement__billing_period__period_start",
            "statement__billing_period__period_end",
            "account__account",
            "statement__currency",
            "rows",
            "cost",
        )
        if (key := tuple(parts))
    }


def _frozen(reseller_id: int) -> Iterator[Finding]:
    """I5 and I1: frozen content has its hash, agrees with the columns, and so do stored files."""
    published = Document.objects.filter(reseller_id=reseller_id, frozen__isnull=False)
    for document in published.select_related("provider").order_by("pk").iterator(chunk_size=BATCH):
        if content_hash(document.frozen or "") != document.content_hash:
            yield Finding("I5", document.code, "the frozen content does not have its hash")
            continue
        try:
            wrong = _differing(document)
        except (ValueError, KeyError, TypeError, AttributeError):
            wrong = "the content"
        if wrong:
            yield Finding("I5", document.code, f"{wrong} is not what was frozen")
        yield from _stored_files(document)


def _differing(document: Document) -> str:
    frozen = canonical.of(document)
    lines = [line for section in frozen["sections"] for line in section["lines"]]
    percent = canonical.tax_percent(frozen["taxes"])
    stored = [
        canonical.line(each, document.currency, percent)
        for each in DocumentLine.objects.filter(
            reseller_id=document.reseller_id, document_id=document.pk
        ).order_by("position")
    ]
    if lines != stored:
        return "a line"
    pairs = (
        ("document_id", document.code),
        ("kind", document.kind),
        ("invoice_number", document.invoice_number),
        ("currency", document.currency),
        ("issue_date", str(document.issue_date)),
        ("due_date", str(document.due_date)),
        ("period_start", str(document.period_start)),
        ("period_end", str(document.period_end)),
        ("purchase_order", document.purchase_order),
        ("buyer", document.customer_id),
        ("provider", document.provider.code),
        ("rates", document.rates),
        ("taxes", document.taxes),
        *(
            (name, canonical.shown(getattr(document, name), document.currency))
            for name in ("subtotal", "tax", "total")
        ),
        ("exact_total", plain(document.exact_total)),
    )
    read = {**frozen, "buyer": frozen["buyer"]["id"], "provider": frozen["provider"]["code"]}
    return next((name for name, value in pairs if read[name] != value), "")


def _stored_files(document: Document) -> Iterator[Finding]:
    store = file_store()
    for path, digest in (
        (document.rated_path, document.rated_hash),
        (document.pdf_path, document.pdf_hash),
    ):
        if not path:
            continue
        if not store.holds(path, digest):
            yield Finding("I5", document.code, f"the stored file {path} is missing or changed")


def _histories(reseller_id: int) -> Iterator[Finding]:
    """I4: each document's events lead from its generation to its status along the arrows."""
    paths: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for document_id, start, end in (
        Event.objects.filter(reseller_id=reseller_id)
        .exclude(to_status="")
        .order_by("seq")
        .values_list("document_id", "from_status", "to_status")
    ):
        paths[document_id].append((start, end))
    for pk, code, *ends in Document.objects.filter(reseller_id=reseller_id).values_list(
        "pk", "code", "status", "kind"
    ):
        if not _is_path(paths.get(pk, []), *ends):
            yield Finding("I4", code, "its history does not lead to its status")


def _is_path(steps: list[tuple[str, str]], status: str, kind: str) -> bool:
    if not steps or steps[0] != ("", Status.DRAFT) or steps[-1][1] != status:
        return False
    return all(
        start == before and _is_arrow(start, end, kind)
        for (_, before), (start, end) in itertools.pairwise(steps)
    )


def _is_arrow(start: str, end: str, kind: str) -> bool:
    try:
        return lifecycle.arrow(Status(start), Status(end), Kind(kind)) is not None
    except ValueError:
        return False  # a word that is no status, or no kind


def _chain(reseller_id: int) -> Iterator[Finding]:
    """I8: every event's hash covers its content and the hash before it, without a gap."""
    previous, seq = GENESIS, 0
    for event in Event.objects.filter(reseller_id=reseller_id).order_by("seq").iterator():
        seq += 1
        if event.seq != seq:
            yield Finding("I8", f"event {seq}", "is missing from the chain")
            return
        if event.previous != previous or event.hash != event_hash(previous, hashed_content(event)):
            yield Finding("I8", f"event {event.seq}", "was changed: its hash does not fit")
            return
        previous = event.hash
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT length, head FROM records_chain WHERE reseller_id = %s", [reseller_id]
        )
        row = cursor.fetchone()
    if row != (seq, previous):
        yield Finding("I8", "chain", "its head is not its last event")
