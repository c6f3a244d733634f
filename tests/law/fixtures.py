"""Documents to break the law on, and a connection that tries it: typed SQL, as in psql."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from databases import Database

CHECK = "23514"

DOCUMENT = """
INSERT INTO records_document (reseller_id, code, counter, kind, customer_id, profile_id,
    provider_id, billing_period_id, period_start, period_end, currency, created_at, status,
    status_at, version, line_count, subtotal, tax, total, exact_total, purchase_order, series,
    payment_comment, rated_path, rated_hash, pdf_path, pdf_hash, rates, taxes, custom_fields,
    custom_words, note, note_printed, stale)
SELECT {reseller}, 'D-' || lpad({n}::text, 6, '0'), {n}, {kind}, c.id, b.id, p.id, t.id,
    t.period_start, t.period_end, 'USD', now(), {status}, now(), 1, {lines}, {total}, 0, {total},
    {total}, '', '', '', '', '', '', '', '[]', '[]', '{{}}', '', '', false, ''
FROM records_customer c
JOIN records_billingprofile b ON b.customer_id = c.id
JOIN records_provider p ON p.reseller_id = c.reseller_id
JOIN records_billingperiod t ON t.provider_id = p.id
WHERE c.reseller_id = {reseller} AND c.name = {customer} RETURNING id
"""

LINE = """
INSERT INTO records_documentline (reseller_id, document_id, position, account, account_name,
    service, sku, description, charge_type, provider_charge, unit, currency, line_key, qty, cost,
    list_cost, cost_currency, cost_converted, list_converted, own, a, b, c, exact, price, rows)
VALUES ({reseller}, {document}, {position}, 'A', '', 'S', 'K', '', 'Usage', 'Usage', '', 'USD',
    'A|S|K|Usage||USD', 1, {amount}, 0, 'USD', {amount}, 0, false, 1, 0, 0, {amount}, {amount},
    1)
