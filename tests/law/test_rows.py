"""What is appended to, counted with, or kept: no row of it is rewritten."""

from typing import Any

import pytest

from law.fixtures import Law

GENESIS = "0" * 64
EVENT = """
INSERT INTO records_event (reseller_id, seq, document_id, what, at, who, from_status, to_status,
    reason, notified, data, previous, hash)
VALUES ({reseller}, {seq}, {document}, 'status', now(), 'me', '', '', '', false, '{{}}',
    {previous}, {hash})
"""
KEPT = [
    "records_document",
    "records_documentline",
    "records_event",
    "records_claim",
    "records_usageimport",
    "records_importfile",
    "records_importstatement",
    "records_usageslice",
    "records_pricerule",
    "records_numberseries",
    "records_chain",
    "records_delivery",
]


@pytest.mark.parametrize("table", KEPT)
def test_no_table_of_the_trail_is_truncated(law: Law, table: str) -> None:
    state = "42501" if law.role == "clearbill" else "23514"
    law.refused(f"TRUNCATE {table} CASCADE", state=state)


def test_an_event_is_neither_changed_nor_removed(law: Law) -> None:
    document = law.draft()
    law.run(EVENT, seq=1, document=document, previous=GENESIS, hash="a" * 64)
    names = law.run(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'records_event'"
    ).fetchall()
    for (column,) in names:
        law.refused(f"UPDATE records_event SET {column} = {column}")
    law.refused("DELETE FROM records_event")


def test_an_event_continues_the_chain(law: Law) -> None:
    document = law.draft()
    law.refused(EVENT, seq=1, document=document, previous="b" * 64, hash="a" * 64)
    law.run(EVENT, seq=1, document=document, previous=GENESIS, hash="a" * 64)
    law.refused(EVENT, seq=3, document=document, previous="a" * 64, hash="c" * 64)
    law.refused(EVENT, seq=2, document=document, previous=GENESIS, hash="c" * 64)
    law.run(EVENT, seq=2, document=document, previous="a" * 64, hash="c" * 64)


RULE = """
INSERT INTO records_pricerule (reseller_id, percent, a, b, c, valid_from, version, who, created_at)
VALUES ({reseller}, 10, 1.1, 0, 0, '2024-09-01', {version}, 'me', now())
"""


def test_a_price_rule_is_never_edited(law: Law) -> None:
    law.run(RULE, version=1)
    law.refused("UPDATE records_pricerule SET a = 2")
    law.refused("DELETE FROM records_pricerule")
    law.refused(RULE, version=1, state="23505")
    law.run(RULE, version=2)


def test_a_counter_never_runs_backwards(law: Law) -> None:
    law.run("UPDATE records_numberseries SET last_number = 7, last_issue_date = '2024-10-03'")
    law.refused("UPDATE records_numberseries SET last_number = 6")
    law.refused("UPDATE records_numberseries SET last_issue_date = '2024-10-02'")
    law.refused("UPDATE records_numberseries SET last_issue_date = NULL")
    law.refused("UPDATE records_billingperiod SET period_start = '2024-08-01'")
    law.run("UPDATE records_numberseries SET last_number = 8")


STATEMENT = """
WITH i AS (INSERT INTO records_usageimport (reseller_id, created_at, who, feed, path, file_hash,
        content_hash, rows, columns, unknown_columns, charge_words)
    VALUES ({reseller}, now(), 'me', 'focus', 'p', 'h', 'c', 1, '{{}}', '{{}}', '{{}}')
    RETURNING id),
a AS (INSERT INTO records_provideraccount (reseller_id, provider_id, account, name, created_at)
    SELECT {reseller}, id, '0012', '', now() FROM records_provider
    WHERE reseller_id = {reseller} RETURNING id),
t AS (INSERT INTO records_importstatement (reseller_id, usage_import_id, billing_period_id, payer,
        payer_name, currency, rows, file_sum, stored_sum, content_hash)
    SELECT {reseller}, i.id, p.id, 'payer', '', 'USD', 1, 10, 10, 'c'
    FROM i, records_billingperiod p WHERE p.reseller_id = {reseller} RETURNING id)
INSERT INTO records_usageslice (reseller_id, statement_id, account_id, account_name, rows, cost)
SELECT {reseller}, t.id, a.id, '', 1, 10 FROM t, a RETURNING id
"""
CLAIM = (
    "INSERT INTO records_claim (reseller_id, document_id, slice_id) VALUES ({reseller}, {d}, {s})"
)


