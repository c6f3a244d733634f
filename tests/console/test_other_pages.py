"""Usage imports, Unassigned, markups, customers, settings, help: their forms and refusals."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import focus_files
from clearbill.records import tenancy
from clearbill.records.models import Assignment, Customer
from console.reading import read, words
from doors.two_resellers import Month, member

pytestmark = pytest.mark.django_db(transaction=True)

IMPORTS = "/console/north/imports/"
ASSIGN = "/console/north/unassigned/assign/"
WAITING = {"provider": "aws", "account": "0078"}


def upload(client: Client, *rows: focus_files.Row, **form: str) -> object:
    file = SimpleUploadedFile("august.csv", focus_files.csv_text(rows).encode())
    return client.post(IMPORTS, {"files": file, **form}, follow=True)


def august(**cells: str) -> focus_files.Row:
    return focus_files.row(
        BillingPeriodStart="2024-08-01T00:00:00Z",
        BillingPeriodEnd="2024-09-01T00:00:00Z",
        ChargePeriodStart="2024-08-03T05:00:00Z",
        ChargePeriodEnd="2024-08-03T06:00:00Z",
        **cells,
    )


def test_an_upload_is_taken_in_and_shows_its_sums(owner: Client) -> None:
    text = words(upload(owner, august(BilledCost="1.23456789", SubAccountId="0099")))
    assert "1 row taken in." in text
    assert "1 new account: assign" in text
    assert "USD 1.23456789 1.23456789 0 Unbilled" in text
    assert "USD 1.23456789 1.23456789 0" in read(owner, IMPORTS)


def test_the_same_delivery_again_says_that_nothing_changed(owner: Client) -> None:
    upload(owner, august())
    assert "Already imported as import" in words(upload(owner, august()))


def test_a_bad_file_is_refused_with_line_column_value_and_reason(owner: Client) -> None:
    answer = upload(owner, august(), august(BilledCost="much"))
    assert answer.status_code == 422  # type: ignore[attr-defined]
    text = words(answer)
    assert "Nothing was imported: 1 error" in text
    assert "august.csv 3 BilledCost much" in text


def test_an_upload_without_a_file_says_so(owner: Client) -> None:
    assert "Choose at least one file." in words(owner.post(IMPORTS))


def test_auditors_read_imports_and_bring_none(month: Month) -> None:
    auditor = member(month, "auditor")
    assert "Import a delivery" not in read(auditor, IMPORTS)
    assert upload(auditor, august()).status_code == 403  # type: ignore[attr-defined]


def test_a_waiting_account_shows_its_amount_and_suggests_a_name(owner: Client) -> None:
    assert "0078 AWS USD 1.50 Nobody Assign" in read(owner, "/console/north/unassigned/")
    page = owner.get(ASSIGN, WAITING).content.decode()
    assert 'name="name" type="text" value="Contoso"' in page
    assert 'value="2024-09-01"' in page
    assert "Unbilled of Sep 2024 USD 1.50" in words(owner.get(ASSIGN, WAITING))


def test_an_account_is_given_to_a_new_customer(month: Month, owner: Client) -> None:
    answer = owner.post(ASSIGN, {**WAITING, "customer": "", "name": "Tailspin"}, follow=True)
    assert "0078 is Tailspin's from 1 Sep 2024." in words(answer)
    assert "Nothing waits" in words(answer)


def test_a_refused_assignment_makes_no_customer(month: Month, owner: Client) -> None:
    answer = owner.post(ASSIGN, {**WAITING, "name": "Tailspin", "valid_from": "2024-09-02"})
    assert answer.status_code == 422
    assert 'href="#id_valid_from"' in answer.content.decode()
    with tenancy.using(month.reseller.pk):
        assert not Customer.objects.filter(name="Tailspin").exists()


def test_an_account_is_given_to_an_existing_customer_and_taken_away(
    month: Month, owner: Client
) -> None:
    owner.post(ASSIGN, {**WAITING, "customer": str(month.customers["Fabrikam"])})
    with tenancy.using(month.reseller.pk):
        assert Assignment.objects.get(account__account="0078").customer.name == "Fabrikam"
    answer = owner.post("/console/north/unassigned/unassign/", WAITING, follow=True)
    assert "0078 is taken away from its customer." in words(answer)


def test_what_a_live_document_claims_is_not_taken_away(owner: Client) -> None:
    claimed = {"provider": "aws", "account": "0012"}
    answer = owner.post("/console/north/unassigned/unassign/", claimed)
    assert answer.status_code == 422
    assert "usage of account 0012 is on D-000001" in words(answer)


def test_one_customer_of_each_asks_first(owner: Client) -> None:
    address = "/console/north/unassigned/assign-all/"
    assert "1 account to assign." in read(owner, address)
    # The suggested name is taken, so the account's id stands behind it.
    owner.post(address)
    assert "Contoso (0078)" in read(owner, "/console/north/customers/")


def test_a_markup_is_set_and_a_bad_one_refused_at_its_field(owner: Client) -> None:
    form = {"percent": "12.5", "valid_from": "2024-10"}
    said = words(owner.post("/console/north/markups/", form, follow=True))
    assert "12.5 % from 2024-10, for all providers and all customers." in said
    answer = owner.post("/console/north/markups/", {**form, "percent": "much"})
    assert (answer.status_code, 'href="#id_percent"' in answer.content.decode()) == (422, True)


def test_auditors_read_markups_and_set_none(month: Month) -> None:
    auditor = member(month, "auditor")
    assert "Set a markup" not in read(auditor, "/console/north/markups/")
    form = {"percent": "12.5", "valid_from": "2024-10"}
    answer = auditor.post("/console/north/markups/", form)
    assert answer.status_code == 403
    assert "The role auditor may not" in words(answer)


def test_a_customer_is_made_and_changed(owner: Client) -> None:
    form = {"name": "Tailspin", "language": "en", "recipients": "a@tail.example\nb@tail.example"}
    answer = owner.post("/console/north/customers/new/", form, follow=True)
    assert "Tailspin is a customer now." in words(answer)
    address = answer.redirect_chain[-1][0]
    owner.post(address, {**form, "legal_name": "Tailspin Toys Ltd", "terms_days": "14"})
    assert "Tailspin Tailspin Toys Ltd USD a@tail.example, b@tail.example 14 days" in read(
        owner, "/console/north/customers/"
    )


def test_a_customers_currency_is_set_changed_and_stays_while_a_draft_needs_it(
    month: Month, owner: Client
) -> None:
    form = {"name": "Tailspin", "language": "de", "currency": "eur"}
    answer = owner.post("/console/north/customers/new/", form, follow=True)
    address = answer.redirect_chain[-1][0]
    assert 'name="currency" type="text" value="EUR"' in owner.get(address).content.decode()
    owner.post(address, {**form, "currency": "CHF"})
    assert "Tailspin – CHF" in read(owner, "/console/north/customers/")
    contoso = f"/console/north/customers/{month.customers['Contoso']}/"
    refused = owner.post(contoso, {"name": "Contoso", "currency": "EUR"})
    assert f"{month.documents['draft']} is a draft in another currency" in words(refused)
    assert 'href="#id_currency"' in refused.content.decode()


def test_a_customers_language_is_chosen(month: Month, owner: Client) -> None:
    address = f"/console/north/customers/{month.customers['Contoso']}/"
    assert '<option value="en" selected>English</option>' in owner.get(address).content.decode()
    owner.post(address, {"name": "Contoso", "language": "de"})
    assert '<option value="de" selected>Deutsch</option>' in owner.get(address).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("recipients", "nobody"), ("terms_days", "soon"), ("currency", "XQZ")],
)
def test_a_bad_customer_is_refused_at_its_field(owner: Client, field: str, value: str) -> None:
    answer = owner.post("/console/north/customers/new/", {"name": "Tailspin", field: value})
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode()


def test_settings_are_saved_and_bad_ones_refused(owner: Client) -> None:
    form = {"name": "North", "time_zone": "Europe/Berlin", "terms_days": "21",
            "address": "Main Street 1\r\nBerlin"}  # fmt: skip
    assert "Saved." in words(owner.post("/console/north/settings/", form, follow=True))
    assert "Main Street 1\nBerlin" in owner.get("/console/north/settings/").content.decode()
    for field, value in (("time_zone", "Berlin"), ("terms_days", ""), ("name", "")):
        answer = owner.post("/console/north/settings/", {**form, field: value})
        assert f'href="#id_{field}"' in answer.content.decode(), field


def test_the_portal_address_stands_where_the_help_says(month: Month, owner: Client) -> None:
    address = f"/console/north/customers/{month.customers['Contoso']}/"
    for page in ("/console/north/settings/", address, "/console/north/help/portal-url/"):
        assert re.search(r'value="http[^"]*/portal/north/"', owner.get(page).content.decode()), page


def test_staff_are_listed_for_those_who_may_read_users(month: Month, owner: Client) -> None:
    assert "owner-staff@north.example Owner, Active" in read(owner, "/console/north/settings/")
    sales = member(month, "sales")
    assert "Owner, Active" not in read(sales, "/console/north/settings/")
    assert sales.post("/console/north/settings/", {"name": "Mine"}).status_code == 403


def test_there_are_five_articles_and_each_page_links_its_own(owner: Client) -> None:
    assert owner.get("/console/north/help/").content.decode().count("<li><a href=") >= 5
    for page, article in (("generate/", "generate"), ("documents/", "update-status"),
                          ("settings/", "portal-url"), ("customers/1/", "end-users")):  # fmt: skip
        link = f'href="/console/north/help/{article}/">Help for this page</a>'
        assert link in owner.get(f"/console/north/{page}").content.decode(), page
