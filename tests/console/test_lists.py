"""Customer Invoices: customers, the invoices table, ranges, search, pages."""

import re
from datetime import date

import pytest
from django.test import Client

from clearbill.actions.customers import add_customer, change_customer
from console.reading import read
from doors.two_resellers import OPERATOR, Month

pytestmark = pytest.mark.django_db(transaction=True)

START = "/console/north/"
DOCUMENTS = "/console/north/documents/"


def table(month: Month) -> str:
    return f"/console/north/customers/{month.customers['Contoso']}/invoices/"


def rows(client: Client, address: str) -> list[str]:
    """The Document IDs that a table lists."""
    return re.findall(r">(D-\d+)</a>", client.get(address).content.decode())


def test_it_opens_on_the_customers_with_what_is_to_do(owner: Client) -> None:
    text = read(owner, START)
    assert "Customer Drafts Open Past due" in text
    assert "Contoso 1 1 –" in text


def test_a_row_opens_what_its_link_opens(month: Month, owner: Client) -> None:
    page = owner.get(START).content.decode()
    assert f'<tr data-open="{table(month)}"><td><a href="{table(month)}">Contoso</a>' in page


def test_the_search_at_the_top_finds_a_customer_by_the_domain_of_its_people(
    month: Month, owner: Client
) -> None:
    change_customer(
        reseller_id=month.reseller.pk,
        actor=OPERATOR,
        customer_id=month.customers["Contoso"],
        recipients=["ap@contoso-industries.example"],
    )
    text = read(owner, "/console/north/search/?q=contoso-industries.ex")
    assert "Contoso" in text
    assert "Fabrikam" not in text


def test_a_customers_page_lists_its_latest_documents(month: Month, owner: Client) -> None:
    text = read(owner, f"/console/north/customers/{month.customers['Contoso']}/")
    one = f"{month.documents['draft']} Oracle 1–30 Sep 2024 Draft USD 1,554.26"
    assert "Latest documents" in text
    assert one in text


def test_customers_are_searched_by_any_part_of_the_name(owner: Client) -> None:
    text = read(owner, f"{START}?q=BRIK")
    assert "Fabrikam" in text
    assert "Contoso" not in text
    assert "No customer is called that" in read(owner, f"{START}?q=nobody")


def test_the_invoices_table_has_the_columns_of_the_reference(month: Month, owner: Client) -> None:
    assert (
        "Document ID Invoice number Provider Billing Period Status Total Due Published Notified"
    ) in read(owner, table(month))
    assert "Customer Document ID Invoice number" in read(owner, DOCUMENTS)


def test_each_provider_has_its_own_document(month: Month, owner: Client) -> None:
    text = read(owner, table(month))
    assert "AWS 1–30 Sep 2024 Open USD 1,554.26" in text
    assert "Oracle 1–30 Sep 2024 Draft USD 1,554.26" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2),
        ("first=2024-09-30&last=2024-10-15", 2),
        ("first=2024-10-01&last=2024-10-15", 0),
        ("first=2024-08-01&last=2024-09-01", 2),
        ("last=2024-08-31", 0),
        ("range=all", 2),
        ("range=last-month", 0),
        ("range=nonsense", 0),
        ("first=never", 2),
    ],
)
def test_a_range_lists_documents_whose_period_overlaps_it(
    month: Month, owner: Client, query: str, found: int
) -> None:
    if query == "range=nonsense":
        found = 2
    assert len(rows(owner, f"{table(month)}?{query}")) == found


def test_it_opens_on_the_last_three_periods(month: Month, owner: Client) -> None:
    page = owner.get(table(month)).content.decode()
    assert f'type="date" value="{date(2024, 9, 1)}"' in page
    assert f'type="date" value="{date(2024, 9, 30)}"' in page


def test_a_range_that_ends_before_it_starts_says_so(month: Month, owner: Client) -> None:
    text = read(owner, f"{table(month)}?first=2024-10-01&last=2024-09-01")
    assert "This range ends before it starts." in text


@pytest.mark.parametrize("words", ["d-000002", "INV-000001", "oracle", "1,554.26", "contoso"])
def test_a_search_finds_documents(owner: Client, words: str) -> None:
    assert rows(owner, f"{DOCUMENTS}?q={words}")


def test_status_tabs_count_and_filter(owner: Client) -> None:
    text = read(owner, DOCUMENTS)
    assert "All 3 Draft 1 Open 2 Past Due 0 Closed 0 Voided 0" in text
    assert len(rows(owner, f"{DOCUMENTS}?status=Draft")) == 1


def test_the_way_back_keeps_the_range(month: Month, owner: Client) -> None:
    page = owner.get(f"{table(month)}?first=2024-09-01&last=2024-09-30").content.decode()
    link = re.findall(r'<a href="(/console/north/documents/D-[^"]+)"', page)[0]
    document = owner.get(link.replace("&amp;", "&")).content.decode()
    assert f'href="{table(month)}?first=2024-09-01&amp;last=2024-09-30">BACK' in document


def test_an_empty_table_leads_to_generate_and_its_article(month: Month, owner: Client) -> None:
    page = owner.get(f"{table(month)}?range=last-month").content.decode()
    assert '<a class="button primary" href="/console/north/generate/">Generate' in page
    assert 'href="/console/north/help/generate/"' in page


def test_the_next_page_starts_after_the_last_row(month: Month, owner: Client) -> None:
    for number in range(60):
        add_customer(reseller_id=month.reseller.pk, actor=OPERATOR, name=f"Zz {number:02d}")
    first = owner.get(START).content.decode()
    following = re.findall(r'href="([^"]+after=[^"]+)"', first)[0]
    names = re.findall(r">(Zz \d\d)</a>", first + owner.get(following).content.decode())
    assert names == [f"Zz {number:02d}" for number in range(60)]


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0=", "WyJ4IiwgIngiXQ==", "WyJ4Il0=", "bnVsbA=="])
def test_a_cursor_that_was_tampered_with_shows_a_page(owner: Client, cursor: str) -> None:
    assert owner.get(f"{START}?after={cursor}").status_code == 200
    assert owner.get(f"{DOCUMENTS}?after={cursor}").status_code == 200


def test_the_search_at_the_top_finds_customers_by_account_and_documents_by_id(
    owner: Client,
) -> None:
    assert "Contoso" in read(owner, "/console/north/search/?q=0012")
    assert "D-000002" in read(owner, "/console/north/search/?q=D-000002")
    assert "Nothing found" in read(owner, "/console/north/search/?q=zzzz")
