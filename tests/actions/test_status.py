"""Changing a status: publication, refusals, mails, and nothing twice."""

from datetime import date
from pathlib import Path

import pytest
from django.db import connection, transaction

from clearbill.actions.accounts import assign_all
from clearbill.actions.change_status import Change, change_status
from clearbill.actions.common import Actor, Refused
from clearbill.actions.customers import change_customer
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.notify import resend_notification
from clearbill.actions.past_due import mark_past_due
from clearbill.actions.resellers import change_reseller
from clearbill.records.models import Delivery, Document, Event, Reseller
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Kind, Status, arrow
from clearbill.rules.notification import NO_RECIPIENT
from makers import OWNER, change, edit, generate, give_usage, make_drafts, rows_of, status_of


def jobs(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [name])
        return int(cursor.fetchone()[0])


def give_recipient(reseller: Reseller, document: Document, *addresses: str) -> None:
    change_customer(
        reseller_id=reseller.pk,
        actor=OWNER,
        customer_id=document.customer_id,
        recipients=list(addresses),
    )


def bring(reseller: Reseller, document: Document, status: Status) -> None:
    """Take a draft to a status by allowed changes."""
    if status is Status.DISCARDED:
        discard_documents(reseller_id=reseller.pk, actor=OWNER, documents=[document.code])
    elif status is not Status.DRAFT:
        change(reseller, document.code, to=Status.OPEN)
        if status is not Status.OPEN:
            change(reseller, document.code, to=status, reason="because")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("start", Status)
def test_the_action_takes_the_arrows_of_the_table_alone(
    request: pytest.FixtureRequest, tmp_path: Path, start: Status, kind: Kind
) -> None:
    name = "north" if kind is Kind.TAX_INVOICE else "statements"
    reseller: Reseller = request.getfixturevalue(name)
    ends = [s for s in Status if s not in (start, Status.DISCARDED)]
    drafts = make_drafts(reseller, tmp_path, len(ends))
    for end, document in zip(ends, drafts, strict=True):
        bring(reseller, document, start)
        result = change(reseller, document.code, to=end, reason="because")[0]
        allowed = arrow(start, end, kind) is not None
        assert (result.changed, status_of(document)) == (allowed, end if allowed else start)


def test_publication_numbers_in_order_and_without_gaps(north: Reseller, tmp_path: Path) -> None:
    drafts = make_drafts(north, tmp_path, 3)
    codes = [drafts[0].code, "D-999999", drafts[1].code, drafts[2].code]
    results = change(north, *codes, to=Status.OPEN)
    assert [r.invoice_number for r in results] == ["INV-000001", None, "INV-000002", "INV-000003"]
    assert results[1].refused == "no document D-999999 here"


