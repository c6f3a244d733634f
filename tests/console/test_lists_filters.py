"""Filters, chips, sorts, totals, saved views and the CSV of a list."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client

from clearbill.actions.common import Actor, Refused
from clearbill.actions.saved_views import MOST_VIEWS, delete_view, save_view
from clearbill.records import tenancy
from clearbill.records.models import Document, SavedView, User
from console.reading import read
from console.test_lists import DOCUMENTS, rows, table
from doors.two_resellers import Month, member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("customer=toso", 2),
        ("provider=aws", 2),
        ("provider=nobody", 0),
        ("period=2024-09", 3),
        ("period=2024-08", 0),
        ("currency=USD", 3),
        ("currency=EUR", 0),
        ("least=1554.26", 3),
        ("least=1,554.27", 0),
        ("most=1554.26", 3),
        ("most=10", 0),
        ("customer=contoso&provider=aws&status=Open", 1),
        ("q=contoso&provider=oracle", 1),
    ],
)
def test_filters_pick_documents_together(owner: Client, query: str, found: int) -> None:
    assert len(rows(owner, f"{DOCUMENTS}?{query}")) == found


def test_each_filter_is_a_chip_that_is_taken_off_alone(owner: Client) -> None:
    page = owner.get(f"{DOCUMENTS}?customer=toso&provider=aws&least=5&status=Open").content.decode()
    chips = re.findall(r'<a href="([^"]+)">([^<]+)<span aria-hidden="true"> ×', page)
    assert [words for _, words in chips] == [
        "Customer: toso", "Provider: AWS", "From 5", "Status: Open",
    ]  # fmt: skip
    without = {words: address.replace("&amp;", "&") for address, words in chips}
    assert without["Provider: AWS"] == f"{DOCUMENTS}?customer=toso&least=5&status=Open"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("least=much", "“much” is no amount: write 1234.50."),
        ("period=May", "“May” is no period: write YYYY-MM."),
        ("first=never", "“never” is no date: write YYYY-MM-DD."),
    ],
)
def test_a_filter_that_cannot_be_read_says_so(owner: Client, query: str, said: str) -> None:
    assert said in read(owner, f"{DOCUMENTS}?{query}")


def test_totals_are_of_what_the_filters_pick(owner: Client) -> None:
    assert "3 documents Total USD 4,662.78" in read(owner, DOCUMENTS)
    assert "1 document Total USD 1,554.26" in read(owner, f"{DOCUMENTS}?status=Draft")


@pytest.mark.parametrize(
    "sort",
    ["id", "number", "customer", "provider", "period", "status", "total", "due", "published",
     "notified"],
)  # fmt: skip
def test_every_head_sorts_both_ways(owner: Client, sort: str) -> None:
    for asked, said in ((sort, "ascending"), (f"-{sort}", "descending")):
        page = owner.get(f"{DOCUMENTS}?sort={asked}").content.decode()
        assert page.count(f'aria-sort="{said}"') == 1
        assert page.count("aria-sort") == 1
        assert len(re.findall(r">(D-\d+)</a>", page)) == 3


def test_what_has_no_due_date_comes_last_in_both_directions(month: Month, owner: Client) -> None:
    for sort in ("due", "-due"):
        assert rows(owner, f"{DOCUMENTS}?sort={sort}")[-1] == month.documents["draft"]


@pytest.mark.parametrize("cursor", ["WyJVU0QiLCAiMWU5OTk5OTkiLCAxXQ==", "W251bGwsIG51bGwsIDFd"])
def test_a_cursor_that_no_column_takes_shows_the_first_page(owner: Client, cursor: str) -> None:
    assert len(rows(owner, f"{DOCUMENTS}?sort=total&after={cursor}")) == 3


def test_the_csv_has_what_the_filters_pick_and_no_formula(month: Month, owner: Client) -> None:
    with tenancy.using(month.reseller.pk):
        Document.objects.filter(code=month.documents["draft"]).update(purchase_order="=1+1")
    answer: Any = owner.get("/console/north/documents.csv?customer=contoso&sort=-id")
    text = b"".join(answer).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert [row["Document ID"] for row in found] == sorted(
        [month.documents["open"], month.documents["draft"]], reverse=True
    )
    assert {row["Purchase order"] for row in found} == {"", "'=1+1"}


def test_the_csv_of_a_customers_table_is_of_that_customer(month: Month, owner: Client) -> None:
    page = owner.get(table(month)).content.decode()
    link = re.findall(r'href="([^"]+)" download>Export CSV', page)[0].replace("&amp;", "&")
    answer: Any = owner.get(link)
    assert b"".join(answer).decode("utf-8-sig").count("Contoso") == 2


def save(client: Client, name: str, query: str = "status=Draft") -> str:
    given = dict(each.split("=") for each in query.split("&"))
    return client.post("/console/north/views/save/", {"name": name, **given}).headers["Location"]


def test_a_view_is_kept_opened_and_deleted(owner: Client) -> None:
    assert save(owner, "My drafts", "status=Draft&sort=-total") == (
        f"{DOCUMENTS}?status=Draft&sort=-total"
    )
    page = owner.get(DOCUMENTS).content.decode()
    assert f'<a href="{DOCUMENTS}?status=Draft&amp;sort=-total">My drafts</a>' in page
    owner.post("/console/north/views/delete/", {"name": "My drafts"})
    assert "No view is kept yet." in read(owner, DOCUMENTS)


def test_a_view_is_its_users_alone(month: Month, owner: Client) -> None:
    save(owner, "Mine")
    sales = member(month, "sales")
    assert "Mine" not in read(sales, DOCUMENTS)
    sales.post("/console/north/views/delete/", {"name": "Mine"})
    assert "Mine" in read(owner, DOCUMENTS)


def test_a_view_needs_a_name_and_the_same_name_keeps_the_new_one(
    month: Month, owner: Client
) -> None:
    save(owner, " ")
    save(owner, "One", "status=Draft")
    save(owner, "One", "status=Open")
    with tenancy.using(month.reseller.pk):
        assert list(SavedView.objects.values_list("name", "query")) == [("One", "status=Open")]


def test_views_are_counted_and_what_is_not_there_is_not_deleted(
    month: Month, owner: Client
) -> None:
    user = User.objects.get(email="owner-staff@north.example")
    given: dict[str, Any] = {
        "reseller_id": month.reseller.pk, "actor": Actor(user.email), "user_id": user.pk,
    }  # fmt: skip
    for number in range(MOST_VIEWS):
        save_view(**given, name=f"View {number}", query="")
    with pytest.raises(Refused, match="delete one first"):
        save_view(**given, name="One more", query="")
    with pytest.raises(Refused, match="no view"):
        delete_view(**given, name="One more")


def test_filters_stay_when_another_form_is_sent(owner: Client) -> None:
    page = owner.get(f"{DOCUMENTS}?customer=toso&sort=-total").content.decode()
    form = page[page.index('aria-label="Date range"') :].partition("</form>")[0]
    assert '<input type="hidden" name="customer" value="toso">' in form
    assert '<input type="hidden" name="sort" value="-total">' in form
