"""Generating drafts: one each, nothing twice, nothing dropped, one failure alone."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models.signals import post_init

from clearbill.actions.accounts import assign_account, assign_all
from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.prices import set_markup
from clearbill.queries.runs import report
from clearbill.records.models import (
    Claim,
    Customer,
    Document,
    DocumentLine,
    Reseller,
    UsageSlice,
)
from clearbill.rules.lifecycle import Status
from makers import OWNER, SEPTEMBER, change, generate, give_usage, make_drafts, rows_of


def test_one_draft_per_customer_provider_and_period(north: Reseller, tmp_path: Path) -> None:
    rows = [*rows_of("0001"), *rows_of("0001", ProviderName="Oracle")]
    give_usage(north, tmp_path, rows)
    customer = add_customer(reseller_id=north.pk, actor=OWNER, name="Contoso")
    for provider in ("aws", "oracle"):
        assign_account(
            reseller_id=north.pk,
            actor=OWNER,
            provider=provider,
            account="0001",
            customer_id=customer.pk,
        )
    made = generate(north).documents
    assert {(d.customer.name, d.provider.name, d.status) for d in made} == {
        ("Contoso", "AWS", "Draft"),
        ("Contoso", "Oracle", "Draft"),
    }


def test_twice_makes_nothing_twice(north: Reseller, tmp_path: Path) -> None:
    made = make_drafts(north, tmp_path, 3)
    again = generate(north)
    assert again.documents == []
    assert len(again.existing) == len(made) == 3


def test_usage_of_nobody_is_left_with_its_amount(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    left = generate(north).left
    assert [(each.account, each.amount) for each in left] == [("0001", Decimal(10))]
    assert left[0].reason.startswith("unassigned")


def test_late_usage_says_which_document_it_is_late_for(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    change(north, document.code, to=Status.OPEN)
    give_usage(north, tmp_path, rows_of("0001", BillingAccountId="payer-2"))
    assert [r.reason for r in generate(north).left] == [f"late usage: {document.code} is published"]


def test_without_a_rate_the_customer_is_left_with_that_reason(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001", BillingCurrency="EUR"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    assert "no rate from EUR to USD" in generate(north).left[0].reason


def test_a_customer_that_fails_is_parked_and_the_next_run_makes_it(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002", "0003"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    bad = Customer.objects.get(name="Customer 0002").pk

    def fails(documents: Sequence[Document]) -> None:
        if any(d.customer_id == bad for d in documents):
            raise RuntimeError("the disk is full")

    run = start_run(reseller_id=north.pk, actor=OWNER, month=SEPTEMBER)
    run_generation(reseller_id=north.pk, run_id=run.pk, before_commit=fails)
    done = report(north.pk, run.pk)
    assert [(r.customer_id, r.reason) for r in done.failed] == [(bad, "the disk is full")]
    assert len(done.documents) == 2
    assert not Document.objects.filter(customer_id=bad).exists()
    assert DocumentLine.objects.count() == Claim.objects.count() == 2
    assert [d.customer_id for d in generate(north).documents] == [bad]


def test_a_run_that_is_taken_up_again_makes_what_is_missing(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    made: list[str] = []

    def dies(documents: Sequence[Document]) -> None:
        if made:
            raise KeyboardInterrupt
        made.extend(d.code for d in documents)

    run = start_run(reseller_id=north.pk, actor=OWNER, month=SEPTEMBER)
    with pytest.raises(KeyboardInterrupt):
        run_generation(reseller_id=north.pk, run_id=run.pk, batch=1, before_commit=dies)
    run_generation(reseller_id=north.pk, run_id=run.pk)
    assert len(report(north.pk, run.pk).documents) == 2


def test_each_batch_reads_the_usage_of_its_own_customers(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002", "0003", "0004", "0005"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    run = start_run(reseller_id=north.pk, actor=OWNER, month=SEPTEMBER)
    read: list[object] = []

    def note(**_: object) -> None:
        read.append(1)

    post_init.connect(note, sender=UsageSlice)
    run_generation(reseller_id=north.pk, run_id=run.pk, batch=1)
    post_init.disconnect(note, sender=UsageSlice)
    # All of them once for the plan, and each once more for its document.
    assert len(read) == 10


def test_the_most_specific_markup_prices_the_document(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001", "0002"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    special = Customer.objects.get(name="Customer 0002").pk
    for percent, customer in (("10", None), ("25", special)):
        set_markup(
            reseller_id=north.pk,
            actor=OWNER,
            percent=percent,
            valid_from=SEPTEMBER,
            customer_id=customer,
        )
    totals = {d.customer.name: d.total for d in generate(north).documents}
    assert totals == {"Customer 0001": Decimal("11.00"), "Customer 0002": Decimal("12.50")}


def test_a_markup_does_not_reach_back_into_what_is_published(
    north: Reseller, tmp_path: Path
) -> None:
    document = make_drafts(north, tmp_path)[0]
    change(north, document.code, to=Status.OPEN)
    with pytest.raises(Refused, match=document.code):
        set_markup(reseller_id=north.pk, actor=OWNER, percent="5", valid_from=SEPTEMBER)
    set_markup(reseller_id=north.pk, actor=OWNER, percent="5", valid_from=date(2024, 10, 1))


def test_a_discarded_draft_frees_its_usage(north: Reseller, tmp_path: Path) -> None:
    document = make_drafts(north, tmp_path)[0]
    discard_documents(reseller_id=north.pk, actor=OWNER, documents=[document.code])
    assert DocumentLine.objects.count() == 0
    again = generate(north).documents[0]
    assert (again.total, again.code) == (document.total, "D-000002")


def test_a_voided_document_is_replaced_by_one_that_names_it(
    north: Reseller, tmp_path: Path
) -> None:
    document = make_drafts(north, tmp_path)[0]
    change(north, document.code, to=Status.OPEN)
    change(north, document.code, to=Status.VOIDED, reason="wrong address")
    assert generate(north).documents[0].replaces_id == document.pk
