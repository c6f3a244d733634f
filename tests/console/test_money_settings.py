"""Settings: currencies, taxes, custom fields, and what a customer has of them."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clearbill.records import tenancy
from clearbill.records.models import (
    BillingProfile,
    CustomField,
    Document,
    ExchangeRate,
    ResellerSettings,
    TaxRate,
)
from console.reading import read, words
from doors.two_resellers import Month, member

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = "/console/north/settings/"
RATE = {
    "form": "rate",
    "base": "USD",
    "quote": "EUR",
    "month": "2024-09",
    "rate": "0.9",
    "source": "ECB",
}
TAX = {"form": "add", "name": "VAT", "category": "S", "percent": "20", "reason": ""}


def test_a_rate_is_set_listed_and_kept_in_versions(month: Month, owner: Client) -> None:
    address = f"{SETTINGS}currencies/"
    assert "No rates yet" in read(owner, address)
    owner.post(address, RATE)
    owner.post(address, {**RATE, "rate": "0.91"})
    assert "Sep 2024 USD in EUR 1 USD in EUR 0.91 ECB" in read(owner, address)
    versions = read(owner, f"{address}?pair=USD-EUR&month=2024-09")
    assert "0.91 ECB 2" in versions
    assert "0.9 ECB 1" in versions


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"rate": "0,9"}, "rate"), ({"base": "US"}, "base"), ({"month": "9/24"}, "month")],
)
def test_a_bad_rate_is_refused_at_its_field(
    month: Month, owner: Client, changed: dict[str, str], field: str
) -> None:
    answer = owner.post(f"{SETTINGS}currencies/", {**RATE, **changed})
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode()


def test_a_file_of_the_ecb_is_taken_in(month: Month, owner: Client) -> None:
    text = b"Date, USD, JPY, \n30 October 2026, 1.0844, 162.53, \n"
    file = SimpleUploadedFile("eurofxref.csv", text)
    answer = owner.post(f"{SETTINGS}currencies/", {"form": "file", "file": file}, follow=True)
    assert "2 rates, 2 new" in words(answer)
    with tenancy.using(month.reseller.pk):
        assert ExchangeRate.objects.get(quote="USD").rate == Decimal("1.0844")


def test_a_bad_file_names_line_and_column(month: Month, owner: Client) -> None:
    file = SimpleUploadedFile("eurofxref.csv", b"Date, USD\n30 October 2026, x\n")
    answer = owner.post(f"{SETTINGS}currencies/", {"form": "file", "file": file})
    assert answer.status_code == 422
    assert "eurofxref.csv, line 2, column USD" in words(answer)


def test_currencies_to_show_are_switched_on(month: Month, owner: Client) -> None:
    owner.post(f"{SETTINGS}currencies/", {"form": "shown", "another": "chf"})
    with tenancy.using(month.reseller.pk):
        assert ResellerSettings.objects.get().currencies == ["CHF"]


def test_a_tax_is_added_given_and_reaches_the_draft(month: Month, owner: Client) -> None:
    owner.post(f"{SETTINGS}taxes/", TAX)
    with tenancy.using(month.reseller.pk):
        tax = TaxRate.objects.get().pk
        before = Document.objects.get(code=month.documents["draft"])
    address = f"/console/north/customers/{month.customers['Contoso']}/billing/"
    answer = owner.post(address, {"form": "taxes", "tax": [str(tax), ""]}, follow=True)
    assert f"Computed anew: {before.code}" in words(answer)
    with tenancy.using(month.reseller.pk):
        after = Document.objects.get(pk=before.pk)
    assert after.tax == (before.subtotal / 5).quantize(Decimal("0.01"))
    assert "VAT 20 % on" in read(owner, f"/console/north/documents/{before.code}/")


def test_taxes_that_cannot_stand_together_are_refused(month: Month, owner: Client) -> None:
    reverse = {"name": "RC", "category": "AE", "percent": "0", "reason": "Article 196"}
    for given in (TAX, {**TAX, **reverse}):
        owner.post(f"{SETTINGS}taxes/", given)
    with tenancy.using(month.reseller.pk):
        ids = [str(pk) for pk in TaxRate.objects.values_list("pk", flat=True)]
    address = f"/console/north/customers/{month.customers['Contoso']}/billing/"
    answer = owner.post(address, {"form": "taxes", "tax": ids})
    assert answer.status_code == 422
    assert "stands alone" in words(answer)


def test_an_exemption_without_a_reason_is_refused_at_its_field(month: Month, owner: Client) -> None:
    answer = owner.post(f"{SETTINGS}taxes/", {**TAX, "category": "E", "percent": "0"})
    assert answer.status_code == 422
    assert 'href="#id_reason"' in answer.content.decode()


def test_a_custom_field_is_added_changed_and_has_defaults(month: Month, owner: Client) -> None:
    address = f"{SETTINGS}fields/"
    added = {"form": "add", "name": "Phase", "kind": "choice", "choices": "One\nTwo"}
    owner.post(address, {**added, "printed": "on", "visible": "on"})
    with tenancy.using(month.reseller.pk):
        field = CustomField.objects.get()
    assert (field.choices, field.required, field.printed) == (["One", "Two"], False, True)
    customer = month.customers["Contoso"]
    billing = f"/console/north/customers/{customer}/billing/"
    owner.post(billing, {"form": "defaults", f"field_{field.pk}": "Two"})
    with tenancy.using(month.reseller.pk):
        assert BillingProfile.objects.get(customer=customer).custom_fields == {str(field.pk): "Two"}
    answer = owner.post(address, {"form": "add", "name": "phase", "kind": "text"})
    assert answer.status_code == 422
    assert "exists already" in words(answer)


@pytest.mark.parametrize("page", ["currencies", "taxes", "fields"])
def test_sales_reads_settings_and_changes_none(month: Month, page: str) -> None:
    sales = member(month, "sales")
    assert sales.get(f"{SETTINGS}{page}/").status_code == 200
    assert sales.post(f"{SETTINGS}{page}/", TAX).status_code == 403


def test_another_number_series_begins_on_its_page(month: Month, owner: Client) -> None:
    address = f"{SETTINGS}numbers/"
    assert "Next number INV-000003" in read(owner, address)
    answer = owner.post(address, {"form": "series", "prefix": "R-", "start": "70"}, follow=True)
    assert "The next invoice number is R-000070." in words(answer)
    assert (
        owner.post(address, {"form": "series", "prefix": "INV-", "start": "1"}).status_code == 422
    )
    owner.post(address, {"form": "kind", "kind": "statement"})
    assert '<option value="statement" selected>' in owner.get(address).content.decode()
