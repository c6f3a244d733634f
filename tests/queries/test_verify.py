"""`verify` finds nothing on what the verbs wrote, and names what was broken behind their back."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from django.db import connection

from clearbill.actions.accounts import assign_all
from clearbill.actions.customers import change_customer
from clearbill.actions.edit_draft import change_draft
from clearbill.actions.store_published import store_published
from clearbill.actions.tickets import Upload, open_ticket
from clearbill.actions.users import add_user
from clearbill.cli.main import cli
from clearbill.queries.findings import Finding
from clearbill.queries.ownership import verify_ownership
from clearbill.queries.verify import _chain, _one_moment, verify
from clearbill.records import tenancy
from clearbill.records.files import file_store
from clearbill.records.models import Document, Event, Reseller, TicketMessage, User
from clearbill.rules.canonical import content_hash
from clearbill.rules.lifecycle import Status
from databases import Database
from makers import OWNER, change, generate, give_usage, make_reseller, rows_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Reseller]:
    """Four customers: two published, one voided, one draft; files stored, one mail owed."""
    reseller = make_reseller(markup="12.5")
    with tenancy.using(reseller.pk):
        give_usage(reseller, tmp_path, rows_of("0001", "0002", "0003", "0004", cost="10.123"))
        assign_all(reseller_id=reseller.pk, actor=OWNER)
        documents = generate(reseller).documents
        change_customer(
            reseller_id=reseller.pk,
            actor=OWNER,
            customer_id=documents[0].customer_id,
            recipients=["a@example.com"],
        )
        change(reseller, *(d.code for d in documents[:3]), to=Status.OPEN, notify=True)
        change(reseller, documents[2].code, to=Status.VOIDED, reason="wrong")
        for document in documents[:3]:
            store_published(reseller_id=reseller.pk, document_id=document.pk)
        yield reseller


@pytest.fixture
def behind(database: Database) -> Callable[[str], None]:
    """Run SQL as nobody should: as superuser, with every trigger off."""

    def run(statement: str) -> None:
        with psycopg.connect(database.superuser) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement)

    return run


def found(reseller: Reseller) -> set[str]:
    return {finding.invariant for finding in verify(reseller.pk)}


def test_what_the_verbs_wrote_is_sound(month: Reseller) -> None:
    assert list(verify(month.pk)) == []
    assert list(verify_ownership("owner")) == []


def test_a_file_of_a_ticket_that_changed_or_went_is_found(
    month: Reseller, behind: Callable[[str], None]
) -> None:
    path = with_a_file(month)
    assert list(verify(month.pk)) == []
    kept = file_store().read_bytes(path)
    file_store().delete(path)
    assert str(verify(month.pk)[0]) == "I5 T-000001, message 1: its file is missing"
    file_store().write_bytes(path, b"another bill")
    assert str(verify(month.pk)[0]) == "I5 T-000001, message 1: its file is not what was stored"
    file_store().delete(path)
    file_store().write_bytes(path, kept)
    behind("UPDATE records_ticketmessage SET file_bytes = 3")
    assert found(month) == {"I5"}


def with_a_file(month: Reseller) -> str:
    """A ticket with a file; where it is kept."""
    add_user(reseller_id=month.pk, actor=OWNER, email=OWNER.name, role="owner")
    open_ticket(
        reseller_id=month.pk, actor=OWNER, user_id=User.objects.get().pk, subject="Look",
        category="Other", priority="Normal", text="Here.", upload=Upload("bill.txt", b"a bill"),
    )  # fmt: skip
    return TicketMessage.objects.get().file_path


CORRUPTIONS = [
    ("UPDATE records_documentline SET price = price + 1 WHERE document_id = 1", "I1"),
    ("UPDATE records_documentline SET exact = exact + 0.0001 WHERE document_id = 4", "I1"),
    ("UPDATE records_document SET tax = 1, total = subtotal + 1 WHERE code = 'D-000004'", "I1"),
    ("""UPDATE records_document SET taxes = '{"VAT": 19}' WHERE code = 'D-000004'""", "I1"),
    ("UPDATE records_usageslice SET cost = cost + 1 WHERE id = 1", "I2"),
    ("UPDATE records_claim SET released_at = now() WHERE document_id = 1", "I2"),
    ("UPDATE records_claim SET released_at = NULL WHERE document_id = 3", "I2"),
    ("UPDATE records_event SET to_status = 'Closed' WHERE document_id = 2 AND seq > 4", "I4"),
    ("UPDATE records_document SET status = 'Closed' WHERE code = 'D-000002'", "I4"),
    ("UPDATE records_event SET to_status = 'Bogus' WHERE from_status = ''", "I4"),
    ("UPDATE records_document SET customer_id = 4 WHERE code = 'D-000001'", "I5"),
    ("UPDATE records_document SET taxes = '[{}]' WHERE code = 'D-000001'", "I5"),
    ("UPDATE records_document SET frozen = replace(frozen, 'AWS', 'SWA')", "I5"),
    ("UPDATE records_document SET due_date = due_date + 1 WHERE code = 'D-000001'", "I5"),
    ("UPDATE records_document SET sequence = 9, invoice_number = 'INV-000009'"
     " WHERE code = 'D-000003'", "I6"),
    ("UPDATE records_document SET invoice_number = 'INV-000007' WHERE code = 'D-000004'", "I6"),
    ("UPDATE records_numberseries SET last_number = 4 WHERE name = 'invoices'", "I6"),
    ("DELETE FROM records_delivery", "I7"),
    ("UPDATE records_event SET reason = 'other' WHERE reason = 'wrong'", "I8"),
    ("DELETE FROM records_event WHERE seq = 3", "I8"),
    ("UPDATE records_chain SET head = repeat('a', 64)", "I8"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "invariant"), CORRUPTIONS)
def test_a_corruption_is_named_by_its_invariant(
    month: Reseller, behind: Callable[[str], None], statement: str, invariant: str
) -> None:
    behind(statement)
    assert invariant in found(month)


def test_a_second_live_document_is_found(month: Reseller, behind: Callable[[str], None]) -> None:
    behind(
        "DROP INDEX one_live_document; UPDATE records_document SET customer_id = 1, profile_id = 1"
    )
    try:
        assert "I3" in found(month)
    finally:
        behind(
            "TRUNCATE records_document CASCADE; CREATE UNIQUE INDEX one_live_document ON"
            " records_document (reseller_id, customer_id, profile_id, provider_id, period_start,"
            " period_end) WHERE NOT (status IN ('Voided', 'Discarded'))"
        )


def test_both_the_lines_and_the_sums_are_in_minor_units(
    month: Reseller, behind: Callable[[str], None]
) -> None:
    behind(
        "UPDATE records_documentline SET price = price + 0.99 WHERE document_id = 4;"
        "UPDATE records_document SET subtotal = subtotal + 0.99, total = total + 0.99"
        " WHERE id = 4"
    )
    whats = {finding.what for finding in verify(month.pk)}
    assert any("minor unit" in what for what in whats)
    assert any("rounded once" in what for what in whats)


def test_a_chain_is_checked_although_a_status_is_no_word(
    month: Reseller, behind: Callable[[str], None]
) -> None:
    behind("UPDATE records_event SET to_status = 'Bogus' WHERE document_id = 2")
    assert {"I4", "I8"} <= found(month)


def test_frozen_content_that_cannot_be_read_is_named(
    month: Reseller, behind: Callable[[str], None]
) -> None:
    hashed = content_hash("{}")
    behind(f"UPDATE records_document SET frozen = '{{}}', content_hash = '{hashed}' WHERE id = 1")
    assert "I5 D-000001: the content is not what was frozen" in map(str, verify(month.pk))


def test_what_is_written_meanwhile_is_not_half_seen(month: Reseller) -> None:
    with ThreadPoolExecutor(1) as others, _one_moment():
        before = Event.objects.count()
        others.submit(_set_due_date, month.pk).result()
        assert list(_chain(month.pk)) == []
        assert Event.objects.count() == before
    assert Event.objects.count() == before + 1


def _set_due_date(reseller: int) -> None:
    try:
        with tenancy.using(reseller):
            change_draft(
                reseller_id=reseller, actor=OWNER, document="D-000004", due_date=date(2100, 1, 1)
            )
    finally:
        connection.close()


def test_verify_reads_one_moment_and_writes_nothing(
    month: Reseller, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def ask(reseller_id: int) -> Iterator[Finding]:
        with connection.cursor() as cursor:
            for name in ("transaction_isolation", "transaction_read_only"):
                cursor.execute(f"SHOW {name}")
                seen.extend(cursor.fetchone() or ())
        yield from ()

    monkeypatch.setattr("clearbill.queries.verify._chain", ask)
    verify(month.pk)
    assert seen == ["repeatable read", "on"]


def test_of_many_rows_some_are_named_and_that_there_are_more(
    month: Reseller, behind: Callable[[str], None]
) -> None:
    behind(
        "INSERT INTO records_event (reseller_id, seq, document_id, what, at, who, from_status,"
        " to_status, reason, notified, data, previous, hash) SELECT reseller_id, 100 + n, 1, 'x',"
        " now(), '', '', '', '', true, '{}', '', '' FROM records_event, generate_series(1, 30) n"
        " WHERE seq = 1"
    )
    named = [finding for finding in verify(month.pk) if finding.invariant == "I7"]
    assert (len(named), named[-1].and_more) == (20, True)
    done = CliRunner().invoke(cli, ["verify"])
    assert "or more findings" in done.stderr


def test_one_reseller_is_checked_alone(month: Reseller) -> None:
    done = CliRunner().invoke(cli, ["verify", "--reseller", "north"])
    assert (done.exit_code, done.stdout) == (0, "1 reseller checked, 0 findings\n")
    nobody = CliRunner().invoke(cli, ["verify", "--reseller", "nobody"])
    assert (nobody.exit_code, "no reseller 'nobody'" in nobody.stderr) == (1, True)


@pytest.mark.parametrize("kind", ["pdf_path", "rated_path"])
def test_a_flipped_byte_in_a_stored_file_is_found(month: Reseller, kind: str) -> None:
    document = Document.objects.get(code="D-000001")
    path = Path(file_store().path(getattr(document, kind)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert [str(f)[:11] for f in verify(month.pk)] == ["I5 D-000001"]


def test_a_lost_import_is_found(month: Reseller) -> None:
    path = Path(file_store().path("imports"))
    newest = max(path.glob("**/*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    newest.unlink()
    assert "I2" in found(month)


def test_a_row_of_another_reseller_is_found(month: Reseller, behind: Callable[[str], None]) -> None:
    behind("UPDATE records_billingprofile SET reseller_id = 99 WHERE id = 1")
    assert {f.invariant for f in verify_ownership("owner")} == {"I9"}