def test_numbers_follow_document_ids_across_batches(
    north: Reseller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearbill.actions.change_status.BATCH", 2)
    codes = [d.code for d in make_drafts(north, tmp_path, 5)][::-1]
    results = change(north, *codes, to=Status.OPEN)
    assert [r.document for r in results] == codes
    assert [r.invoice_number for r in results] == [f"INV-{n:06d}" for n in (5, 4, 3, 2, 1)]


def test_the_same_status_again_changes_and_sends_nothing(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    give_recipient(north, document, "a@example.com")
    change(north, document.code, to=Status.OPEN, notify=True)
    events = Event.objects.count()
    again = change(north, document.code, to=Status.OPEN, notify=True)[0]
    assert (again.changed, again.refused) == (False, "")
    assert (Event.objects.count(), Delivery.objects.count()) == (events, 1)


def test_a_stale_tab_is_refused_with_who_changed_what(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    edit(north, document, due_date=date(2030, 1, 1))
    result = change(north, document.code, to=Status.OPEN, expected={document.code: 1})[0]
    assert "was changed by owner@north.example" in result.refused
    assert status_of(document) == Status.DRAFT


def test_issue_dates_do_not_run_backwards(north: Reseller, tmp_path: Path) -> None:
    first, second = make_drafts(north, tmp_path, 2)
    change(north, first.code, to=Status.OPEN, issued=date(2024, 10, 5))
    refused = change(north, second.code, to=Status.OPEN, issued=date(2024, 10, 4))[0]
    assert "2024-10-05" in refused.refused
    done = change(north, second.code, to=Status.OPEN, issued=date(2024, 10, 5))[0]
    assert done.invoice_number == "INV-000002"


def test_an_issue_date_in_the_future_is_refused(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    result = change(north, document.code, to=Status.OPEN, issued=date(2999, 1, 1))[0]
    assert "future" in result.refused


def test_a_document_of_nothing_takes_no_number_and_sends_no_mail(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001", cost="0.001"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    document = generate(north).documents[0]
    give_recipient(north, document, "a@example.com")
    result = change(north, document.code, to=Status.OPEN, notify=True)[0]
    assert (result.changed, result.invoice_number) == (True, None)
    assert result.notified == []
    assert Delivery.objects.count() == 0


def test_mails_are_owed_from_the_commit_of_the_change(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    give_recipient(north, document, "a@example.com", "b@example.com")
    with pytest.raises(RuntimeError), transaction.atomic():
        change(north, document.code, to=Status.OPEN, notify=True)
        raise RuntimeError
    assert (Delivery.objects.count(), jobs("send_mail"), jobs("store_published")) == (0, 0, 0)
    change(north, document.code, to=Status.OPEN, notify=True)
    assert (Delivery.objects.count(), jobs("send_mail"), jobs("store_published")) == (2, 2, 1)


def test_without_a_recipient_the_change_stands_and_says_so(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    result = change(north, document.code, to=Status.OPEN, notify=True)[0]
    assert result.changed
    assert f"no mail: {NO_RECIPIENT}" in result.warnings
    assert not Event.objects.get(to_status="Open").notified


def test_a_tax_invoice_names_what_it_lacks(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    assert "your legal name" in change(north, document.code, to=Status.OPEN)[0].warnings[0]


def test_what_is_published_keeps_names_that_change_later(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    change_reseller(reseller_id=north.pk, actor=OWNER, legal_name="North GmbH")
    change(north, document.code, to=Status.OPEN)
    change_reseller(reseller_id=north.pk, actor=OWNER, legal_name="South GmbH")
    frozen = Document.objects.get(pk=document.pk).frozen or ""
    assert '"legal_name":"North GmbH"' in frozen
    assert "South GmbH" not in frozen


def test_past_due_comes_once_after_the_due_date_in_the_resellers_zone(
    north: Reseller, tmp_path: Path
) -> None:
    document = make_drafts(north, tmp_path)[0]
    change(north, document.code, to=Status.OPEN, issued=date(2024, 10, 1))
    due = date(2024, 10, 31)
    assert mark_past_due(reseller_id=north.pk, today=due) == []
    moved = mark_past_due(reseller_id=north.pk, today=date(2024, 11, 1))
    assert [r.status for r in moved] == ["Past Due"]
    assert mark_past_due(reseller_id=north.pk, today=date(2024, 11, 1)) == []
    assert Event.objects.get(to_status="Past Due").who == "System"


def test_past_due_becomes_open_with_an_extended_date(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    bring(north, document, Status.PAST_DUE)
    early = change(north, document.code, to=Status.OPEN, due_extended_to=date(2024, 1, 1))[0]
    assert "lies before" in early.refused
    change(north, document.code, to=Status.OPEN, due_extended_to=date(2999, 1, 1))
    assert Document.objects.get(pk=document.pk).due_extended_to == date(2999, 1, 1)


def test_reopening_never_shortens_the_due_date(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    edit(north, document, due_date=date(2999, 1, 1))
    bring(north, document, Status.PAST_DUE)
    early = change(north, document.code, to=Status.OPEN, due_extended_to=date(2998, 1, 1))[0]
    assert "lies before 1 Jan 2999" in early.refused
    change(north, document.code, to=Status.OPEN)
    assert Document.objects.get(pk=document.pk).due_extended_to == date(2999, 1, 1)


def test_no_document_is_due_before_it_is_issued(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    with pytest.raises(Refused, match="on or after today"):
        edit(north, document, due_date=date(2024, 1, 1))
    Document.objects.filter(pk=document.pk).update(due_date=date(2024, 1, 1))
    assert "before it is issued" in change(north, document.code, to=Status.OPEN)[0].refused


def test_a_payment_that_came_back_is_taken_off(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    change(north, document.code, to=Status.CLOSED, payment_comment="by transfer")
    change(north, document.code, to=Status.OPEN, reason="it came back")
    document.refresh_from_db()
    assert (document.paid_on, document.payment_comment) == (None, "")


def test_one_document_that_the_database_refuses_stops_no_other(
    north: Reseller, tmp_path: Path
) -> None:
    first, broken, last = make_drafts(north, tmp_path, 3)
    Document.objects.filter(pk=broken.pk).update(subtotal=11, total=11)
    results = change(north, first.code, broken.code, last.code, to=Status.OPEN)
    assert [r.changed for r in results] == [True, False, True]
    assert "do not add up" in results[1].refused
    assert [r.invoice_number for r in results] == ["INV-000001", None, "INV-000002"]


@pytest.mark.parametrize("words", ["a\0b", "x" * 2001, "\ud800"])
def test_a_reason_that_is_no_text_is_refused(north: Reseller, tmp_path: Path, words: str) -> None:
    document = make_drafts(north, tmp_path)[0]
    with pytest.raises(Refused) as caught:
        change(north, document.code, to=Status.OPEN, reason=words)
    assert caught.value.field == "reason"


@pytest.mark.parametrize("role", ["sales", "auditor"])
def test_readers_change_nothing(north: Reseller, tmp_path: Path, role: str) -> None:
    document = make_drafts(north, tmp_path)[0]
    reader = Actor("reader@north.example", role)
    with pytest.raises(Forbidden):
        change_status(
            reseller_id=north.pk,
            actor=reader,
            documents=[document.code],
            change=Change(to=Status.OPEN),
        )
    with pytest.raises(Forbidden):
        discard_documents(reseller_id=north.pk, actor=reader, documents=[document.code])
    assert status_of(document) == Status.DRAFT


def test_a_resend_is_an_event_of_its_own(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    with pytest.raises(Refused, match="does not see"):
        resend_notification(reseller_id=north.pk, actor=OWNER, document=document.code)
    give_recipient(north, document, "a@example.com")
    change(north, document.code, to=Status.OPEN)
    resend_notification(reseller_id=north.pk, actor=OWNER, document=document.code)
    assert [(e.what, e.notified) for e in Event.objects.order_by("seq")][-1] == ("resent", True)


def test_a_discarded_statement_keeps_its_lines(statements: Reseller, tmp_path: Path) -> None:
    document = make_drafts(statements, tmp_path)[0]
    change(statements, document.code, to=Status.OPEN)
    done = discard_documents(reseller_id=statements.pk, actor=OWNER, documents=[document.code])
    assert done[0].changed
    assert document.lines.count() == 1
    assert len(generate(statements).documents) == 1


def test_a_published_tax_invoice_is_not_discarded(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    change(north, document.code, to=Status.OPEN)
    done = discard_documents(reseller_id=north.pk, actor=OWNER, documents=[document.code])
    assert done[0].refused == "Published tax invoice: void it"


def test_a_draft_is_changed_in_all_parts_or_in_none(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    with pytest.raises(Refused, match="no custom field 99"):
        edit(north, draft, purchase_order="PO-7", note="Thanks", fields={99: "x"})
    draft.refresh_from_db()
    assert (draft.purchase_order, draft.note, draft.version) == ("", "", 1)
    edit(north, draft, due_date=date(2999, 1, 1), purchase_order="PO-7", note="Thanks")
    draft.refresh_from_db()
    assert (draft.purchase_order, draft.note, draft.version) == ("PO-7", "Thanks", 2)
    assert draft.due_date == date(2999, 1, 1)


def test_a_draft_that_stays_as_it_is_has_no_event_of_it(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    edit(north, draft, due_date=date(2999, 1, 1), note="Thanks")
    events = Event.objects.count()
    edit(north, draft, due_date=date(2999, 1, 1), purchase_order="", note="Thanks ")
    edit(north, draft)
    assert Event.objects.count() == events
    edit(north, draft, due_date=None)
    assert Document.objects.get(pk=draft.pk).due_date is None
