"""Months, providers, changes, services: what charts are made of, and who may be counted."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.accounts import assign_all
from clearbill.queries import trends
from clearbill.queries.customer_figures import figures
from clearbill.queries.trends import Billed
from clearbill.records import clock, tenancy
from clearbill.records.models import Document, Reseller
from clearbill.rules.lifecycle import Status
from makers import (
    OWNER,
    another_draft,
    change,
    generate,
    give_usage,
    make_drafts,
    make_reseller,
    rows_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

AUGUST, SEPTEMBER = date(2024, 8, 1), date(2024, 9, 1)
IN_AUGUST = {
    "BillingPeriodStart": "2024-08-01T00:00:00Z",
    "BillingPeriodEnd": "2024-09-01T00:00:00Z",
    "ChargePeriodStart": "2024-08-03T05:00:00Z",
    "ChargePeriodEnd": "2024-08-03T06:00:00Z",
}


@pytest.fixture
def north() -> Iterator[Reseller]:
    made = make_reseller("north")
    with tenancy.using(made.pk):
        yield made


def two_months(north: Reseller, folder: Path) -> list[Document]:
    """Account 0001 with 10 in August and 25 in September, 0002 with 10 in both."""
    give_usage(north, folder, rows_of("0001", "0002", cost="10.00", **IN_AUGUST))
    give_usage(north, folder, [*rows_of("0001", cost="25.00"), *rows_of("0002", cost="10.00")])
    assign_all(reseller_id=north.pk, actor=OWNER)
    return [*generate(north, AUGUST).documents, *generate(north, SEPTEMBER).documents]


def months_of(billed: list[Billed]) -> list[tuple[date, int]]:
    return [(each.month, int(each.amount)) for each in billed]


def test_drafts_and_published_documents_count_by_month(north: Reseller, tmp_path: Path) -> None:
    documents = two_months(north, tmp_path)
    change(north, documents[0].code, to=Status.OPEN)
    billed = trends.by_provider(north.pk)
    assert months_of(billed) == [(AUGUST, 20), (SEPTEMBER, 35)]
    assert [each.drafts for each in billed] == [1, 2]


def test_discarded_and_voided_documents_do_not_count(north: Reseller, tmp_path: Path) -> None:
    from clearbill.actions.discard_documents import discard_documents

    first, second = make_drafts(north, tmp_path, 2)
    change(north, first.code, to=Status.OPEN)
    change(north, first.code, to=Status.VOIDED, reason="wrong customer")
    discard_documents(reseller_id=north.pk, actor=OWNER, documents=[second.code])
    assert trends.by_provider(north.pk) == []


def test_the_customer_that_moved_most_comes_first(north: Reseller, tmp_path: Path) -> None:
    two_months(north, tmp_path)
    found = trends.changes(north.pk)
    assert [(c.customer, int(c.difference)) for c in found] == [("Customer 0001", 15)]


def test_only_the_twelve_months_to_the_latest_count(north: Reseller, tmp_path: Path) -> None:
    old = {key: value.replace("2024-", "2023-") for key, value in IN_AUGUST.items()}
    give_usage(north, tmp_path, rows_of("0001", **old))
    assign_all(reseller_id=north.pk, actor=OWNER)
    generate(north, date(2023, 8, 1))
    make_drafts(north, tmp_path)
    assert months_of(trends.by_provider(north.pk)) == [(SEPTEMBER, 10)]


def test_months_between_are_filled(north: Reseller) -> None:
    june = date(2024, 6, 1)
    billed = [Billed(each, "USD", "aws", Decimal(5), 1, 0) for each in (june, SEPTEMBER)]
    over = trends.months(billed)
    assert [int(a) for _, a in trends.series(billed, over, "USD")] == [5, 0, 0, 5]
    amounts = trends.grouped(billed, over, "USD")["aws"]
    assert [int(each) for each in amounts] == [5, 0, 0, 5]


def test_another_currency_is_another_series() -> None:
    billed = [
        Billed(SEPTEMBER, "USD", "aws", Decimal(5), 1, 0),
        Billed(SEPTEMBER, "EUR", "aws", Decimal(7), 2, 0),
    ]
    assert trends.currencies(billed) == ["EUR", "USD"]
    assert trends.series(billed, [SEPTEMBER], "USD") == [(SEPTEMBER, Decimal(5))]


def test_a_customers_figures_hold_no_draft(north: Reseller, tmp_path: Path) -> None:
    published = make_drafts(north, tmp_path)[0]
    another_draft(north, tmp_path, published.customer_id)
    customer = published.customer_id
    assert trends.by_provider(north.pk, customer_id=customer, published_only=True) == []
    assert trends.by_service_and_account(north.pk, customer) == ([], [])
    change(north, published.code, to=Status.OPEN)
    assert months_of(trends.by_provider(north.pk, customer_id=customer, published_only=True)) == [
        (SEPTEMBER, 10)
    ]
    services, accounts = trends.by_service_and_account(north.pk, customer)
    assert [(s.group, int(s.amount)) for s in services] == [("Compute", 10)]
    assert [(a.group, a.name, int(a.amount)) for a in accounts] == [("0001", "Customer 0001", 10)]


def test_services_and_accounts_come_to_the_same(north: Reseller, tmp_path: Path) -> None:
    rows = [*rows_of("0001"), *rows_of("0001", cost="3.00", ServiceName="Storage", SkuId="SKU-2")]
    give_usage(north, tmp_path, rows)
    assign_all(reseller_id=north.pk, actor=OWNER)
    draft = generate(north).documents[0]
    change(north, draft.code, to=Status.OPEN)
    services, accounts = trends.by_service_and_account(north.pk, draft.customer_id)
    assert {s.group: int(s.amount) for s in services} == {"Compute": 10, "Storage": 3}
    assert {a.group: int(a.amount) for a in accounts} == {"0001": 13}


def test_margin_is_read_only_where_it_is_asked_for(tmp_path: Path) -> None:
    north = make_reseller("north", markup="50")
    with tenancy.using(north.pk):
        draft = make_drafts(north, tmp_path)[0]
        today = clock.today("UTC")
        shown = figures(north.pk, draft.customer_id, today=today, with_margin=True)
        hidden = figures(north.pk, draft.customer_id, today=today, with_margin=False)
    assert [(int(m.price), int(m.cost), int(m.amount)) for m in shown.margins] == [(15, 10, 5)]
    assert hidden.margins == []


def test_what_a_customer_owes_and_its_accounts(north: Reseller, tmp_path: Path) -> None:
    first, second = make_drafts(north, tmp_path, 2)
    change(north, first.code, second.code, to=Status.OPEN)
    found = figures(north.pk, first.customer_id, today=clock.today("UTC"), with_margin=False)
    assert [(d.status, d.currency, d.count, int(d.amount)) for d in found.due] == [
        ("Open", "USD", 1, 10)
    ]
    assert [a.account for a in found.accounts] == ["0001"]
