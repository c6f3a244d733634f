"""What staff set and add beside a draft, as forms without any script."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from clearbill.actions.custom_fields import add_field
from clearbill.actions.staleness import NEWER_USAGE
from clearbill.records import clock, tenancy
from clearbill.records.models import CustomField, Document, ExchangeRate, ResellerSettings
from console.reading import read, tag, words
from console.test_document_page import update, version
from doors.two_resellers import OPERATOR, Month, member

pytestmark = pytest.mark.django_db(transaction=True)


def post(client: Client, draft: str, name: str, **form: str) -> Any:
    """Send one of the draft's forms as it stands on the page."""
    form.setdefault("version", version(client, draft))
    return client.post(f"{draft}{name}/", form, follow=True)


def stored(month: Month, name: str = "draft") -> Document:
    with tenancy.using(month.reseller.pk):
        return Document.objects.get(code=month.documents[name])


def a_rate(month: Month, value: str = "0.5", day: date = date(2024, 9, 27)) -> None:
    with tenancy.using(month.reseller.pk):
        ExchangeRate.objects.create(
            reseller=month.reseller,
            base="USD",
            quote="EUR",
            span="day",
            day=day,
            rate=Decimal(value),
            source="ECB",
            version=1,
            who="me",
            created_at=clock.now(),
        )
        ResellerSettings.objects.update(currencies=["EUR", "CHF"])


def test_an_own_line_is_added_and_removed(month: Month, owner: Client, draft: str) -> None:
    before = stored(month).total
    post(owner, draft, "lines", text="Setup", amount="25.00", charge_type="One-time")
    assert stored(month).total == before + 25
    page = owner.get(draft).content.decode()
    assert "Additional charges" in page
    found = re.search(r"lines/(\d+)/", page)
    assert found is not None
    post(owner, draft, f"lines/{found[1]}")
    assert stored(month).total == before


def test_a_bad_amount_comes_back_at_its_field(owner: Client, draft: str) -> None:
    answer = post(owner, draft, "lines", text="Setup", amount="1,50", charge_type="Fee")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "#id_amount" in page
    assert 'value="1,50" aria-invalid="true"' in page


def test_order_and_note_are_kept_and_the_printed_note_is_shown(
    month: Month, owner: Client, draft: str
) -> None:
    post(owner, draft, "edit", purchase_order="PO-7", note="Paid in advance.", note_printed="on")
    document = stored(month)
    assert (document.purchase_order, document.note) == ("PO-7", "Paid in advance.")
    assert "Paid in advance." in words(owner.get(f"{draft}print/"))
    post(owner, draft, "edit", note="Call them first.")
    assert "Call them first." not in words(owner.get(f"{draft}print/"))


def test_a_required_field_holds_publication_back(month: Month, owner: Client, draft: str) -> None:
    with tenancy.using(month.reseller.pk):
        field = add_field(
            reseller_id=month.reseller.pk,
            actor=OPERATOR,
            name="Cost centre",
            kind="text",
            required=True,
        )
    link = f'<a href="#id_field_{field.pk}">Cost centre</a>'
    assert f"Fill in before it is published: {link}" in owner.get(draft).content.decode()
    for dialog in ("status/", "confirm/?to=Open"):
        page = owner.get(f"{draft}{dialog}").content.decode()
        assert f'Fill in first: <a href="{draft}#id_field_{field.pk}">' in page
    refused = update(owner, draft, to="Open")
    assert "Fill in first: Cost centre" in words(refused)
    post(owner, draft, "edit", **{f"field_{field.pk}": "4711"})
    update(owner, draft, to="Open")
    assert stored(month).status == "Open"
    assert "Cost centre 4711" in read(owner, draft)


def test_one_save_takes_all_that_was_typed(month: Month, owner: Client, draft: str) -> None:
    page = owner.get(draft).content.decode()
    assert re.findall(r">(Save[^<]*)<", page) == ["Save"]
    post(owner, draft, "edit", due_date="2999-01-01", purchase_order="PO-7", note="Thanks")
    document = stored(month)
    assert (document.due_date, document.purchase_order) == (date(2999, 1, 1), "PO-7")
    assert (document.note, document.note_printed, document.version) == ("Thanks", False, 2)


def test_what_was_typed_is_kept_where_one_part_is_refused(
    month: Month, owner: Client, draft: str
) -> None:
    form = {"due_date": "2001-01-01", "purchase_order": "PO-7", "note": "Thanks"}
    answer = post(owner, draft, "edit", **form, note_printed="on")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_due_date"' in page
    for kept in ('value="2001-01-01"', 'value="PO-7"', ">Thanks</textarea>"):
        assert kept in page
    assert 'name="note_printed" checked' in page
    assert stored(month).version == 1


def test_a_stale_draft_asks_before_it_is_published(month: Month, owner: Client, draft: str) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(stale=NEWER_USAGE)
    assert "See the difference and refresh" in read(owner, draft)
    assert "refresh it, or publish it as it stands" in words(update(owner, draft, to="Open"))
    update(owner, draft, to="Open", as_it_stands="on")
    assert stored(month).status == "Open"


