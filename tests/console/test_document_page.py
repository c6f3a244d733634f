"""The document screen and both ways of changing a status, as forms without any script."""

import re
from pathlib import Path

import pytest
from django.test import Client

from clearbill.actions.accounts import assign_all
from clearbill.actions.customers import change_customer
from clearbill.records import tenancy
from clearbill.records.models import Document, Event
from console.reading import read, tag, words
from doors.two_resellers import OPERATOR, Month, member
from makers import generate, give_usage, rows_of

pytestmark = pytest.mark.django_db(transaction=True)


def version(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    found: list[str] = re.findall(r'name="version" value="(\d+)"', page)
    return found[0]


def give_recipient(month: Month, *recipients: str) -> None:
    change_customer(
        reseller_id=month.reseller.pk,
        actor=OPERATOR,
        customer_id=month.customers["Contoso"],
        recipients=list(recipients),
    )


def events(month: Month) -> int:
    with tenancy.using(month.reseller.pk):
        return Event.objects.count()


def update(client: Client, address: str, **form: str) -> object:
    """UPDATE INVOICE STATUS, sent as its form sends it."""
    form.setdefault("version", version(client, f"{address}status/"))
    return client.post(f"{address}status/", form, follow=True)


def test_a_draft_shows_what_the_reference_lists(owner: Client, draft: str) -> None:
    text = read(owner, draft)
    for word in ("Draft", "1–30 Sep 2024", "Currency USD", "Document ID", "DOWNLOAD ▼", "DISCARD",
                 "UPDATE INVOICE STATUS", "Download Detailed CSV Oracle", "Download CSV",
                 "Download PDF", "Print", "Qty Charge Type Price", "Subtotal", "Tax", "Total",
                 "UPDATE STATUS BACK DOWNLOAD DETAIL", "1 of 1"):  # fmt: skip
        assert word in text, word


def test_the_bar_below_a_draft_offers_draft_first(owner: Client, draft: str) -> None:
    bar = tag(owner, draft, r'<select id="bar-status".*?</select>')
    assert re.findall(r"<option>(.*?)</option>", bar) == ["Draft", "Open", "Closed", "Past Due"]


def test_update_status_with_draft_asks_for_another_status(owner: Client, draft: str) -> None:
    back = "/console/north/runs/1/"
    answer = owner.get(f"{draft}confirm/?to=Draft&back={back}", follow=True)
    assert "choose Open to publish it, Closed or Past Due." in words(answer)
    assert f'href="{back}">BACK' in answer.content.decode()


def test_the_confirmation_does_not_notify_by_itself(
    month: Month, owner: Client, draft: str
) -> None:
    give_recipient(month, "pay@contoso.example")
    box = tag(owner, f"{draft}confirm/?to=Open", r'<input type="checkbox" id="confirm_notify".*?>')
    assert "checked" not in box
    assert "disabled" not in box
    text = read(owner, f"{draft}confirm/?to=Open")
    assert "This will change the status of the invoice. Are you sure?" in text
    assert "Send notification email to customer" in text


def test_accept_publishes_stays_and_says_that_no_mail_goes_out(
    month: Month, owner: Client, draft: str
) -> None:
    form = {"to": "Open", "version": version(owner, f"{draft}confirm/?to=Open")}
    answer = owner.post(f"{draft}confirm/", form, follow=True)
    assert answer.redirect_chain[0] == (draft, 302)
    code = month.documents["draft"]
    assert f"{code} is now Open. Its invoice number is INV-000003. No mail goes out." in words(
        answer
    )


def test_the_dialog_notifies_unless_one_unticks_it(
    month: Month, owner: Client, published: str
) -> None:
    give_recipient(month, "pay@contoso.example")
    box = tag(owner, f"{published}status/", r'<input type="checkbox" id="id_notify".*?>')
    assert "checked" in box
    text = words(update(owner, published, to="Closed", notify="on"))
    assert "is now Closed. A mail goes out to pay@contoso.example." in text
    assert "pay@contoso.example Queued: goes out by itself" in text


def test_without_a_recipient_the_box_is_disabled_and_says_why(owner: Client, draft: str) -> None:
    for address in (f"{draft}status/", f"{draft}confirm/?to=Open"):
        box = tag(owner, address, r'<input type="checkbox" id="(id|confirm)_notify".*?>')
        assert "disabled" in box
        assert "No mail: the customer has no recipient" in read(owner, address)


def test_the_dialog_preselects_the_current_status_and_offers_what_may_follow(
    owner: Client, published: str
) -> None:
    select = tag(owner, f"{published}status/", r'<select id="id_to"[^$]*?</select>')
    assert re.findall(r"<option( selected)?>(.*?)</option>", select) == [
        (" selected", "Open"), ("", "Closed"), ("", "Past Due"), ("", "Voided"),
    ]  # fmt: skip


def test_a_draft_is_asked_for_no_reason(owner: Client, draft: str, published: str) -> None:
    assert "Reason" not in read(owner, f"{draft}status/")
    assert "Reason" in read(owner, f"{published}status/")


def test_voiding_needs_a_reason_at_its_field(owner: Client, published: str) -> None:
    answer = update(owner, published, to="Voided")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert 'href="#id_reason"' in answer.content.decode()  # type: ignore[attr-defined]
    assert "Open to Voided needs a reason" in words(answer)


def test_a_voided_document_says_what_that_means_and_lets_nothing_follow(
    owner: Client, published: str
) -> None:
    text = words(update(owner, published, to="Voided", reason="Wrong customer"))
    assert "Voided: it keeps its number and its place" in text
    assert "“Wrong customer”" in text
    assert "Voided: nothing follows" in text
    assert "Voided: it keeps its place" in text


def test_the_same_status_again_changes_nothing_and_says_what_to_choose(
    month: Month, owner: Client, published: str
) -> None:
    before = events(month)
    answer = update(owner, published, to="Open")
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert 'href="#id_to">It is Open already: choose Closed once' in answer.content.decode()  # type: ignore[attr-defined]
    assert events(month) == before


def test_a_form_that_is_sent_twice_is_answered_as_done(owner: Client, published: str) -> None:
    seen = version(owner, f"{published}status/")
    update(owner, published, to="Closed")
    again = update(owner, published, to="Closed", version=seen)
    assert "is Closed already: nothing changed." in words(again)


def test_draft_again_is_told_to_choose_open(owner: Client, draft: str) -> None:
    assert "It is Draft already: choose Open to publish it, Closed or Past Due." in words(
        update(owner, draft, to="Draft")
    )


def test_a_stale_tab_is_refused_and_names_who_changed_it(
    month: Month, owner: Client, published: str
) -> None:
    seen = version(owner, f"{published}status/")
    update(member(month, "billing"), published, to="Past Due")
    answer = update(owner, published, to="Closed", version=seen)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "was changed by billing-staff@north.example" in words(answer)


def test_a_form_without_its_version_is_refused(owner: Client, published: str) -> None:
    assert owner.post(f"{published}status/", {"to": "Closed"}).status_code == 422


def test_discarding_names_document_customer_and_total_first(
    month: Month, owner: Client, draft: str
) -> None:
    code = month.documents["draft"]
    text = read(owner, f"{draft}discard/")
    assert f"Discard {code}?" in text
    assert "of Contoso , Oracle, 1–30 Sep 2024, USD 1,554.26" in text
    answer = owner.post(f"{draft}discard/", {"version": version(owner, f"{draft}discard/")})
    assert answer.headers["Location"].endswith(f"/customers/{month.customers['Contoso']}/invoices/")
    assert "Discarded while Draft" in read(owner, draft)


def test_a_published_tax_invoice_says_why_it_is_not_discarded(
    owner: Client, published: str
) -> None:
    assert "DISCARD Published tax invoice: void it" in read(owner, published)
    assert owner.post(f"{published}discard/", {"version": "2"}).status_code == 422


def test_the_due_date_of_a_draft_is_edited_and_shown(owner: Client, draft: str) -> None:
    form = {"due_date": "2999-12-31", "version": version(owner, draft)}
    text = words(owner.post(f"{draft}edit/", form, follow=True))
    assert "The draft is saved." in text
    assert "Due date 31 Dec 2999" in text


def test_a_resend_is_said_and_kept_in_the_timeline(
    month: Month, owner: Client, published: str
) -> None:
    give_recipient(month, "pay@contoso.example")
    text = words(owner.post(f"{published}resend/", follow=True))
    assert "A mail goes out to pay@contoso.example." in text
    assert "Resent" in text


def test_what_a_tax_invoice_lacks_is_named_on_the_draft_and_in_the_confirmation(
    owner: Client, draft: str
) -> None:
    assert "your legal name" in read(owner, draft)
    assert "It lacks your legal name" in read(owner, f"{draft}confirm/?to=Open")


def test_back_goes_where_one_came_from_and_nowhere_else(
    month: Month, owner: Client, draft: str
) -> None:
    run = f"/console/north/runs/{month.run}/"
    assert f'href="{run}">BACK' in owner.get(f"{draft}?back={run}").content.decode()
    for foreign in ("https://elsewhere.example/", "//elsewhere.example/console/north/"):
        page = owner.get(f"{draft}?back={foreign}").content.decode()
        assert f'href="{foreign}' not in page
        assert 'name="back" value="https:' not in page


def test_sales_read_the_price_and_change_nothing(month: Month, published: str) -> None:
    sales = member(month, "sales")
    text = read(sales, published)
    assert "1,554.26" in text
    assert "Cost" not in text
    assert "Margin" not in text
    assert "The role sales may not change a status" in text
    assert sales.post(f"{published}status/", {"to": "Closed"}).status_code == 403
    with tenancy.using(month.reseller.pk):
        assert Document.objects.get(code=month.documents["open"]).status == "Open"


def test_staff_who_read_cost_see_the_margin_in_percent(owner: Client, published: str) -> None:
    text = read(owner, published)
    assert "Cost 777.13 Margin (50.0 %) 777.13" in text
    assert "Rule" in text


def test_the_print_view_opens_all_sections_and_marks_drafts(
    owner: Client, draft: str, published: str
) -> None:
    assert '<details class="section" open>' in owner.get(f"{draft}print/").content.decode()
    assert "DRAFT" in read(owner, f"{draft}print/")
    assert "DRAFT" not in read(owner, f"{published}print/")


def three_drafts(month: Month, tmp_path: Path) -> list[str]:
    """The draft that there is, and two of a run of its own; their Document IDs, oldest first."""
    with tenancy.using(month.reseller.pk):
        give_usage(month.reseller, tmp_path, rows_of("0090", ProviderName="Google"))
        assign_all(reseller_id=month.reseller.pk, actor=OPERATOR)
        generate(month.reseller)
        drafts = Document.objects.filter(status="Draft").order_by("counter")
        return list(drafts.values_list("code", flat=True))


def next_draft(client: Client, address: str) -> str:
    return tag(client, address, r"[^/]*(?=/[^/]*>Next draft)")


def test_drafts_are_reviewed_in_the_order_of_their_list(
    month: Month, owner: Client, tmp_path: Path
) -> None:
    _, last_but_one, last = three_drafts(month, tmp_path)
    listed = re.findall(
        r">(D-\d+)</a>", owner.get("/console/north/documents/?status=Draft").content.decode()
    )
    assert listed[:2] == [last, last_but_one]
    address = f"/console/north/documents/{last}/"
    assert "1 of 3" in read(owner, address)
    assert next_draft(owner, address) == last_but_one


def test_a_review_goes_on_from_what_is_published(
    month: Month, owner: Client, tmp_path: Path
) -> None:
    first, middle, last = three_drafts(month, tmp_path)
    for code, following in ((middle, first), (first, last)):
        address = f"/console/north/documents/{code}/"
        update(owner, address, to="Open")
        assert next_draft(owner, address) == following
    update(owner, f"/console/north/documents/{last}/", to="Open")
    assert "Next draft" not in read(owner, f"/console/north/documents/{last}/")


def test_the_drafts_of_a_run_are_reviewed_in_the_order_of_its_page(
    month: Month, owner: Client, tmp_path: Path
) -> None:
    _, first, last = three_drafts(month, tmp_path)
    with tenancy.using(month.reseller.pk):
        run = Document.objects.get(code=first).run_id
    address = f"/console/north/documents/{first}/?back=/console/north/runs/{run}/"
    assert "1 of 2" in read(owner, address)
    assert next_draft(owner, address) == last