def a_slice(law: Law) -> int:
    row = law.run(STATEMENT).fetchone()
    assert row is not None
    identifier: int = row[0]
    return identifier


def test_a_slice_is_on_one_live_document(law: Law) -> None:
    claimed, first, second = a_slice(law), law.draft(), law.draft()
    law.run(CLAIM, d=first, s=claimed)
    law.refused(CLAIM, d=second, s=claimed, state="23505")
    law.run(
        "UPDATE records_document SET status = 'Discarded', version = 2 WHERE id = {id}", id=first
    )
    law.run(CLAIM, d=second, s=claimed)


def test_a_published_document_claims_nothing_new(law: Law) -> None:
    law.refused(CLAIM, d=law.published(), s=a_slice(law))


def test_a_published_document_keeps_its_claims(law: Law) -> None:
    document = law.draft()
    law.refused("DELETE FROM records_claim")
    law.run(law.publication(document))
    law.refused("UPDATE records_claim SET released_at = now()")


def test_what_is_billed_is_what_is_claimed(law: Law) -> None:
    document = law.draft()
    publication = law.publication(document)
    released = "UPDATE records_claim SET released_at = now() WHERE document_id = {id}; "
    law.refused(released + publication, id=document)
    law.run(CLAIM, d=document, s=a_slice(law))
    law.refused(publication)


def test_an_own_line_needs_no_claim(law: Law) -> None:
    document = law.draft()
    law.run("UPDATE records_documentline SET own = true WHERE document_id = {id}", id=document)
    law.refused(law.publication(document))
    law.run("UPDATE records_claim SET released_at = now() WHERE document_id = {id}", id=document)
    law.run(law.publication(document))


def test_a_draft_releases_its_usage_once(law: Law) -> None:
    law.run(CLAIM, d=law.draft(), s=a_slice(law))
    law.run("UPDATE records_claim SET released_at = now()")
    law.refused("UPDATE records_claim SET released_at = NULL")
    law.refused("UPDATE records_claim SET released_at = now() + interval '1 day'")


def test_another_prefix_begins_a_series(law: Law) -> None:
    law.published()
    law.run("UPDATE records_numberseries SET last_number = 1")
    law.refused("UPDATE records_numberseries SET prefix = 'R-', start = 50, last_number = 50")
    law.run("UPDATE records_numberseries SET prefix = 'R-', start = 50, last_number = 49")
    document = law.draft()
    number: dict[str, Any] = {"series": "R-", "sequence": 51, "invoice_number": "R-000051"}
    law.refused(law.publication(document, **number))
    law.refused("UPDATE records_numberseries SET prefix = 'INV-', start = 1, last_number = 0")
    number = {"series": "R-", "sequence": 50, "invoice_number": "R-000050"}
    law.run(law.publication(document, **number))


def test_a_draft_is_not_fresh_while_it_holds_superseded_usage(law: Law) -> None:
    document = law.draft()
    law.run(CLAIM, d=document, s=a_slice(law))
    supersede = "UPDATE records_importstatement SET superseded_by_id = usage_import_id"
    law.refused(supersede)
    law.run("UPDATE records_document SET stale = 'newer usage' WHERE id = {id}", id=document)
    law.run(supersede)
    law.refused("UPDATE records_document SET stale = '' WHERE id = {id}", id=document)


def test_published_taxes_add_up(law: Law) -> None:
    document = law.draft()
    law.run("UPDATE records_document SET tax = 1, total = 11 WHERE id = {id}", id=document)
    law.refused(law.publication(document))
    taxes = '[{"amount": "1.00"}]'
    law.run("UPDATE records_document SET taxes = {t} WHERE id = {id}", t=taxes, id=document)
    law.run(law.publication(document))


