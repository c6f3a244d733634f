"""Whose account is whose, from a period's first day, and never under a live document."""

from datetime import date
from pathlib import Path

import pytest

import focus_files
from clearbill.actions.accounts import Ended, assign_account, assign_all, unassign_account
from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.staleness import GAINED, LOST
from clearbill.queries.accounts import accounts
from clearbill.records.models import Assignment, Customer, Document, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, change, generate, give_usage, make_drafts, rows_of


def assign(reseller: Reseller, customer: Customer, valid_from: date | None = None) -> None:
    assign_account(
        reseller_id=reseller.pk,
        actor=OWNER,
        provider="aws",
        account="0001",
        customer_id=customer.pk,
        valid_from=valid_from,
    )


def a_customer(reseller: Reseller, name: str) -> Customer:
    return add_customer(reseller_id=reseller.pk, actor=OWNER, name=name)


def test_an_account_waits_until_somebody_assigns_it(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    assert [a.account for a in accounts(north.pk, unassigned=True)] == ["0001"]
    assign(north, a_customer(north, "Contoso"))
    assert accounts(north.pk, unassigned=True) == []
    assert Assignment.objects.get().valid_from == date(2024, 9, 1)


def test_an_assignment_starts_with_a_period(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    with pytest.raises(Refused, match="starts with a billing period"):
        assign(north, a_customer(north, "Contoso"), date(2024, 9, 15))


def test_a_new_assignment_ends_the_one_before(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    assign(north, a_customer(north, "First"), date(2024, 9, 1))
    assign(north, a_customer(north, "Second"), date(2024, 10, 1))
    assert [(a.customer.name, a.valid_to) for a in Assignment.objects.order_by("valid_from")] == [
        ("First", date(2024, 10, 1)),
        ("Second", None),
    ]


def test_what_a_published_document_claims_stays_where_it_is(
    north: Reseller, tmp_path: Path
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change(north, draft.code, to=Status.OPEN)
    with pytest.raises(Refused, match=draft.code):
        assign(north, a_customer(north, "Other"), date(2024, 9, 1))
    with pytest.raises(Refused, match=draft.code):
        unassign_account(reseller_id=north.pk, actor=OWNER, provider="aws", account="0001")


def test_a_later_document_does_not_bind_the_days_before_it(north: Reseller, tmp_path: Path) -> None:
    october = {
        "BillingPeriodStart": "2024-10-01T00:00:00Z",
        "BillingPeriodEnd": "2024-11-01T00:00:00Z",
    }
    give_usage(north, tmp_path, rows_of("0001"))
    give_usage(north, tmp_path, rows_of("0001", **october))
    assign(north, a_customer(north, "Later"), date(2024, 10, 1))
    change(north, generate(north, date(2024, 10, 1)).documents[0].code, to=Status.OPEN)
    assign(north, a_customer(north, "Before"), date(2024, 9, 1))
    assert Assignment.objects.get(customer__name="Before").valid_to == date(2024, 10, 1)


def test_a_draft_whose_account_moves_is_stale(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    assign(north, a_customer(north, "Other"), date(2024, 9, 1))
    draft.refresh_from_db()
    assert draft.stale == LOST
    assert "stale" in change(north, draft.code, to=Status.OPEN)[0].refused


def test_both_drafts_say_which_way_the_account_went(north: Reseller, tmp_path: Path) -> None:
    losing, gaining = make_drafts(north, tmp_path, 2)
    assign(north, gaining.customer, date(2024, 9, 1))
    assert [Document.objects.get(pk=d.pk).stale for d in (losing, gaining)] == [LOST, GAINED]


def test_an_account_is_taken_away_from_a_periods_first_day_on(
    north: Reseller, tmp_path: Path
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    values = {"reseller_id": north.pk, "actor": OWNER, "provider": "aws", "account": "0001"}
    with pytest.raises(Refused, match="starts with a billing period"):
        unassign_account(**values, valid_from=date(2024, 9, 9))  # type: ignore[arg-type]
    unassign_account(**values, valid_from=date(2024, 10, 1))  # type: ignore[arg-type]
    assert Assignment.objects.get().valid_to == date(2024, 10, 1)
    assert generate(north).existing[0].document_id == draft.pk


def test_names_that_occur_twice_get_the_accounts_id(north: Reseller, tmp_path: Path) -> None:
    rows = [
        *rows_of("0001", "0002"),
        *rows_of("0001", ProviderName="Oracle"),
    ]
    give_usage(north, tmp_path, [{**row, "SubAccountName": "Same"} for row in rows])
    assign_all(reseller_id=north.pk, actor=OWNER)
    assert set(Customer.objects.values_list("name", flat=True)) == {
        "Same (0001)",
        "Same (0002)",
        "Same (0001, Oracle)",
    }


def named(*names: str) -> list[focus_files.Row]:
    """A row each of accounts with these names in their file."""
    accounts = rows_of(*(f"{number:04d}" for number in range(1, len(names) + 1)))
    return [{**row, "SubAccountName": name} for row, name in zip(accounts, names, strict=True)]


def test_blanks_and_controls_in_a_files_name_stop_nobody(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, named(" Contoso ", "Contoso", "   ", "a \x1b[2J"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    assert set(Customer.objects.values_list("name", flat=True)) == {
        "Contoso (0001)",
        "Contoso (0002)",
        "0003",
        "a \ufffd[2J",
    }


def test_a_name_that_is_cut_at_a_blank_is_kept_as_it_was_checked(
    north: Reseller, tmp_path: Path
) -> None:
    a_customer(north, "x" * 199)
    give_usage(north, tmp_path, named("x" * 199 + " yyy"))
    assert [a.customer for a in assign_all(reseller_id=north.pk, actor=OWNER)] == [
        "x" * 193 + " (0001)"
    ]


def test_what_ended_waits_again_for_whoever_assigns_all(north: Reseller, tmp_path: Path) -> None:
    make_drafts(north, tmp_path)
    unassign_account(reseller_id=north.pk, actor=OWNER, provider="aws", account="0001")
    assign(north, a_customer(north, "Later"), date(2024, 10, 1))
    assert [a.account for a in accounts(north.pk, unassigned=True)] == ["0001"]
    made = assign_all(reseller_id=north.pk, actor=OWNER)
    assert [(each.customer, each.valid_from) for each in made] == [
        ("Customer 0001 (0001)", date(2024, 9, 1))
    ]
    assert accounts(north.pk, unassigned=True) == []


def test_superseded_usage_makes_no_customer(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002"))
    give_usage(north, tmp_path, rows_of("0002", cost="11"), whole=True)
    assert [a.account for a in assign_all(reseller_id=north.pk, actor=OWNER)] == ["0002"]


def test_a_draft_goes_stale_where_all_are_assigned(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    Assignment.objects.all().delete()
    assign_all(reseller_id=north.pk, actor=OWNER)
    draft.refresh_from_db()
    assert draft.stale == LOST


def test_whoever_takes_an_account_away_hears_from_whom(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    assign(north, a_customer(north, "First"), date(2024, 9, 1))
    assign(north, a_customer(north, "Second"), date(2024, 11, 1))
    assert unassign_account(
        reseller_id=north.pk,
        actor=OWNER,
        provider="aws",
        account="0001",
        valid_from=date(2024, 10, 1),
    ) == [
        Ended("First", date(2024, 9, 1), date(2024, 10, 1)),
        Ended("Second", date(2024, 11, 1), None),
    ]


def test_long_names_keep_what_tells_them_apart(north: Reseller, tmp_path: Path) -> None:
    rows = [{**row, "SubAccountName": "x" * 300} for row in rows_of("0001", "0002")]
    give_usage(north, tmp_path, rows)
    names = [each.customer for each in assign_all(reseller_id=north.pk, actor=OWNER)]
    assert all(len(name) == 200 for name in names)
    assert len(set(names)) == 2
