"""Proof that the invariants hold, on any database: each finding names the first row it breaks on.

I1 sums, I2 conservation, I3 one live document, I4 histories, I5 frozen content and stored files,
I6 numbers, I7 mails and I8 the chain are checked per reseller, under its own rows; I9 (no row
points at another reseller's) needs the owner's eyes.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from clearbill.queries import canonical
from clearbill.queries.chain import hashed_content
from clearbill.records.files import file_store
from clearbill.records.models import (
    Document,
    DocumentLine,
    Event,
    ImportStatement,
    UsageImport,
    UsageSlice,
)
from clearbill.rules import lifecycle
from clearbill.rules.canonical import GENESIS, content_hash, event_hash
from clearbill.rules.lifecycle import Kind, Status
from clearbill.usage.audit import slice_sums

BATCH = 200


@dataclass(frozen=True)
class Finding:
    """One broken invariant and the row it was found on."""

    invariant: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.where}: {self.what}"


def verify(reseller_id: int) -> Iterator[Finding]:
    """Every breach of I1 to I8 among one reseller's rows. The connection must be set to it."""
    for invariant, sql, what in _SQL:
        with connection.cursor() as cursor:
            cursor.execute(sql, [reseller_id])
            for row in cursor.fetchmany(20):
                yield Finding(invariant, str(row[0]), what)
    yield from _imports(reseller_id)
    yield from _frozen(reseller_id)
    yield from _histories(reseller_id)
    yield from _chain(reseller_id)


_LIVE = "('Draft', 'Open', 'Past Due', 'Closed')"

