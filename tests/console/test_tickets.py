"""Tickets in both doors: asked, answered, closed, reopened; and whose they are."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from clearbill.actions.people import suspend
from clearbill.records import tenancy
from clearbill.records.files import file_store
from clearbill.records.models import Letter, Membership, Ticket, TicketMessage
from clearbill.rules.tickets import MOST_BYTES, file_name
from console.reading import words
from doors.two_resellers import OPERATOR, Month, make_month, member

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = {"subject": "Why?", "category": "Invoice", "priority": "Normal", "text": "Too <b>much</b>."}
SUPPORT = "/portal/north/support/"


@pytest.fixture
def customer(month: Month) -> Client:
    return member(month, "portal", customer="Contoso")


def ask(client: Client, address: str = SUPPORT, **changes: Any) -> Any:
    return client.post(f"{address}new/", {**ASKED, **changes}, follow=True)


def letters(month: Month) -> list[str]:
    with tenancy.using(month.reseller.pk):
        return list(Letter.objects.order_by("pk").values_list("recipient", flat=True))


def state(month: Month) -> str:
    with tenancy.using(month.reseller.pk):
        return Ticket.objects.get().state


def test_a_question_about_a_line_is_answered_and_asked_back(
    month: Month, customer: Client, owner: Client
) -> None:
    document = month.documents["open"]
    page = customer.get(f"/portal/north/invoices/{document}/").content.decode()
    assert f"{SUPPORT}new/?document={document}&amp;line=1" in page
    answer = ask(customer, document=document, line="1")
    assert "About this line" in words(answer)
    assert "Too &lt;b&gt;much&lt;/b&gt;." in answer.content.decode()
    assert letters(month) == ["owner-staff@north.example"]
    owner.post("/console/north/tickets/T-000001/", {"text": "Because."})
    assert state(month) == "Answered"
    assert letters(month)[-1] == "portal-contoso@north.example"
    customer.post(f"{SUPPORT}T-000001/", {"text": "I see, but"})
    assert state(month) == "Open"


def test_the_form_names_an_invoice_and_its_line_as_they_read(
    month: Month, customer: Client
) -> None:
    address = f"{SUPPORT}new/?document={month.documents['open']}&line="
    assert "About INV-000001: Compute Hours of a machine." in words(customer.get(f"{address}1"))
    assert "About INV-000001." in words(customer.get(f"{address}99"))
    draft = f"{SUPPORT}new/?document={month.documents['draft']}&line=1"
    assert f"About {month.documents['draft']}." in words(customer.get(draft))
    hidden = month.documents["draft"]
    assert f"About {hidden}." in words(customer.get(f"{SUPPORT}new/?document={hidden}"))


def test_a_ticket_is_closed_and_reopened_from_both_doors(
    month: Month, customer: Client, owner: Client
) -> None:
    ask(customer)
    customer.post(f"{SUPPORT}T-000001/", {"what": "close"})
    assert state(month) == "Closed"
    owner.post("/console/north/tickets/T-000001/", {"what": "reopen"})
    assert state(month) == "Open"


@pytest.mark.parametrize("field", ["subject", "category", "priority", "text"])
def test_each_field_is_required_and_named(month: Month, customer: Client, field: str) -> None:
    answer = ask(customer, **{field: " "})
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode()
    with tenancy.using(month.reseller.pk):
        assert not Ticket.objects.exists()


def test_a_draft_and_anothers_document_are_not_attached(month: Month, customer: Client) -> None:
    for name in ("draft", "other"):
        assert ask(customer, document=month.documents[name]).status_code == 422


def test_a_file_comes_back_as_a_download_under_a_harmless_name(
    month: Month, customer: Client
) -> None:
    file = SimpleUploadedFile("../../x\r\n<script>.html", b"<script>alert(1)</script>")
    ask(customer, file=file)
    with tenancy.using(month.reseller.pk):
        message = TicketMessage.objects.get()
    answer = customer.get(f"{SUPPORT}T-000001/files/{message.pk}/")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    stranger = member(month, "portal", customer="Fabrikam")
    assert stranger.get(f"{SUPPORT}T-000001/files/{message.pk}/").status_code == 404


def test_a_file_that_is_lost_or_changed_is_not_handed_out(month: Month, customer: Client) -> None:
    ask(customer, file=SimpleUploadedFile("order.txt", b"words"))
    with tenancy.using(month.reseller.pk):
        message = TicketMessage.objects.get()
    address = f"{SUPPORT}T-000001/files/{message.pk}/"
    file_store().write_bytes(message.file_path, b"other words")
    changed = customer.get(address)
    file_store().delete(message.file_path)
    for answer in (changed, customer.get(address)):
        assert answer.status_code == 404
        assert "order.txt is lost or damaged" in words(answer)


def test_staff_are_told_that_a_suspended_asker_gets_no_mail(
    month: Month, customer: Client, owner: Client
) -> None:
    ask(customer)
    with tenancy.using(month.reseller.pk):
        asker = Membership.objects.get(role="portal")
        suspend(reseller_id=month.reseller.pk, actor=OPERATOR, membership_id=asker.pk)
    answer = owner.post("/console/north/tickets/T-000001/", {"text": "Because."}, follow=True)
    assert "Answered, without a mail: portal-contoso@north.example has no access" in words(answer)


def test_a_file_beyond_ten_megabytes_is_refused(month: Month, customer: Client) -> None:
    answer = ask(customer, file=SimpleUploadedFile("big.bin", b"x" * (MOST_BYTES + 1)))
    assert answer.status_code == 422
    assert "10 MB" in words(answer)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\Rechnung März.pdf", "Rechnung Marz.pdf"),
        ("a\r\nb.txt", "a_b.txt"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_file_names_are_made_harmless(given: str, kept: str) -> None:
    assert file_name(given) == kept


def test_tickets_are_their_customers_and_their_resellers_alone(
    month: Month, customer: Client, tmp_path: Any
) -> None:
    ask(customer)
    colleague = member(month, "portal", customer="Fabrikam")
    assert colleague.get(f"{SUPPORT}T-000001/").status_code == 404
    south = make_month("south", tmp_path)
    assert member(south, "owner").get("/console/south/tickets/T-000001/").status_code == 404


def test_auditors_read_tickets_and_answer_none(month: Month, customer: Client) -> None:
    ask(customer)
    auditor = member(month, "auditor")
    assert "Why?" in words(auditor.get("/console/north/tickets/"))
    address = "/console/north/tickets/T-000001/"
    assert auditor.post(address, {"text": "Hello"}).status_code == 403
    assert state(month) == "Open"


@override_settings(CLEARBILL_OPERATOR_MAIL="operator@host.example")
def test_staff_ask_the_operator_and_nobody_else_reads_it(month: Month, owner: Client) -> None:
    ask(owner, "/console/north/tickets/")
    assert letters(month) == ["operator@host.example"]
    assert "Why?" in words(owner.get("/console/north/tickets/mine/"))
    billing = member(month, "billing")
    assert billing.get("/console/north/tickets/T-000001/").status_code == 404
    assert "Why?" not in words(billing.get("/console/north/tickets/"))


def test_the_question_mark_leads_to_help_and_tickets(
    month: Month, owner: Client, customer: Client
) -> None:
    for client, page in ((owner, "/console/north/"), (customer, "/portal/north/invoices/")):
        text = words(client.get(page))
        assert "Submit a ticket" in text
        assert "My tickets" in text
    assert "Ask about this line" in words(customer.get("/portal/north/help/support/"))
