"""What stands around the lines: cost in its own currency, the period before, the printed page."""

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from clearbill.actions.branding import set_branding, set_logo
from clearbill.actions.custom_fields import add_field
from clearbill.actions.edit_draft import change_draft
from clearbill.actions.own_lines import add_own_line
from clearbill.actions.rates import set_rate, show_in
from clearbill.actions.refresh import refresh_drafts
from clearbill.records import tenancy
from clearbill.records.models import BillingProfile
from clearbill.rules.lifecycle import Status
from console.reading import read
from doors.two_resellers import OPERATOR, Month, member
from makers import change

pytestmark = pytest.mark.django_db(transaction=True)

SEPTEMBER = date(2024, 9, 1)


def verb(month: Month, document: str) -> dict[str, object]:
    code = month.documents[document]
    return {"reseller_id": month.reseller.pk, "actor": OPERATOR, "document": code}


def look(month: Month, **changes: str) -> None:
    values = {"colour": "#1d4f91", "accent_colour": "#1f5aa6", "footer": "", **changes}
    set_branding(reseller_id=month.reseller.pk, actor=OPERATOR, **values)


def test_cost_is_shown_in_the_currency_that_it_is_in(month: Month, owner: Client) -> None:
    show_in(reseller_id=month.reseller.pk, actor=OPERATOR, currencies=["EUR"])
    set_rate(reseller_id=month.reseller.pk, actor=OPERATOR, base="USD", quote="EUR",
             month=SEPTEMBER, rate="0.5", source="Treasury")  # fmt: skip
    page = f"/console/north/documents/{month.documents['draft']}/"
    assert "Cost USD 777.131 Margin USD 777.131" in read(owner, page)
    shown = read(owner, f"{page}?currency=EUR")
    assert "Cost USD 777.131 Cost converted EUR 388.5655 Margin EUR 388.5655" in shown


def test_own_lines_stay_in_the_documents_currency_beside_another(
    month: Month, owner: Client
) -> None:
    add_own_line(text="Setup", amount="9.00", charge_type="Fee", **verb(month, "draft"))  # type: ignore[arg-type]
    show_in(reseller_id=month.reseller.pk, actor=OPERATOR, currencies=["EUR"])
    set_rate(reseller_id=month.reseller.pk, actor=OPERATOR, base="USD", quote="EUR",
             month=SEPTEMBER, rate="0.5", source="Treasury")  # fmt: skip
    page = f"/console/north/documents/{month.documents['draft']}/?currency=EUR"
    assert "Setup 9.00 Remove" in read(owner, page)


def test_print_has_what_the_pdf_has(month: Month, owner: Client) -> None:
    fields = {
        name: add_field(reseller_id=month.reseller.pk, actor=OPERATOR, name=name, kind="text",
                        printed=name == "Printed").pk
        for name in ("Printed", "On screen")
    }  # fmt: skip
    values = {pk: f"{name} value" for name, pk in fields.items()}
    change_draft(fields=values, **verb(month, "draft"))  # type: ignore[arg-type]
    look(month, footer="Registered in Kiel")
    page = f"/console/north/documents/{month.documents['draft']}/"
    printed, screen = read(owner, f"{page}print/"), read(owner, page)
    assert "Printed value" in printed
    assert "On screen value" not in printed
    assert "On screen value" in screen
    assert "Registered in Kiel" in printed
    assert "Registered in Kiel" in screen


def test_print_has_the_logo_the_colours_and_the_language_of_the_document(
    month: Month, owner: Client
) -> None:
    out = BytesIO()
    Image.new("RGB", (40, 10), "#0f766e").save(out, "PNG")
    set_logo(reseller_id=month.reseller.pk, actor=OPERATOR, data=out.getvalue())
    look(month, accent_colour="#0f766e")
    with tenancy.using(month.reseller.pk):
        BillingProfile.objects.update(language="de")
    page = f"/console/north/documents/{month.documents['draft']}/print"
    answer = owner.get(f"{page}/").content.decode()
    assert '<html lang="de">' in answer
    assert "Zwischensumme" in answer
    assert 'class="print-logo" src="data:image/png;base64,' in answer
    assert "--bar: #0f766e" in owner.get(f"{page}.css").content.decode()


