"""A customer's figures: of its own published documents, never cost, never a draft."""

from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearbill.records import tenancy
from clearbill.rules.lifecycle import Status
from console.reading import read
from console.test_queries import AT_MOST, FRAME
from doors.two_resellers import MARKERS, Month, make_month, member
from makers import change

pytestmark = pytest.mark.django_db(transaction=True)

OVERVIEW, USAGE = "/portal/north/", "/portal/north/usage/"


@pytest.fixture
def contoso(month: Month) -> Client:
    return member(month, "portal", "Contoso")


def test_overview_says_what_is_due_and_when(contoso: Client) -> None:
    text = read(contoso, OVERVIEW)
    assert "Due USD 1,554.26 Next due date:" in text
    assert "Sep 24 1,554.26" in text
    assert "Compute" in text


def test_a_draft_is_in_no_figure_until_it_is_published(month: Month, contoso: Client) -> None:
    before = [read(contoso, page) for page in (OVERVIEW, USAGE, f"{USAGE}?period=all")]
    assert not any("3,108.52" in text or "0034" in text for text in before)
    with tenancy.using(month.reseller.pk):
        change(month.reseller, month.documents["draft"], to=Status.OPEN)
    assert "Due USD 3,108.52" in read(contoso, OVERVIEW)
    assert "By month USD 3,108.52" in read(contoso, USAGE)
    assert "0034" in read(contoso, USAGE)


def test_what_is_past_due_is_said_apart(month: Month, contoso: Client) -> None:
    with tenancy.using(month.reseller.pk):
        change(month.reseller, month.documents["open"], to=Status.PAST_DUE)
    text = read(contoso, OVERVIEW)
    assert "Past due: USD 1,554.26" in text
    assert "Next due date" not in text


def test_a_settled_customer_reads_that_nothing_is_due(month: Month, contoso: Client) -> None:
    with tenancy.using(month.reseller.pk):
        change(month.reseller, month.documents["open"], to=Status.CLOSED)
    assert "Nothing is due." in read(contoso, OVERVIEW)
    assert "By month USD 1,554.26" in read(contoso, USAGE)


def test_a_voided_document_is_in_no_figure(month: Month, contoso: Client) -> None:
    with tenancy.using(month.reseller.pk):
        change(month.reseller, month.documents["open"], to=Status.VOIDED, reason="wrong")
    assert "Nothing is due." in read(contoso, OVERVIEW)
    assert "No usage yet" in read(contoso, USAGE)


def test_usage_is_shared_by_service_and_by_account(contoso: Client) -> None:
    text = read(contoso, USAGE)
    assert "Service Amount (USD) Compute 1,554.26" in text
    assert "Contoso (0012) 1,554.26" in text


@pytest.mark.parametrize("asked", ["2024-09", "all", "2023-01", "never", "9999-99", "%00"])
def test_any_period_can_be_asked_for(contoso: Client, asked: str) -> None:
    answer = contoso.get(f"{USAGE}?period={asked}")
    assert answer.status_code == (400 if asked == "%00" else 200)


@pytest.mark.parametrize("page", [OVERVIEW, USAGE, f"{USAGE}?period=all"])
def test_neither_cost_nor_another_customer_is_in_it(contoso: Client, page: str) -> None:
    text = contoso.get(page).content.decode()
    assert [marker for marker in MARKERS if marker in text] == []
    assert "Fabrikam" not in text
    assert "0056" not in text


def test_another_reseller_changes_nothing(month: Month, contoso: Client, tmp_path: Path) -> None:
    before = read(contoso, OVERVIEW), read(contoso, USAGE)
    make_month("south", tmp_path)
    assert (read(contoso, OVERVIEW), read(contoso, USAGE)) == before


@pytest.mark.parametrize("page", [OVERVIEW, USAGE])
def test_these_pages_ask_at_most_four_times(contoso: Client, page: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert contoso.get(page).status_code == 200
    statements = [q["sql"] for q in asked if "set_config" not in q["sql"]]
    assert len(statements) <= FRAME + AT_MOST, "\n".join(statements)
