"""The customer's list: tabs with counts, range or search, heads that sort; published ones alone."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearbill.actions.custom_fields import add_field
from clearbill.actions.edit_draft import change_draft
from clearbill.records import tenancy
from clearbill.rules.lifecycle import Status
from console.reading import read
from console.test_queries import AT_MOST, FRAME
from doors.two_resellers import OPERATOR, Month, member
from makers import change

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/portal/north/invoices/"
NUMBER = "INV-000001"


@pytest.fixture
def contoso(month: Month) -> Client:
    return member(month, "portal", "Contoso")


def publish_the_draft(month: Month) -> None:
    with tenancy.using(month.reseller.pk):
        change(month.reseller, month.documents["draft"], to=Status.OPEN)
        change(month.reseller, month.documents["draft"], to=Status.VOIDED, reason="wrong")


def rows(client: Client, query: str = "") -> list[str]:
    page = client.get(LIST + query).content.decode()
    return re.findall(r'<td class="nowrap"><a href="[^"]+">([^<]+)</a>', page)


def test_tabs_count_what_was_published_by_status(month: Month, contoso: Client) -> None:
    assert "All 1 Open 1 Past Due 0 Closed 0 Voided 0" in read(contoso, LIST)
    publish_the_draft(month)
    assert "All 2 Open 1 Past Due 0 Closed 0 Voided 1" in read(contoso, LIST)
    assert rows(contoso, "?status=Voided") == ["INV-000003"]


def test_a_draft_is_found_by_no_tab_search_or_sort(month: Month, contoso: Client) -> None:
    code = month.documents["draft"]
    for query in ("", "?status=Draft", f"?q={code}", "?q=Oracle", "?sort=-total", "?range=all"):
        page = contoso.get(LIST + query).content.decode()
        assert "Draft" not in re.sub(r"<[^>]+>", " ", page), query
        assert f">{code}<" not in page, query


def test_a_search_or_a_range_picks(contoso: Client) -> None:
    for query, found in (
        ("?q=INV-000001", 1), ("?q=aws", 1), ("?q=1554.26", 1), ("?q=nothing", 0),
        ("?first=2024-09-30&last=2024-12-31", 1), ("?first=2024-10-01", 0), ("?range=this-year", 0),
    ):  # fmt: skip
        assert len(rows(contoso, query)) == found, query


def test_it_opens_on_all_periods(contoso: Client) -> None:
    page = contoso.get(LIST).content.decode()
    assert rows(contoso) == [NUMBER]
    assert 'range=all" aria-current="true">All</a>' in page


def test_nobody_finds_a_document_by_a_field_that_is_hidden(month: Month, contoso: Client) -> None:
    draft = month.documents["draft"]
    with tenancy.using(month.reseller.pk):
        given = {"reseller_id": month.reseller.pk, "actor": OPERATOR}
        field = add_field(name="Mood", kind="text", visible=False, printed=False, **given)  # type: ignore[arg-type]
        change_draft(document=draft, fields={field.pk: "difficult"}, **given)  # type: ignore[arg-type]
        change(month.reseller, draft, to=Status.OPEN)
    assert len(rows(contoso)) == 2
    assert rows(contoso, "?q=difficult") == []
    assert draft in read(member(month, "owner"), "/console/north/documents/?q=difficult")


def test_each_head_sorts_both_ways_and_no_other_column_does(contoso: Client) -> None:
    for sort in ("number", "provider", "period", "status", "total", "due"):
        for asked, said in ((sort, "ascending"), (f"-{sort}", "descending")):
            page = contoso.get(f"{LIST}?sort={asked}").content.decode()
            assert page.count(f'aria-sort="{said}"') == page.count("aria-sort") == 1, asked
    assert "aria-sort" not in contoso.get(f"{LIST}?sort=notified").content.decode()


def test_heads_change_the_order(month: Month, contoso: Client) -> None:
    publish_the_draft(month)
    assert rows(contoso, "?sort=number") == ["INV-000001", "INV-000003"]
    assert rows(contoso, "?sort=-number") == ["INV-000003", "INV-000001"]


def test_the_list_has_its_keys_and_profile_is_in_the_navigation(contoso: Client) -> None:
    page = contoso.get(LIST).content.decode()
    assert '<input id="search" name="q" type="search"' in page
    assert '<dialog id="keys"' in page
    assert "Tick the row" not in page
    nav = page[page.index("<nav") : page.index("</nav>")]
    assert 'href="/portal/north/profile/"' in nav


def test_the_list_speaks_german(contoso: Client) -> None:
    contoso.cookies["language"] = "de"
    text = read(contoso, f"{LIST}?q=INV&status=Open")
    assert "Suche: INV" in text
    assert "Status: Offen" in text
    assert "1 Dokument Gesamtbetrag USD 1.554,26" in text


def test_the_list_asks_at_most_four_times(contoso: Client) -> None:
    for query in ("", "?q=INV&status=Open&sort=-due", "?range=last-month"):
        with CaptureQueriesContext(connection) as asked:
            assert contoso.get(LIST + query).status_code == 200
        statements = [q["sql"] for q in asked if "set_config" not in q["sql"]]
        assert len(statements) <= FRAME + AT_MOST, "\n".join(statements)
