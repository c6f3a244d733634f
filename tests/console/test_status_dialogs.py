"""What the dialogs say before a status changes."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from clearbill.console.status_words import early_due, what_follows
from clearbill.records import clock, tenancy
from clearbill.records.models import Delivery, Document
from clearbill.rules.lifecycle import Kind
from console.reading import read, words
from console.test_document_page import give_recipient, update
from doors.two_resellers import Month, member

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2024, 10, 3)
EARLY = re.compile(r"It is due on \d{1,2} \w{3} \d{4}: Past Due is early\.")


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("Draft", "Open", "numbered and frozen"),
        ("Draft", "Closed", "settled at once"),
        ("Past Due", "Open", "owed again, by the extended due date"),
        ("Closed", "Open", "The payment came back"),
        ("Open", "Closed", "settled: nothing is owed"),
        ("Open", "Voided", "its usage can be billed again"),
    ],
)
def test_each_status_says_what_follows_from_it(start: str, end: str, says: str) -> None:
    document = Document(status=start, kind=Kind.TAX_INVOICE.value, total=10)
    assert says in what_follows(document, [end])[end]


@pytest.mark.parametrize(("kind", "total"), [(Kind.STATEMENT, 10), (Kind.TAX_INVOICE, 0)])
def test_what_takes_no_number_is_not_promised_one(kind: Kind, total: int) -> None:
    document = Document(status="Draft", kind=kind.value, total=total)
    assert "numbered" not in what_follows(document, ["Open"])["Open"]


def test_past_due_is_early_until_the_due_date_in_force_has_passed() -> None:
    day = timedelta(days=1)
    assert early_due(Document(due_date=TODAY), 30, TODAY) == TODAY
    assert early_due(Document(due_date=TODAY - day), 30, TODAY) is None
    extended = Document(due_date=TODAY - day, due_extended_to=TODAY + day)
    assert early_due(extended, 30, TODAY) == TODAY + day
    assert early_due(Document(), 30, TODAY) == TODAY + timedelta(days=30)


def test_both_dialogs_warn_before_past_due_comes_early(owner: Client, draft: str) -> None:
    for page in (draft, f"{draft}status/", f"{draft}confirm/?to=Past Due"):
        assert EARLY.search(read(owner, page)), page


def test_nothing_is_early_after_the_due_date(
    owner: Client, published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert EARLY.search(read(owner, f"{published}status/"))
    later = clock.today("UTC") + timedelta(days=31)
    monkeypatch.setattr(clock, "today", lambda zone: later)
    assert not EARLY.search(read(owner, f"{published}status/"))


def test_the_update_dialog_explains_what_may_follow(owner: Client, published: str) -> None:
    text = read(owner, f"{published}status/")
    assert "Closed : It is settled: nothing is owed any more." in text
    assert "Nothing follows Voided: it cannot be undone." in text


def deliver(month: Month, name: str, state: str, error: str = "") -> None:
    """Of the document's mail: what became of it."""
    with tenancy.using(month.reseller.pk):
        document = Document.objects.get(code=month.documents[name])
        Delivery.objects.filter(document=document).update(state=state, last_error=error)


def test_both_dialogs_say_who_has_no_portal_access(month: Month, owner: Client, draft: str) -> None:
    member(month, "portal", customer="Contoso")
    give_recipient(month, "portal-contoso@north.example", "pay@contoso.example")
    for address in (f"{draft}status/", f"{draft}confirm/?to=Open"):
        text = read(owner, address)
        assert "pay@contoso.example has no portal access: the link in the e-mail" in text
        assert "portal-contoso@north.example has no portal access" not in text
        link = f"/customers/{month.customers['Contoso']}/#portal-users"
        assert link in owner.get(address).content.decode()


def test_without_a_recipient_the_way_to_one_is_linked(
    month: Month, owner: Client, draft: str
) -> None:
    for address in (f"{draft}status/", f"{draft}confirm/?to=Open"):
        link = f"/customers/{month.customers['Contoso']}/#id_recipients"
        assert link in owner.get(address).content.decode()


def test_an_address_whose_last_mail_failed_is_named_before_and_after(
    month: Month, owner: Client, draft: str, published: str
) -> None:
    give_recipient(month, "pay@contoso.example")
    owner.post(f"{published}resend/")
    deliver(month, "open", "Failed", "550 no such user")
    said = "The last e-mail to pay@contoso.example failed. The recipient's mail server knows no"
    assert said in read(owner, f"{draft}status/")
    assert said in words(update(owner, draft, to="Open", notify="on"))
    deliver(month, "open", "Sent")
    deliver(month, "draft", "Sent")
    assert said not in read(owner, f"{draft}status/")


def test_a_mail_that_was_withdrawn_says_nothing_of_its_address(
    month: Month, owner: Client, draft: str, published: str
) -> None:
    give_recipient(month, "pay@contoso.example")
    owner.post(f"{published}resend/")
    deliver(month, "open", "Failed", "withdrawn: the document was discarded")
    assert "failed" not in read(owner, f"{draft}status/")


def test_a_failed_mail_is_an_error_with_its_reason_and_is_sent_again(
    month: Month, owner: Client, published: str
) -> None:
    give_recipient(month, "pay@contoso.example")
    assert "No e-mail about it yet. Send the e-mail" in read(owner, published)
    owner.post(f"{published}resend/")
    deliver(month, "open", "Failed", "550 no such user")
    page = owner.get(published).content.decode()
    assert '<div class="say error"><p><strong>pay@contoso.example</strong>' in page
    text = read(owner, published)
    assert "Failed: The recipient's mail server knows no such address. 550 no such user" in text
    assert "Send again" in text


def test_a_due_date_that_has_passed_is_said_before_and_linked(
    month: Month, owner: Client, draft: str
) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(due_date=TODAY)
    for part in ("status/", "confirm/?to=Open"):
        assert "before it is issued: set a later due date." in read(owner, f"{draft}{part}")
        assert f'href="{draft}#id_due_date"' in owner.get(f"{draft}{part}").content.decode()
    assert "before it is issued" in words(update(owner, draft, to="Open"))
