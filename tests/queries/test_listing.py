"""Lists: pages in every order against the full sort, and what filters come to."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from clearbill.actions.accounts import assign_all
from clearbill.queries import listing
from clearbill.queries.documents import DateRange, Documents, visible
from clearbill.queries.listing import NULLABLE, SORTS, Filters
from clearbill.records import clock, tenancy
from clearbill.records.models import BillingProfile, Delivery, Document, Reseller
from clearbill.rules.lifecycle import Status
from clearbill.web.paging import in_order, page_of
from clearbill.wiring.embedded import Server
from kept import Kept, kept
from makers import OWNER, change, generate, give_usage, make_reseller, rows_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def kept_north(
    server: Server,
    template: str,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Kept[Reseller]]:
    folder = tmp_path_factory.mktemp("listing")
    with (
        django_db_blocker.unblock(),
        kept(server, template, lambda: twenty_documents(folder)) as north,
    ):
        yield north


@pytest.fixture
def north(transactional_db: None, kept_north: Kept[Reseller]) -> Iterator[Reseller]:
    with kept_north.opened() as made, tenancy.using(made.pk):
        yield made


@pytest.fixture
def month(north: Reseller) -> list[Document]:
    return list(listing.listed(visible(north.pk)))


def twenty_documents(folder: Path) -> Reseller:
    """With ties and empty cells in every column that a list is sorted by."""
    north = make_reseller("north")
    accounts = [f"{number:02d}" for number in range(5)]
    with tenancy.using(north.pk):
        for provider in ("AWS", "Oracle"):
            for cost in ("10", "20"):
                rows = rows_of(*(f"{cost}-{a}" for a in accounts), cost=cost, ProviderName=provider)
                give_usage(north, folder, [{**row, "BillingAccountId": cost} for row in rows])
        assign_all(reseller_id=north.pk, actor=OWNER)
        generate(north)
        BillingProfile.objects.update(recipients=["pay@example.com"])
        codes = list(Document.objects.order_by("counter").values_list("code", flat=True))
        change(north, *codes[:6], to=Status.OPEN, notify=True)
        change(north, *codes[6:9], to=Status.PAST_DUE)
        change(north, codes[0], to=Status.VOIDED, reason="twice")
        Document.objects.filter(code__in=codes[9:12]).update(due_date=date(2025, 1, 1))
        Delivery.objects.filter(document__code__in=codes[1:4]).update(sent_at=clock.now())
    return north


def pages(rows: Documents, sort: str, size: int) -> list[int]:
    """The ids of all pages, one after the other, as somebody sees who reads to the end."""
    found: list[int] = []
    after: str | None = None
    while after != "" and len(found) <= 100:
        page = page_of(rows, listing.order(sort), after, size=size, nullable=NULLABLE)
        found += [row.pk for row in page.rows]
        after = page.following
    return found


def test_pages_are_the_full_sort_in_every_order(north: Reseller, month: list[Document]) -> None:
    ids = [document.pk for document in month]

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        sort=st.sampled_from(["", *SORTS, *(f"-{name}" for name in SORTS)]),
        size=st.integers(1, 8),
        some=st.sets(st.sampled_from(ids)),
    )
    def holds(sort: str, size: int, some: set[int]) -> None:
        rows = listing.listed(visible(north.pk).filter(pk__in=some))
        whole = rows.order_by(*in_order(listing.order(sort), NULLABLE))
        assert pages(rows, sort, size) == [row.pk for row in whole]

    holds()


@pytest.mark.parametrize("sort", ["number", "due", "published", "notified"])
def test_empty_cells_come_last_in_both_directions(
    north: Reseller, month: list[Document], sort: str
) -> None:
    column = SORTS[sort][-1]
    values = [getattr(row, column) for row in month]
    assert None in values
    assert any(values.count(value) > 1 for value in values if value) or sort == "number"
    for asked in (sort, f"-{sort}"):
        order = in_order(listing.order(asked), NULLABLE)
        found = [getattr(row, column) for row in listing.listed(visible(north.pk)).order_by(*order)]
        lacking = [value is None for value in found]
        if sort != "number":
            assert lacking == sorted(lacking)


def test_figures_count_all_statuses_and_sum_the_chosen_one(
    north: Reseller, month: list[Document]
) -> None:
    found = listing.figures(visible(north.pk), Filters(status="Past Due"))
    assert found.counts == {"Draft": 11, "Open": 5, "Past Due": 3, "Voided": 1}
    assert (found.matching, found.voided) == (3, 0)
    whole = listing.figures(visible(north.pk), Filters())
    assert (whole.matching, whole.voided) == (20, 1)
    owed = [row.total for row in month if row.status != "Voided"]
    assert whole.totals == [("USD", sum(owed, Decimal(0)))]
    voided = listing.figures(visible(north.pk), Filters(status="Voided"))
    assert voided.totals == [("USD", Decimal(10))]


def test_figures_keep_currencies_apart(north: Reseller, month: list[Document]) -> None:
    drafts = [row for row in month if row.status == Status.DRAFT]
    euro = Document.objects.get(pk=drafts[0].pk)
    euro.pk, euro.code, euro.counter, euro.currency = None, "D-009999", 9999, "EUR"
    euro.period_start, euro.period_end = date(2023, 1, 1), date(2023, 2, 1)
    euro.save(force_insert=True)
    found = dict(listing.figures(visible(north.pk), Filters(status="Draft")).totals)
    assert found["EUR"] == euro.total
    assert found["USD"] == sum((row.total for row in drafts), Decimal(0))


def test_choices_are_those_that_some_document_answers_to(
    north: Reseller, month: list[Document]
) -> None:
    found = listing.facets(visible(north.pk))
    assert [name for _, name in found.providers] == ["AWS", "Oracle"]
    assert (found.currencies, found.months) == (["USD"], [date(2024, 9, 1)])
    assert found.opening == DateRange(date(2024, 9, 1), date(2024, 9, 30))
    assert listing.facets(Document.objects.none()).opening == DateRange()


def test_more_ids_than_a_statement_has_room_for_can_be_named(
    north: Reseller, month: list[Document]
) -> None:
    codes = [f"D-{number:06d}" for number in range(1, 70_001)]
    assert listing.named(visible(north.pk), codes).count() == len(month)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"customer": "CUSTOMER 10-00"}, 2),
        ({"customer": "%"}, 0),
        ({"provider": "aws", "status": "Open"}, None),
        ({"least": Decimal(20)}, 10),
        ({"most": Decimal("19.99")}, 10),
        ({"month": date(2024, 8, 1)}, 0),
        ({"within": DateRange(date(2024, 9, 30), None)}, 20),
    ],
)
def test_filters_pick_together(
    north: Reseller, month: list[Document], filters: dict[str, Any], found: int | None
) -> None:
    rows = listing.picked(visible(north.pk), Filters(**filters))
    if found is None:
        found = sum(row.provider.code == "aws" and row.status == "Open" for row in month)
    assert rows.count() == found