def test_without_usage_rows_each_door_says_why(month: Month, owner: Client) -> None:
    from clearbill.actions.accounts import unassign_account

    add_own_line(text="Setup", amount="9.00", charge_type="Fee", **verb(month, "draft"))  # type: ignore[arg-type]
    unassign_account(reseller_id=month.reseller.pk, actor=OPERATOR, provider="oracle",
                     account="0034")  # fmt: skip
    code = month.documents["draft"]
    refresh_drafts(reseller_id=month.reseller.pk, actor=OPERATOR, documents=[code])
    page = f"/console/north/documents/{code}/"
    assert "Detailed CSV: It has no usage rows" in read(owner, page)
    answer = owner.get(f"{page}detailed-csv/", follow=True)
    assert f"No Detailed CSV of {code}: It has no usage rows." in answer.content.decode()
    with tenancy.using(month.reseller.pk):
        change(month.reseller, code, to=Status.OPEN)
    customer = member(month, "portal", "Contoso")
    assert "Detailed CSV: it has no usage rows" in read(customer, f"/portal/north/invoices/{code}/")
    assert customer.get(f"/portal/north/invoices/{code}/detailed-csv/").status_code == 404


def test_letters_without_a_font_are_named_on_the_draft(month: Month, owner: Client) -> None:
    add_own_line(text="Linear B 𐀀", amount="9.00", charge_type="Fee", **verb(month, "draft"))  # type: ignore[arg-type]
    page = f"/console/north/documents/{month.documents['draft']}/"
    assert "No font has these letters" in read(owner, page)
    assert "𐀀 U+10000" in read(owner, page)


def tax_lines(client: Client, page: str) -> list[str]:
    totals = client.get(page).content.decode().partition('<dl class="totals">')[2]
    return re.findall(r"<dt[^>]*>(.*?)[ <]", totals.partition("</dl>")[0])


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ["Subtotal", "Tax", "Total"]),
        (["VAT"], ["Subtotal", "VAT", "Total"]),
        (["VAT", "Levy"], ["Subtotal", "VAT", "Levy", "Tax", "Total"]),
    ],
)
def test_the_sum_of_taxes_is_shown_where_it_is_not_one_of_them(
    month: Month, owner: Client, names: list[str], shown: list[str]
) -> None:
    from clearbill.actions.taxes import add_tax, set_customer_taxes

    given: dict[str, Any] = {"reseller_id": month.reseller.pk, "actor": OPERATOR}
    taxes = [add_tax(name=name, percent="19", **given).pk for name in names]
    set_customer_taxes(customer_id=month.customers["Contoso"], tax_ids=taxes, **given)
    page = f"/console/north/documents/{month.documents['draft']}/"
    assert tax_lines(owner, page) == tax_lines(owner, f"{page}print/") == shown


def test_exact_amounts_are_grouped_and_stay_on_one_line(month: Month, owner: Client) -> None:
    page = owner.get(f"/console/north/documents/{month.documents['draft']}/").content.decode()
    assert '<dt>Exact amount</dt><dd class="nowrap">USD 1,554.262</dd>' in page


def test_the_tax_of_a_line_is_among_its_details(month: Month, owner: Client) -> None:
    from clearbill.actions.taxes import add_tax, set_customer_taxes

    tax = add_tax(reseller_id=month.reseller.pk, actor=OPERATOR, name="VAT", category="S",
                  percent="19", reason="")  # fmt: skip
    set_customer_taxes(reseller_id=month.reseller.pk, actor=OPERATOR,
                       customer_id=month.customers["Contoso"], tax_ids=[tax.pk])  # fmt: skip
    page = f"/console/north/documents/{month.documents['draft']}/"
    assert "Tax 19 %" in read(owner, page)
