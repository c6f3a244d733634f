"""Accounts change hands under drafts: each row of usage is billed once, to whose it is."""

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.actions.accounts import assign_account, assign_all, unassign_account
from clearbill.actions.common import Refused
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.own_lines import add_own_line
from clearbill.actions.refresh import Seen, refresh_drafts
from clearbill.queries.generation import plan, slices_for
from clearbill.queries.preview import preview
from clearbill.queries.refresh import difference, differences
from clearbill.queries.verify import verify
from clearbill.records.models import (
    BillingPeriod,
    Claim,
    Customer,
    Document,
    DocumentLine,
    Reseller,
)
from clearbill.rules.lifecycle import Status
from makers import OWNER, SEPTEMBER, change, generate, give_usage, make_drafts, rows_of

TODAY = date(2024, 10, 5)


def month(number: int) -> dict[str, str]:
    """Cells of a row of that month of 2024."""
    first, end = f"2024-{number:02d}-01T00:00:00Z", f"2024-{number + 1:02d}-01T00:00:00Z"
    day = f"2024-{number:02d}-02T00:00:00Z"
    periods = {"BillingPeriodStart": first, "BillingPeriodEnd": end}
    return {**periods, "ChargePeriodStart": first, "ChargePeriodEnd": day}


def give(reseller: Reseller, account: str, to: Document | Customer, start: date) -> None:
    customer = to.pk if isinstance(to, Customer) else to.customer_id
    assign_account(
        reseller_id=reseller.pk,
        actor=OWNER,
        provider="aws",
        account=account,
        customer_id=customer,
        valid_from=start,
    )


def refresh(reseller: Reseller, *documents: Document, **values: object) -> list[str]:
    """Why each was refused, or what it says, or nothing; the documents are read anew."""
    results = refresh_drafts(
        reseller_id=reseller.pk,
        actor=OWNER,
        documents=[document.code for document in documents],
        **values,  # type: ignore[arg-type]
    )
    for document in documents:
        document.refresh_from_db()
    return [result.refused or "; ".join(result.warnings) for result in results]


def accounts_of(document: Document) -> list[str]:
    lines = DocumentLine.objects.filter(document_id=document.pk)
    return sorted(lines.values_list("account", flat=True))


@pytest.fixture
def pair(north: Reseller, tmp_path: Path) -> tuple[Document, Document]:
    """Two drafts of USD 10.00; the second one's customer has account 0003 with USD 10.00 more."""
    first, second = make_drafts(north, tmp_path, 2)
    give_usage(north, tmp_path, rows_of("0003", BillingAccountId="other"))
    give(north, "0003", second, SEPTEMBER)
    assert refresh(north, second) == [""]
    assert second.total == 20
    return first, second


