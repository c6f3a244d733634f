"""What Overview says is to do and due, against a month made by the real verbs."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.accounts import assign_account, assign_all
from clearbill.actions.rates import set_rate
from clearbill.queries import overview
from clearbill.queries.accounts import late_usage
from clearbill.queries.overview import Standing
from clearbill.records import clock, tenancy
from clearbill.records.models import Document, Reseller
from clearbill.rules.lifecycle import Status
from makers import (
    OWNER,
    SEPTEMBER,
    change,
    generate,
    give_usage,
    make_drafts,
    make_reseller,
    rows_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2024, 12, 15)


@pytest.fixture
def north() -> Iterator[Reseller]:
    made = make_reseller("north")
    with tenancy.using(made.pk):
        yield made


def standing(reseller: Reseller, today: date = TODAY, later: timedelta = timedelta()) -> Standing:
    return overview.standing(reseller.pk, today=today, now=clock.now() + later)


def test_a_new_reseller_has_nothing_to_do_and_every_step_before_it(north: Reseller) -> None:
    found = standing(north)
    assert found.to_do == []
    assert not any(found.steps.values())


def test_drafts_are_counted_with_their_amount(north: Reseller, tmp_path: Path) -> None:
    make_drafts(north, tmp_path, 3)
    work = standing(north).work["drafts"]
    assert (work.count, work.amounts) == (3, (("USD", Decimal(30)),))


def test_unassigned_usage_is_counted_by_account_and_cost(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002", cost="10.00"))
    work = standing(north).work["unassigned"]
    assert (work.count, work.amounts) == (2, (("USD", Decimal(20)),))
    assign_all(reseller_id=north.pk, actor=OWNER)
    assert standing(north).work["unassigned"].count == 0


def test_a_customer_left_for_want_of_a_rate_is_to_do_until_it_is_billed(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002", cost="7.00", BillingCurrency="EUR"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    run = generate(north).run
    work = standing(north).work["no-rate"]
    assert (work.count, work.amounts, work.run) == (2, (("EUR", Decimal(14)),), run.pk)
    set_rate(
        reseller_id=north.pk, actor=OWNER, base="EUR", quote="USD", month=SEPTEMBER,
        rate="1.1", source="me",
    )  # fmt: skip
    generate(north)
    assert standing(north).work["no-rate"].count == 0


def test_what_a_run_leaves_for_other_reasons_lacks_no_rate(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    give_usage(north, tmp_path, rows_of("0003", BillingAccountId="payer-3"))
    give_usage(north, tmp_path, rows_of("0001", BillingAccountId="payer-2"))
    assert {each.reason.split(":")[0] for each in generate(north).left} == {
        "late usage", "unassigned",
    }  # fmt: skip
    assert standing(north).work["no-rate"].count == 0


def test_currencies_are_never_summed(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001", cost="10.00"))
    give_usage(
        north, tmp_path, rows_of("0002", cost="7.00", BillingCurrency="EUR", ProviderName="Oracle")
    )
    amounts = standing(north).work["unassigned"].amounts
    assert amounts == (("EUR", Decimal(7)), ("USD", Decimal(10)))


@pytest.mark.parametrize(
    ("days", "age"),
    [(0, "not-yet-due"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"),
     (90, "61-90"), (91, "over-90")],
)  # fmt: skip
def test_ages_are_counted_from_the_due_date(
    north: Reseller, tmp_path: Path, days: int, age: str
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    draft.refresh_from_db()
    assert draft.due_date is not None
    ageing = standing(north, draft.due_date + timedelta(days=days)).ageing["USD"]
    assert {name: int(amount) for name, amount in ageing.items() if amount} == {age: 10}


def test_drafts_and_settled_documents_are_not_due(north: Reseller, tmp_path: Path) -> None:
    first, _second = make_drafts(north, tmp_path, 2)
    change(north, first.code, to=Status.CLOSED)
    assert standing(north).ageing == {}


def test_past_due_documents_are_to_do(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.PAST_DUE)
    work = standing(north).work["past-due"]
    assert (work.count, work.amounts) == (1, (("USD", Decimal(10)),))


def test_steps_are_taken_one_by_one(north: Reseller, tmp_path: Path) -> None:
    def taken() -> list[str]:
        return [name for name, done in standing(north).steps.items() if done]

    give_usage(north, tmp_path, rows_of("0001"))
    assert taken() == ["usage"]
    assign_all(reseller_id=north.pk, actor=OWNER)
    assert taken() == ["usage", "accounts"]
    draft = generate(north).documents[0]
    assert taken() == ["usage", "accounts", "drafts"]
    change(north, draft.code, to=Status.OPEN)
    assert taken() == ["usage", "accounts", "drafts", "published"]


def test_the_state_of_a_period_is_its_next_step(north: Reseller, tmp_path: Path) -> None:
    def state() -> tuple[str, int, int, int]:
        found = overview.periods(north.pk)[0]
        return found.state, found.published, found.documents, found.waiting

    give_usage(north, tmp_path, rows_of("0001", "0002"))
    assert state() == ("Imported", 0, 0, 2)
    assign_all(reseller_id=north.pk, actor=OWNER)
    first, second = generate(north).documents
    assert state() == ("In review", 0, 2, 0)
    change(north, first.code, second.code, to=Status.OPEN)
    assert state() == ("Published", 2, 2, 0)


def test_another_resellers_work_is_not_seen(north: Reseller, tmp_path: Path) -> None:
    south = make_reseller("south")
    with tenancy.using(south.pk):
        make_drafts(south, tmp_path, 2)
        assert standing(south).work["drafts"].count == 2
        assert standing(north).to_do == []
    with tenancy.using(north.pk):
        assert standing(south).to_do == []


def test_usage_of_a_voided_invoice_is_to_do_until_it_is_billed_again(
    north: Reseller, tmp_path: Path
) -> None:
    first, _second = make_drafts(north, tmp_path, 2)
    change(north, first.code, to=Status.OPEN)
    assert standing(north).work["voided"].count == 0
    change(north, first.code, to=Status.VOIDED, reason="wrong address")
    work = standing(north).work["voided"]
    assert (work.count, work.amounts, work.month) == (1, (("USD", Decimal(10)),), "2024-09")
    generate(north)
    assert standing(north).work["voided"].count == 0


def test_usage_that_was_mended_after_a_void_is_to_do_as_well(
    north: Reseller, tmp_path: Path
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    change(north, draft.code, to=Status.VOIDED, reason="wrong usage")
    give_usage(north, tmp_path, rows_of("0001", cost="12.00"))
    assert standing(north).work["voided"].amounts == (("USD", Decimal(12)),)


def test_usage_that_was_never_billed_is_no_voided_one(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    assert standing(north).to_do == []


def assigned_late(north: Reseller, folder: Path) -> Document:
    """A published document, and an account that its customer was given afterwards."""
    published = make_drafts(north, folder)[0]
    change(north, published.code, to=Status.OPEN)
    give_usage(north, folder, rows_of("0099", cost="7.00", BillingAccountId="payer-2"))
    assign_account(
        reseller_id=north.pk, actor=OWNER, provider="aws", account="0099",
        customer_id=published.customer_id,
    )  # fmt: skip
    return published


def test_usage_assigned_after_publication_stays_to_do(north: Reseller, tmp_path: Path) -> None:
    published = assigned_late(north, tmp_path)
    work = standing(north).work
    assert work["unassigned"].count == 0
    assert (work["late"].count, work["late"].amounts) == (1, (("USD", Decimal(7)),))
    row = late_usage(north.pk)[0]
    assert (row.account, row.document, row.amount) == ("0099", published.code, Decimal(7))


def test_late_usage_is_billed_by_the_replacement_of_a_voided_invoice(
    north: Reseller, tmp_path: Path
) -> None:
    published = assigned_late(north, tmp_path)
    change(north, published.code, to=Status.VOIDED, reason="late usage")
    assert standing(north).work["voided"].amounts == (("USD", Decimal(17)),)
    assert generate(north).documents[0].total == 17
    assert (standing(north).to_do[0].kind, late_usage(north.pk)) == ("drafts", [])