def test_the_difference_is_a_page_and_a_refresh_its_answer(
    month: Month, owner: Client, draft: str
) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(stale=NEWER_USAGE)
    page = read(owner, f"{draft}refresh/")
    assert "What a refresh changes" in page
    assert "1 line stays as they are" in page or "lines stay" in page
    after = tag(owner, f"{draft}refresh/", r'(?<=name="after" value=")[^"]*')
    form = {"version": version(owner, f"{draft}refresh/"), "after": after}
    answer = owner.post(f"{draft}refresh/", form, follow=True)
    assert "holds its usage and prices as they are now" in words(answer)
    assert stored(month).stale == ""


def test_a_published_document_is_not_refreshed(owner: Client, published: str) -> None:
    answer = owner.get(f"{published}refresh/")
    assert "only a draft is computed anew" in words(answer)
    assert post(owner, published, "refresh").status_code == 422


def test_sales_sees_no_form(month: Month, draft: str) -> None:
    page = member(month, "sales").get(draft).content.decode()
    assert "id_amount" not in page
    assert "id_note" not in page


def test_another_currency_is_on_the_screen_alone(month: Month, owner: Client, draft: str) -> None:
    a_rate(month)
    total = stored(month).total
    page = owner.get(f"{draft}?currency=EUR")
    assert "Shown in EUR to read, not to pay." in words(page)
    assert f"EUR {total / 2:,.2f}" in words(page)
    assert f"Payable: USD {total:,.2f}" in words(page)
    assert "Shown in" not in read(owner, f"{draft}print/?currency=EUR")
    csv = owner.get(f"{draft}csv/?currency=EUR").content.decode()
    assert "EUR" not in csv


def test_only_currencies_with_a_rate_are_offered(month: Month, owner: Client, draft: str) -> None:
    a_rate(month)
    page = owner.get(draft).content.decode()
    select = page.partition('id="currency"')[2].partition("</select>")[0]
    assert re.findall(r"<option.*?>(\w+)<", select) == ["USD", "EUR"]
    assert "Shown in" not in read(owner, f"{draft}?currency=CHF")


def test_the_portal_shows_the_same_choice(month: Month) -> None:
    issued = stored(month, "open").issue_date
    assert issued is not None
    a_rate(month, day=issued)
    page = member(month, "portal", customer="Contoso").get(
        f"/portal/north/invoices/{month.documents['open']}/?currency=EUR"
    )
    assert "Shown in EUR to read, not to pay." in words(page)


def test_the_issue_date_is_asked_for_once(month: Month, owner: Client, draft: str) -> None:
    answer = update(owner, draft, to="Open", issued="2999-01-01")
    assert "lies in the future" in words(answer)
    update(owner, draft, to="Open", issued=clock.now().date().isoformat())
    assert stored(month).issue_date == clock.now().date()


STALE = "/console/north/stale-drafts/"


def rows_of_the_form(client: Client) -> list[str]:
    return re.findall(r'name="row" value="([^"]*)"', client.get(STALE).content.decode())


def test_stale_drafts_show_what_they_come_to_and_are_refreshed_in_one_go(
    month: Month, owner: Client, draft: str
) -> None:
    assert "No draft is stale" in read(owner, STALE)
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(stale=NEWER_USAGE)
    page = read(owner, STALE)
    assert f"{month.documents['draft']} Contoso Oracle 1–30 Sep 2024 USD 1,554.26 1,554.26" in page
    assert "No line changes" in page
    assert member(month, "sales").post(STALE).status_code == 403
    done = owner.post(STALE, {"row": rows_of_the_form(owner)}, follow=True)
    assert f"{month.documents['draft']} holds its usage and prices as they are now." in words(done)
    assert stored(month).stale == ""


def test_a_draft_that_changed_since_it_was_listed_is_not_refreshed(
    month: Month, owner: Client, draft: str
) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(stale=NEWER_USAGE)
    listed = rows_of_the_form(owner)
    post(owner, draft, "edit", note="Look again")
    assert "look at it again" in words(owner.post(STALE, {"row": listed}, follow=True))
    assert stored(month).stale == NEWER_USAGE


def test_a_required_field_says_how_many_drafts_wait_for_it(
    month: Month, owner: Client, draft: str
) -> None:
    form = {"form": "add", "name": "Project", "kind": "text", "choices": ""}
    address = "/console/north/settings/fields/"
    waits = "1 draft cannot be published until Project is filled in"
    assert waits not in words(owner.post(address, form, follow=True))
    with tenancy.using(month.reseller.pk):
        field = CustomField.objects.get(name="Project").pk
    change = {**form, "form": "change", "field": str(field), "active": "1", "required": "1"}
    assert waits in words(owner.post(address, change, follow=True))
    post(owner, draft, "edit", **{f"field_{field}": "Blue"})
    assert waits not in words(owner.post(address, change, follow=True))