def test_usage_given_back_to_its_customer_is_billed_once(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001", **month(8)))
    draft = make_drafts(north, tmp_path)[0]
    given = {"reseller_id": north.pk, "actor": OWNER, "provider": "aws", "account": "0001"}
    unassign_account(valid_from=SEPTEMBER, **given)  # type: ignore[arg-type]
    assign_account(customer_id=draft.customer_id, **given)  # type: ignore[arg-type]
    refresh(north, draft)
    assert draft.total == 10
    assert change(north, draft.code, to=Status.OPEN)[0].changed
    assert list(verify(north.pk)) == []


def test_a_draft_takes_no_usage_of_months_when_the_account_was_anothers(
    north: Reseller, tmp_path: Path
) -> None:
    for number in (8, 9, 10):
        give_usage(north, tmp_path, rows_of("0001", "0002", **month(number)))
    assign_all(reseller_id=north.pk, actor=OWNER)
    mine, other = (
        Customer.objects.get(name="Customer 0002"),
        Customer.objects.get(name="Customer 0001"),
    )
    for customer, start in ((mine, 8), (other, 9), (mine, 10)):
        give(north, "0001", customer, date(2024, start, 1))
    run = start_run(reseller_id=north.pk, actor=OWNER, month=SEPTEMBER, customers=[mine.pk])
    run_generation(reseller_id=north.pk, run_id=run.pk)
    draft = Document.objects.get()
    refresh(north, draft)
    assert accounts_of(draft) == ["0002"]


def test_usage_that_changed_hands_is_on_the_other_draft_after_a_refresh_of_both(
    north: Reseller, pair: tuple[Document, Document]
) -> None:
    first, second = pair
    give(north, "0003", first, SEPTEMBER)
    assert refresh(north, first, second) == ["", ""]
    assert [(d.total, d.stale) for d in pair] == [(20, ""), (10, "")]
    assert accounts_of(first) == ["0001", "0003"]
    assert list(verify(north.pk)) == []


def test_the_draft_that_gains_alone_waits_and_says_for_what(
    north: Reseller, pair: tuple[Document, Document]
) -> None:
    first, second = pair
    give(north, "0003", first, SEPTEMBER)
    assert "still on another draft" in refresh(north, first)[0]
    assert first.stale
    refresh(north, second)
    assert (first.total, second.total) == (10, 10)
    assert refresh(north, first) == [""]
    assert (first.total, first.stale) == (20, "")


def test_discarding_the_draft_that_held_it_marks_the_one_that_gains(
    north: Reseller, pair: tuple[Document, Document]
) -> None:
    first, second = pair
    give(north, "0003", first, SEPTEMBER)
    refresh(north, first)
    Document.objects.filter(pk=first.pk).update(stale="")
    discard_documents(reseller_id=north.pk, actor=OWNER, documents=[second.code])
    first.refresh_from_db()
    assert first.stale
    assert refresh(north, first) == [""]
    assert first.total == 20


def test_a_draft_that_holds_its_own_is_not_marked(
    north: Reseller, tmp_path: Path, pair: tuple[Document, Document]
) -> None:
    give_usage(north, tmp_path, rows_of("0001", **month(10)))
    give(north, "0001", pair[1], date(2024, 10, 1))
    for draft in pair:
        draft.refresh_from_db()
        assert draft.stale == ""


def test_what_all_refreshes_come_to_is_known_before(
    north: Reseller, pair: tuple[Document, Document]
) -> None:
    first, second = pair
    give(north, "0003", first, SEPTEMBER)
    drafts = list(Document.objects.select_related("billing_period", "provider").order_by("pk"))
    found = differences(drafts, TODAY)
    after = {key: each.subtotal_after for key, each in found.items() if each}
    assert after == {first.pk: Decimal(20), second.pk: Decimal(10)}
    seen = {d.code: Seen(d.version, after[d.pk]) for d in drafts}
    assert refresh(north, first, second, seen=seen) == ["", ""]
    assert (first.total, second.total) == (20, 10)


def test_another_subtotal_than_the_one_seen_is_refused(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    give_usage(north, tmp_path, rows_of("0001", cost="12.00"))
    draft = Document.objects.select_related("billing_period", "provider").get(pk=draft.pk)
    seen = {draft.code: Seen(draft.version, difference(draft, TODAY).subtotal_after)}
    give_usage(north, tmp_path, rows_of("0001", cost="99.00"))
    assert "99.00 before tax by now, and 12.00 was shown" in refresh(north, draft, seen=seen)[0]
    assert draft.total == 10


def test_calendars_of_two_payers_do_not_meet(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    cells = {
        "BillingAccountId": "other",
        "BillingPeriodStart": "2024-08-20T00:00:00Z",
        "BillingPeriodEnd": "2024-09-20T00:00:00Z",
        "ChargePeriodStart": "2024-08-21T00:00:00Z",
        "ChargePeriodEnd": "2024-08-22T00:00:00Z",
    }
    give_usage(north, tmp_path, rows_of("0002", **cells))
    made = assign_all(reseller_id=north.pk, actor=OWNER)
    assert [(m.account, m.valid_from) for m in made] == [
        ("0001", date(2024, 9, 1)),
        ("0002", date(2024, 8, 20)),
    ]


def test_a_draft_of_own_lines_alone_stands_in_the_preview(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    unassign_account(reseller_id=north.pk, actor=OWNER, provider="aws", account="0001")
    add_own_line(reseller_id=north.pk, actor=OWNER, document=draft.code, text="Setup", amount="5")
    assert refresh(north, draft) == [""]
    row = next(r for r in preview(north.pk, SEPTEMBER, today=TODAY).rows if r.document)
    assert (row.rows, row.cost, row.price) == (0, Decimal(0), Decimal(5))


def test_an_amount_beyond_the_engine_fails_its_own_customer_alone(
    north: Reseller, tmp_path: Path
) -> None:
    rows = [*rows_of("0001"), *rows_of("0002", cost="10000000000.00")]
    give_usage(north, tmp_path, rows)
    assign_all(reseller_id=north.pk, actor=OWNER)
    shown = {row.customer: row for row in preview(north.pk, SEPTEMBER, today=TODAY).rows}
    assert (shown["Customer 0001"].state, shown["Customer 0001"].price) == ("New", Decimal(10))
    assert shown["Customer 0002"].state == "Fails"
    assert "10 digits before the point" in shown["Customer 0002"].reason
    assert [d.customer.name for d in generate(north).documents] == ["Customer 0001"]


def test_drafts_want_what_a_generation_would_give_them(north: Reseller, tmp_path: Path) -> None:
    for number in (8, 9, 10):
        give_usage(north, tmp_path, rows_of("0001", "0002", "0003", **month(number)))
    assign_all(reseller_id=north.pk, actor=OWNER)
    customers = list(Customer.objects.order_by("pk"))
    chance = random.Random(5)  # noqa: S311 - the same twelve moves each time
    for _ in range(12):
        account, to = f"000{chance.randint(1, 3)}", chance.choice(customers)
        give(north, account, to, date(2024, chance.randint(8, 10), 1))
    periods = list(BillingPeriod.objects.select_related("provider"))
    planned = {
        (c.customer_id, c.period.pk): {s.pk for s in c.slices}
        for c in plan(north.pk, periods, today=TODAY).candidates
    }
    for start in (8, 9, 10):
        generate(north, date(2024, start, 1))
    drafts = list(Document.objects.all())
    wanted = {(d.customer_id, d.billing_period_id): d.pk for d in drafts}
    found = {key: {s.pk for s in slices_for(drafts)[pk]} for key, pk in wanted.items()}
    assert found == planned


def test_usage_of_a_document_that_is_published_meanwhile_is_not_given_away(
    north: Reseller, pair: tuple[Document, Document]
) -> None:
    first, second = pair
    change(north, second.code, to=Status.OPEN)
    with pytest.raises(Refused, match=f"is on {second.code}, which is published"):
        give(north, "0003", first, SEPTEMBER)
    assert Claim.objects.filter(document=second, released_at__isnull=True).count() == 2