"""

CLAIM = """
WITH usage AS (
    INSERT INTO records_usageimport (reseller_id, created_at, who, feed, path, file_hash,
        content_hash, rows, columns, unknown_columns, charge_words)
    VALUES ({reseller}, now(), 'psql', 'focus', gen_random_uuid()::text, '', '', 1, '{{}}', '{{}}',
        '{{}}') RETURNING id
), account AS (
    INSERT INTO records_provideraccount (reseller_id, provider_id, account, name, created_at)
    SELECT {reseller}, id, 'A-' || {document}, '', now()
    FROM records_provider WHERE reseller_id = {reseller} RETURNING id
), statement AS (
    INSERT INTO records_importstatement (reseller_id, usage_import_id, billing_period_id, payer,
        payer_name, currency, rows, file_sum, stored_sum, content_hash)
    SELECT {reseller}, usage.id, d.billing_period_id, 'P-' || {document}, '', 'USD', 1, {amount},
        {amount}, ''
    FROM usage, records_document d WHERE d.id = {document} RETURNING id
), slice AS (
    INSERT INTO records_usageslice (reseller_id, statement_id, account_id, account_name, rows,
        cost)
    SELECT {reseller}, statement.id, account.id, '', 1, {amount} FROM statement, account
    RETURNING id
)
INSERT INTO records_claim (reseller_id, document_id, slice_id)
SELECT {reseller}, {document}, id FROM slice
"""


@dataclass
class Law:
    """One reseller's small world, typed by hand."""

    connection: psycopg.Connection
    reseller: int
    counter: int = 0
    sequence: int = 0

    @property
    def role(self) -> str:
        row = self.connection.execute("SELECT current_user").fetchone()
        return str(row[0]) if row else ""

    def run(self, text: str, **values: object) -> psycopg.Cursor:
        """Run SQL with values written into it as literals."""
        named = {name: sql.Literal(value) for name, value in values.items()}
        known = {"reseller": sql.Literal(self.reseller), **named}
        return self.connection.execute(sql.SQL(text).format(**known))

    def refused(self, text: str, state: str = CHECK, **values: object) -> None:
        """Assert that SQL is refused with this SQLSTATE, and leave everything as it was."""
        with (
            pytest.raises(psycopg.Error) as caught,
            self.connection.transaction(force_rollback=True),
        ):
            self.run(text, **values)
        assert caught.value.sqlstate == state, caught.value

    def draft(self, kind: str = "tax-invoice", total: str = "10.00") -> int:
        """A draft with one line, of a customer of its own."""
        self.counter += 1
        customer = f"Customer {self.counter}"
        self.run(
            "INSERT INTO records_customer (reseller_id, name, created_at)"
            " VALUES ({reseller}, {name}, now())",
            name=customer,
        )
        self.run(
            "INSERT INTO records_billingprofile (reseller_id, customer_id, name, is_default,"
            " legal_name, address, tax_id, currency, recipients, purchase_order, language,"
            " custom_fields)"
            " SELECT {reseller}, id, 'Default', true, '', '', '', 'USD', '{{}}', '', 'en', '{{}}'"
            " FROM records_customer WHERE name = {name}",
            name=customer,
        )
        document = self.insert("Draft", customer=customer, kind=kind, total=total)
        self.run(LINE, document=document, position=1, amount=total)
        self.run(CLAIM, document=document, amount=total)
        return document

    def insert(
        self, status: str, *, customer: str, kind: str = "tax-invoice", total: str = "10.00"
    ) -> int:
        row = self.run(
            DOCUMENT, n=self.counter, kind=kind, status=status, lines=1, total=total,
            customer=customer,
        ).fetchone()  # fmt: skip
        assert row is not None
        identifier: int = row[0]
        return identifier

    def publication(self, document: int, to: str = "Open", **changes: object) -> str:
        """The UPDATE that publishes a draft rightly, with some values changed."""
        kind = self.run("SELECT kind FROM records_document WHERE id = {id}", id=document).fetchone()
        frozen = self.frozen(document, numbered=kind == ("tax-invoice",), **changes)
        values: dict[str, object] = {
            "status": to,
            "version": 2,
            "frozen": frozen,
            "content_hash": hashlib.sha256(frozen.encode()).hexdigest(),
            "issue_date": "2024-10-03",
            "due_date": "2024-11-02",
            "published_at": "2024-10-03T10:00:00Z",
        }
        if kind == ("tax-invoice",):
            number = self.sequence + 1
            values |= {
                "series": "INV-",
                "sequence": number,
                "invoice_number": f"INV-{number:06d}",
            }
        values |= changes
        pairs = [
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
            for name, value in values.items()
        ]
        statement = sql.SQL("UPDATE records_document SET {} WHERE id = {}").format(
            sql.SQL(", ").join(pairs), sql.Literal(document)
        )
        return statement.as_string(self.connection).replace("{", "{{").replace("}", "}}")

    def frozen(self, document: int, *, numbered: bool, **changes: object) -> str:
        """The content that says what the columns say, as publication changes them."""
        row = self.run(
            "SELECT code, currency, total::text FROM records_document WHERE id = {id}", id=document
        ).fetchone()
        assert row is not None
        number = f"INV-{self.sequence + 1:06d}" if numbered else None
        return json.dumps(
            {
                "document_id": row[0],
                "currency": row[1],
                "total": row[2],
                "invoice_number": changes.get("invoice_number", number),
                "issue_date": changes.get("issue_date", "2024-10-03"),
                "due_date": changes.get("due_date", "2024-11-02"),
            }
        )

    def published(self, kind: str = "tax-invoice") -> int:
        document = self.draft(kind)
        self.run(self.publication(document))
        if kind == "tax-invoice":
            self.sequence += 1
        return document

    def in_status(self, status: str, kind: str) -> int:
        """A document that came to a status by the allowed changes."""
        if status == "Draft":
            return self.draft(kind)
        if status == "Discarded":
            document = self.draft(kind)
            self.run("DELETE FROM records_documentline WHERE document_id = {id}", id=document)
            self.move(document, "Discarded")
            return document
        document = self.published(kind)
        if status != "Open":
            self.move(document, status)
        return document

    def move(self, document: int, to: str) -> None:
        self.run(CHANGE, id=document, to=to)


CHANGE = "UPDATE records_document SET status = {to}, version = version + 1 WHERE id = {id}"


@contextmanager
def law_as(database: Database, role: str) -> Iterator[Law]:
    """A law to break as `application` or `owner`, the reseller set; nothing of it is kept."""
    with (
        psycopg.connect(getattr(database, role)) as connection,
        connection.transaction(force_rollback=True),
    ):
        found = connection.execute(
            "INSERT INTO records_reseller (slug, name, time_zone, mfa_required, created_at)"
            " VALUES ('law', 'Law', 'UTC', false, now()) RETURNING id"
        ).fetchone()
        assert found is not None
        connection.execute("SELECT set_config('clearbill.reseller', %s, false)", [str(found[0])])
        law = Law(connection, found[0])
        law.run(
            "INSERT INTO records_provider (reseller_id, code, name)"
            " VALUES ({reseller}, 'aws', 'AWS')"
        )
        law.run(
            "INSERT INTO records_billingperiod (reseller_id, provider_id, period_start,"
            " period_end) SELECT {reseller}, id, '2024-09-01', '2024-10-01'"
            " FROM records_provider WHERE reseller_id = {reseller}"
        )
        law.run(
            "INSERT INTO records_numberseries (reseller_id, name, prefix, start, last_number)"
            " VALUES ({reseller}, 'invoices', 'INV-', 1, 0)"
        )
        # A deferred check of the rows above would stand in a TRUNCATE's way before the law does.
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield law