def test_claimed_usage_is_not_superseded(law: Law) -> None:
    law.run(CLAIM, d=law.draft(), s=a_slice(law))
    law.refused("UPDATE records_importstatement SET superseded_by_id = usage_import_id")


def test_imports_never_change(law: Law) -> None:
    a_slice(law)
    for table in ("usageimport", "usageslice", "importstatement"):
        law.refused(f"UPDATE records_{table} SET rows = 2")
        law.refused(f"DELETE FROM records_{table}")


def test_superseded_usage_is_not_claimed(law: Law) -> None:
    stale = a_slice(law)
    law.run("UPDATE records_importstatement SET superseded_by_id = usage_import_id")
    law.refused(CLAIM, d=law.draft(), s=stale)


ASSIGNMENT = """
INSERT INTO records_assignment (reseller_id, account_id, customer_id, profile_id, valid_from,
    valid_to, who, created_at)
SELECT {reseller}, a.id, b.customer_id, b.id, {start}, {end}, 'me', now()
FROM records_provideraccount a, records_billingprofile b
WHERE a.reseller_id = {reseller} AND b.reseller_id = {reseller}
"""


def test_assignments_of_one_account_do_not_overlap(law: Law) -> None:
    law.draft()
    a_slice(law)
    law.run(ASSIGNMENT, start="2024-09-01", end="2024-11-01")
    law.refused(ASSIGNMENT, start="2024-10-01", end=None, state="23P01")
    law.run(ASSIGNMENT, start="2024-11-01", end=None)


def test_a_billing_currency_leaves_no_draft_behind(law: Law) -> None:
    euros = "UPDATE records_billingprofile SET currency = 'EUR'"
    document = law.draft()
    law.refused(euros)
    law.run(law.publication(document))
    law.run(euros)


TICKET = """
INSERT INTO records_ticket (reseller_id, counter, code, queue, opened_by_id, who, customer_id,
    document_id, about, subject, category, priority, state, created_at, updated_at)
SELECT {reseller}, 1, 'T-1', {queue}, {user}, 'me', {customer}, {document}, '{{}}', 'S', 'Invoice',
    'Normal', 'Open', now(), now() RETURNING id
"""


def test_a_customer_asks_about_its_own_documents_alone(law: Law) -> None:
    mine, other = law.draft(), law.draft()
    user = law.run(
        "INSERT INTO records_user (email, password, name, is_active, created_at)"
        " VALUES ('law@x.example', '', '', true, now()) RETURNING id"
    ).fetchone()
    owner = "SELECT customer_id FROM records_document WHERE id = {id}"
    customer = law.run(owner, id=mine).fetchone()
    assert user and customer
    asks = {"queue": "reseller", "user": user[0], "customer": customer[0]}
    law.refused(TICKET, document=other, **asks)
    law.run(TICKET, document=mine, **asks)
    law.refused("UPDATE records_ticket SET document_id = {id}", id=other)
    law.run("UPDATE records_ticket SET document_id = NULL")


RUN = """
INSERT INTO records_billingrun (reseller_id, month, providers, state, reason, who, created_at, todo)
VALUES ({reseller}, '2024-09-01', '{{}}', 'Queued', '', 'me', now(), 0)
"""
JOB = """
INSERT INTO records_bulkjob (reseller_id, verb, arguments, codes, versions, state, reason,
    cancel_asked, who, role, created_at)
VALUES ({reseller}, 'status', '{{}}', '{{}}', '{{}}', 'Queued', '', false, 'me', 'owner', now())
"""


@pytest.mark.parametrize(("table", "insert"), [("billingrun", RUN), ("bulkjob", JOB)])
def test_what_failed_says_why(law: Law, table: str, insert: str) -> None:
    law.run(insert)
    law.refused(f"UPDATE records_{table} SET state = 'Failed'")
    law.run(f"UPDATE records_{table} SET state = 'Failed', reason = 'gone'")
