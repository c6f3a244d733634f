"""A refused form: the summary leads to the field, and the same words stand there."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from clearbill.actions.bulk import TYPED_FROM
from clearbill.actions.custom_fields import add_field
from clearbill.actions.rates import MOST_CURRENCIES
from clearbill.actions.taxes import add_tax, set_customer_taxes
from clearbill.records import tenancy
from clearbill.records.models import Document, Membership
from doors.two_resellers import OPERATOR, Month, member

pytestmark = pytest.mark.django_db(transaction=True)

Form = dict[str, Any]
LONG = "x" * 3000


def page_of(answer: Any) -> html.HtmlElement:
    assert answer.status_code == 422, answer.status_code
    return html.document_fromstring(answer.content.decode())


def led_to(page: html.HtmlElement) -> list[tuple[str, str]]:
    """Each field that a summary leads to, with the words of its link."""
    return [
        (str(link.get("href")).removeprefix("#"), link.text_content().strip())
        for link in page.xpath("//*[@data-errors]//a[starts-with(@href, '#')]")
    ]


def check_field(page: html.HtmlElement, field: str, words: str) -> None:
    """The field is one, says that it is at fault, and is described by the same words."""
    (found,) = page.xpath(f"//*[@id='{field}']")
    assert found.get("aria-invalid") == "true", field
    described = [page.xpath(f"//*[@id='{each}']") for each in found.get("aria-describedby").split()]
    assert all(len(each) == 1 for each in described), found.get("aria-describedby")
    assert any(words in each[0].text_content() for each in described), (field, words)


def check(answer: Any, *fields: str) -> None:
    page = page_of(answer)
    links = led_to(page)
    assert [field for field, _ in links] == list(fields)
    for field, words in links:
        check_field(page, field, words)


RATE = {"base": "USD", "quote": "EUR", "month": "2024-09", "rate": "1", "source": "x"}
TAX = {"form": "add", "name": "A", "category": "S", "percent": "19"}
FIELD = {"form": "add", "name": "A", "kind": "text", "visible": "on"}
INVITED = {"do": "invite", "email": "a@north.example", "role": "sales"}
SERIES = {"form": "series", "prefix": "N-", "start": "1"}
GENERAL = {"name": "North", "time_zone": "UTC", "terms_days": "30"}
CODES = [f"{a}{b}D" for a in "ABCDEFGH" for b in "ABCDEFGH"][: MOST_CURRENCIES + 1]

SETTINGS: dict[str, list[tuple[Form, str]]] = {
    "currencies/": [
        ({**RATE, "base": "US"}, "id_base"),
        ({**RATE, "quote": "USD"}, "id_quote"),
        ({**RATE, "rate": "0"}, "id_rate"),
        ({**RATE, "month": "9"}, "id_month"),
        ({**RATE, "source": ""}, "id_source"),
        ({"form": "file"}, "id_file"),
        ({"form": "shown", "another": "US$"}, "id_another"),
        ({"form": "shown", "currency": CODES}, "id_another"),
    ],
    "taxes/": [
        ({**TAX, "name": ""}, "id_name"),
        ({**TAX, "category": "?"}, "id_category"),
        ({**TAX, "percent": "x"}, "id_percent"),
        ({**TAX, "category": "E", "percent": "0"}, "id_reason"),
        ({"form": "retire", "tax": "99"}, ""),
    ],
    "fields/": [
        ({**FIELD, "name": ""}, "name_new"),
        ({**FIELD, "kind": "?"}, "kind_new"),
        ({**FIELD, "kind": "choice"}, "choices_new"),
        ({"form": "add", "name": "A", "kind": "text", "printed": "on"}, "printed_new"),
        ({**FIELD, "form": "change", "field": "99"}, ""),
    ],
    "people/": [
        ({**INVITED, "email": "nobody"}, "id_email"),
        ({**INVITED, "role": "king"}, "id_role"),
        ({"do": "dance"}, ""),
    ],
    "numbers/": [
        ({**SERIES, "prefix": "?"}, "id_prefix"),
        ({**SERIES, "start": "0"}, "id_start"),
        ({"form": "kind", "kind": "?"}, "id_kind"),
    ],
    "": [
        ({**GENERAL, "terms_days": "soon"}, "id_terms_days"),
        ({**GENERAL, "time_zone": "Berlin"}, "id_time_zone"),
    ],
    "branding/": [({"colour": "#ffff00", "accent_colour": "#1d4f91"}, "id_colour")],
    "mails/": [({"kind": "published", "bcc": "nobody"}, "id_bcc")],
}
"""By the address below the settings: what is sent, and the field that it is refused at."""


def test_settings_are_refused_at_the_field(owner: Client) -> None:
    for address, cases in SETTINGS.items():
        for form, field in cases:
            answer = owner.post(f"/console/north/settings/{address}", form)
            check(answer, *filter(None, [field]))


def test_a_bad_file_of_rates_marks_its_field(owner: Client) -> None:
    file = SimpleUploadedFile("rates.csv", b"Date, USD\n30 October 2026, x\n")
    answer = owner.post("/console/north/settings/currencies/", {"form": "file", "file": file})
    (found,) = page_of(answer).xpath("//*[@id='id_file']")
    assert found.get("aria-invalid") == "true"


def test_a_tax_that_customers_have_is_refused_in_its_row(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        given: dict[str, Any] = {"reseller_id": month.reseller.pk, "actor": OPERATOR}
        made = add_tax(name="VAT", percent="19", **given)
        set_customer_taxes(customer_id=month.customers["Contoso"], tax_ids=[made.pk], **given)
    check(
        owner.post("/console/north/settings/taxes/", {"form": "retire", "tax": str(made.pk)}),
        "id_tax",
    )


def test_a_customers_taxes_are_refused_at_the_first_of_them(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        made = add_tax(reseller_id=month.reseller.pk, actor=OPERATOR, name="VAT", percent="19")
    address = f"/console/north/customers/{month.customers['Contoso']}/billing/"
    check(owner.post(address, {"form": "taxes", "tax": [str(made.pk)] * 2}), "id_tax_1")


def test_without_a_tax_to_choose_none_is_led_to(month: Month, owner: Client) -> None:
    address = f"/console/north/customers/{month.customers['Contoso']}/billing/"
    check(owner.post(address, {"form": "taxes", "tax": ["99"]}))


@pytest.fixture
def phase(month: Month) -> int:
    """A custom field that offers a choice."""
    with tenancy.using(month.reseller.pk):
        return add_field(
            reseller_id=month.reseller.pk,
            actor=OPERATOR,
            name="Phase",
            kind="choice",
            choices=["One", "Two"],
        ).pk


def test_a_field_that_changes_is_refused_in_its_own_form(owner: Client, phase: int) -> None:
    address = "/console/north/settings/fields/"
    form = {"form": "change", "field": str(phase), "name": "Phase", "choices": "One", "active": "1"}
    for name, value in (("name", ""), ("position", "1000"), ("choices", "")):
        answer = owner.post(address, {**form, name: value})
        check(answer, f"{name}_{phase}")
        (typed,) = page_of(answer).xpath(f"//*[@id='{name}_{phase}']")
        assert (typed.get("value") or typed.text or "").strip() == value


def test_a_default_is_refused_at_its_field(month: Month, owner: Client, phase: int) -> None:
    address = f"/console/north/customers/{month.customers['Contoso']}/billing/"
    form = {"form": "defaults", f"field_{phase}": "Three"}
    check(owner.post(address, form), f"id_field_{phase}")


LINE = {"text": "A", "amount": "1", "charge_type": "Fee"}
EDITS: list[tuple[str, Form, str]] = [
    ("edit/", {"due_date": "2001-01-01"}, "id_due_date"),
    ("edit/", {"due_date": "soon"}, "id_due_date"),
    ("edit/", {"purchase_order": LONG}, "id_purchase_order"),
    ("edit/", {"note": LONG}, "id_note"),
    ("lines/", {**LINE, "text": ""}, "id_text"),
    ("lines/", {**LINE, "text": LONG}, "id_text"),
    ("lines/", {**LINE, "amount": "x"}, "id_amount"),
    ("lines/", {**LINE, "charge_type": "?"}, "id_charge_type"),
]


def test_a_drafts_form_is_refused_at_the_field(month: Month, owner: Client, draft: str) -> None:
    version = version_of(month, "draft")
    for address, form, field in EDITS:
        check(owner.post(f"{draft}{address}", {**form, "version": version}), field)


def version_of(month: Month, name: str) -> int:
    with tenancy.using(month.reseller.pk):
        return Document.objects.get(code=month.documents[name]).version


def test_a_drafts_custom_field_is_refused_at_it(
    month: Month, owner: Client, draft: str, phase: int
) -> None:
    form = {f"field_{phase}": "Three", "version": version_of(month, "draft")}
    check(owner.post(f"{draft}edit/", form), f"id_field_{phase}")


def test_what_is_no_draft_any_more_leads_to_no_field(
    month: Month, owner: Client, published: str
) -> None:
    form = {"due_date": "2099-01-01", "version": version_of(month, "open")}
    check(owner.post(f"{published}edit/", form))


STATUSES: list[tuple[str, str, Form, str]] = [
    ("open", "status/", {"to": "Voided"}, "id_reason"),
    ("open", "status/", {"to": "Voided", "reason": LONG}, "id_reason"),
    ("open", "status/", {"to": "Closed", "paid_on": "2099-01-01"}, "id_paid_on"),
    ("open", "status/", {"to": "Closed", "paid_on": "soon"}, "id_paid_on"),
    ("open", "status/", {"to": "Closed", "payment_comment": LONG}, "id_payment_comment"),
    ("open", "status/", {"to": "Nothing"}, "id_to"),
    ("open", "status/", {"to": "Draft"}, "id_to"),
    ("draft", "status/", {"to": "Open", "issued": "2099-01-01"}, "id_issued"),
    ("draft", "status/", {"to": "Open", "issued": "soon"}, "id_issued"),
    ("draft", "status/", {"to": "Open", "reason": LONG}, ""),
    ("draft", "confirm/", {"to": "Voided"}, ""),
    ("draft", "confirm/", {"to": "Open", "issued": "soon"}, ""),
]


def test_a_change_of_status_is_refused_at_the_field(month: Month, owner: Client) -> None:
    for name, part, form, field in STATUSES:
        address = f"/console/north/documents/{month.documents[name]}/{part}"
        answer = owner.post(address, {**form, "version": version_of(month, name)})
        check(answer, *filter(None, [field]))


def test_a_stale_draft_is_refused_at_the_tick(month: Month, owner: Client, draft: str) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(stale="newer usage")
    form = {"to": "Open", "version": version_of(month, "draft")}
    for part in ("status/", "confirm/"):
        check(owner.post(f"{draft}{part}", form), "id_as_it_stands")


def test_a_form_that_is_stale_itself_leads_nowhere_it_cannot(
    month: Month, owner: Client, draft: str
) -> None:
    check(owner.post(f"{draft}confirm/", {"to": "Open", "version": "0"}))
    check(owner.post(f"{draft}status/", {"to": "Open", "version": "0"}))


def test_the_last_owners_role_is_refused_at_the_role(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        member_id = Membership.objects.get(user__email="owner-staff@north.example").pk
    address = f"/console/north/settings/people/{member_id}/"
    check(owner.post(address, {"do": "role", "id": member_id, "role": "sales"}), "id_role")
    check(owner.post(address, {"do": "suspend", "id": member_id}))


def test_portal_users_are_refused_at_the_field(month: Month, owner: Client) -> None:
    address = f"/console/north/customers/{month.customers['Contoso']}/users/"
    check(owner.post(address, {"do": "invite", "email": "nobody"}), "id_email")
    check(owner.post(address, {"do": "dance"}))


def test_a_portal_administrators_invitation_is_refused_at_the_field(month: Month) -> None:
    client = member(month, "portal", "Contoso")
    Membership.objects.filter(customer_id=month.customers["Contoso"]).update(is_admin=True)
    check(client.post("/portal/north/users/", {"do": "invite", "email": "nobody"}), "id_email")


TICKET = {"subject": "S", "category": "Other", "priority": "Low", "text": "T"}


@pytest.mark.parametrize("address", ["/console/north/tickets/new/", "/portal/north/support/new/"])
def test_a_ticket_is_refused_at_each_field(month: Month, owner: Client, address: str) -> None:
    client = owner if "console" in address else member(month, "portal", "Contoso")
    check(client.post(address, {}), "id_subject", "id_category", "id_priority", "id_text")
    answer = client.post(address, {**TICKET, "document": "D-9"})
    check(answer, "id_document")
    (typed,) = page_of(answer).xpath("//*[@name='document']")
    assert (typed.get("type"), typed.get("value")) == ("text", "D-9")


def test_a_customer_is_refused_at_the_field(owner: Client) -> None:
    form = {"name": "Tailspin", "currency": "XQZ"}
    check(owner.post("/console/north/customers/new/", form), "id_currency")
    check(owner.post("/console/north/customers/new/", {"name": LONG}), "id_name")


def test_an_assignment_is_refused_at_the_field(owner: Client) -> None:
    account = {"provider": "aws", "account": "0078"}
    address = "/console/north/unassigned/assign/"
    check(owner.post(address, {**account, "customer": "99"}), "id_customer")
    check(owner.post(address, {**account, "name": "A", "valid_from": "soon"}), "id_valid_from")
    claimed = {"provider": "aws", "account": "0012"}
    check(owner.post("/console/north/unassigned/unassign/", claimed))


def test_a_markup_is_refused_at_the_field(owner: Client) -> None:
    form = {"percent": "1", "valid_from": "2024-10"}
    for name, value in (("percent", "x"), ("provider", "?"), ("customer", "99")):
        check(owner.post("/console/north/markups/", {**form, name: value}), f"id_{name}")


def test_many_documents_are_confirmed_at_the_field(month: Month, owner: Client) -> None:
    seen = f"{month.documents['open']}:{version_of(month, 'open')}"
    start, form = "/console/north/bulk/start/", {"what": "status", "seen": seen}
    check(owner.post(start, {**form, "to": "Voided"}), "id_reason")
    check(owner.post(start, {**form, "to": "Closed", "paid_on": "soon"}), "id_paid_on")
    many = ",".join(f"D-{number:06d}:1" for number in range(1, TYPED_FROM + 2))
    check(owner.post(start, {**form, "seen": many, "to": "Open"}), "id_count")


def test_payments_are_refused_at_the_file(owner: Client) -> None:
    check(owner.post("/console/north/bulk/paid/", {}), "id_file")