_SQL: tuple[tuple[str, str, str], ...] = (
    (
        "I1",
        """SELECT d.code FROM records_document d LEFT JOIN (
            SELECT document_id, sum(price) AS price, sum(exact) AS exact, count(*) AS lines
            FROM records_documentline GROUP BY document_id) l ON l.document_id = d.id
        WHERE d.reseller_id = %s AND NOT (d.status = 'Discarded' AND d.frozen IS NULL)
            AND (coalesce(l.price, 0), coalesce(l.exact, 0), coalesce(l.lines, 0))
                IS DISTINCT FROM (d.subtotal, d.exact_total, d.line_count)
        ORDER BY d.id""",
        "the lines do not add up to the document",
    ),
    (
        "I1",
        """SELECT code FROM records_document
        WHERE reseller_id = %s AND total <> subtotal + tax ORDER BY id""",
        "subtotal and tax do not make the total",
    ),
    (
        "I1",
        """SELECT d.code || ' line ' || l.position FROM records_documentline l
        JOIN records_document d ON d.id = l.document_id
        WHERE l.reseller_id = %s AND (abs(l.price - l.exact) >= 1
            OR l.exact <> CASE WHEN l.own THEN l.price ELSE
                l.a * l.cost_converted + l.b * l.list_converted + l.c * l.qty END
            OR l.currency <> d.currency)
        ORDER BY l.document_id, l.position""",
        "the line's amount is not what its cost and rule make",
    ),
    (
        "I2",
        """SELECT 'slice ' || s.id FROM records_usageslice s
        JOIN records_claim c ON c.slice_id = s.id AND c.released_at IS NULL
        WHERE s.reseller_id = %s GROUP BY s.id HAVING count(*) > 1""",
        "a slice is on more than one live document",
    ),
    (
        "I2",
        f"""SELECT 'slice ' || c.slice_id FROM records_claim c
        JOIN records_document d ON d.id = c.document_id
        WHERE c.reseller_id = %s
            AND c.released_at IS NULL AND d.status NOT IN {_LIVE} ORDER BY c.id""",
        "a claim is live where its document is not",
    ),
    (
        "I2",
        """SELECT 'slice ' || s.id FROM records_usageslice s
        JOIN records_importstatement t ON t.id = s.statement_id
        JOIN records_claim c ON c.slice_id = s.id AND c.released_at IS NULL
        JOIN records_document d ON d.id = c.document_id
        WHERE s.reseller_id = %s AND t.superseded_by_id IS NOT NULL AND d.stale = ''
        ORDER BY s.id""",
        "superseded usage is on a live document that does not say so",
    ),
    (
        "I2",
        f"""SELECT d.code FROM records_document d
        LEFT JOIN (SELECT document_id, sum(cost) AS cost, sum(rows) AS rows
            FROM records_documentline GROUP BY document_id) l ON l.document_id = d.id
        LEFT JOIN (SELECT c.document_id, sum(s.cost) AS cost, sum(s.rows) AS rows
            FROM records_claim c JOIN records_usageslice s ON s.id = c.slice_id
            WHERE c.released_at IS NULL GROUP BY c.document_id) u ON u.document_id = d.id
        WHERE d.reseller_id = %s AND d.status IN {_LIVE}
            AND (coalesce(l.cost, 0), coalesce(l.rows, 0))
                IS DISTINCT FROM (coalesce(u.cost, 0), coalesce(u.rows, 0)) ORDER BY d.id""",
        "the lines' cost is not the cost of the usage claimed",
    ),
    (
        "I2",
        """SELECT 'statement ' || t.id FROM records_importstatement t
        LEFT JOIN (SELECT statement_id, sum(cost) AS cost, sum(rows) AS rows
            FROM records_usageslice GROUP BY statement_id) s ON s.statement_id = t.id
        WHERE t.reseller_id = %s
            AND (s.cost, s.rows) IS DISTINCT FROM (t.stored_sum, t.rows) ORDER BY t.id""",
        "slices do not add up to their statement",
    ),
    (
        "I3",
        f"""SELECT string_agg(code, ', ') FROM records_document
        WHERE reseller_id = %s AND status IN {_LIVE}
        GROUP BY customer_id, profile_id, provider_id, period_start, period_end
        HAVING count(*) > 1""",
        "more than one live document of one customer, profile, provider and period",
    ),
    (
        "I5",
        """SELECT code FROM records_document WHERE reseller_id = %s
            AND (frozen IS NULL) <> (published_at IS NULL)
            OR (frozen IS NULL AND status NOT IN ('Draft', 'Discarded')) ORDER BY id""",
        "published without frozen content, or frozen without publication",
    ),
    (
        "I6",
        """SELECT coalesce(invoice_number, code) FROM (
            SELECT d.reseller_id, code, invoice_number, series, sequence, issue_date,
                lag(sequence) OVER w AS before,
                lag(issue_date) OVER w AS dated
            FROM records_document d WHERE d.reseller_id = %s AND sequence IS NOT NULL
            WINDOW w AS (PARTITION BY series ORDER BY sequence)) n
        LEFT JOIN records_numberseries s ON s.reseller_id = n.reseller_id AND s.prefix = n.series
        WHERE sequence <> coalesce(before, s.start - 1, sequence - 1) + 1 OR issue_date < dated""",
        "a number is missing before this one, or its date runs backwards",
    ),
    (
        "I6",
        """SELECT code FROM records_document WHERE reseller_id = %s
            AND status = 'Draft' AND coalesce(invoice_number, '') <> '' ORDER BY id""",
        "a draft has an invoice number",
    ),
    (
        "I7",
        """SELECT 'event ' || e.seq FROM records_event e
        LEFT JOIN records_delivery d ON d.event_id = e.id
        WHERE e.reseller_id = %s
        GROUP BY e.id, e.seq, e.notified HAVING e.notified <> (count(d.id) > 0) ORDER BY e.seq""",
        "told the customer without a message, or a message without a change that told",
    ),
)


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
    for document in published.order_by("pk").iterator(chunk_size=BATCH):
        if content_hash(document.frozen or "") != document.content_hash:
            yield Finding("I5", document.code, "the frozen content does not have its hash")
            continue
        wrong = _differing(document)
        if wrong:
            yield Finding("I5", document.code, f"{wrong} is not what was frozen")
        yield from _stored_files(document)


def _differing(document: Document) -> str:
    frozen = canonical.of(document)
    lines = [line for section in frozen["sections"] for line in section["lines"]]
    tax = canonical.tax_percent(frozen["taxes"])
    stored = [
        canonical.line(each, document.currency, tax)
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
        ("total", canonical.shown(document.total, document.currency)),
    )
    return next((name for name, value in pairs if frozen[name] != value), "")


def _stored_files(document: Document) -> Iterator[Finding]:
    store = file_store()
    for path, digest in (
        (document.rated_path, document.rated_hash),
        (document.pdf_path, document.pdf_hash),
    ):
        if not path:
            continue
        if not store.exists(path) or store.sha256(path) != digest:
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
    for pk, code, status, kind in Document.objects.filter(reseller_id=reseller_id).values_list(
        "pk", "code", "status", "kind"
    ):
        if not _is_path(paths.get(pk, []), status, Kind(kind)):
            yield Finding("I4", code, "its history does not lead to its status")


def _is_path(steps: list[tuple[str, str]], status: str, kind: Kind) -> bool:
    if not steps or steps[0] != ("", Status.DRAFT) or steps[-1][1] != status:
        return False
    return all(
        start == before and lifecycle.arrow(Status(start), Status(end), kind) is not None
        for (_, before), (start, end) in itertools.pairwise(steps)
    )


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
