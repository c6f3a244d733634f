"""A customer's billing currency: set at first, changed between documents, never within one."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest
from django.db import connections

from actions.test_taxes_and_rates import rate
from clearbill.actions.accounts import assign_account, assign_all
from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer, change_customer
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.queries.verify import verify
from clearbill.records.models import BillingProfile, Document, Reseller
from clearbill.rules.lifecycle import Status
from makers import OWNER, SEPTEMBER, change, generate, give_usage, make_drafts, rows_of


def set_currency(reseller: Reseller, customer_id: int, currency: str) -> None:
    change_customer(
        reseller_id=reseller.pk, actor=OWNER, customer_id=customer_id, currency=currency
    )


def currency_of(customer_id: int) -> str:
    return BillingProfile.objects.values_list("currency", flat=True).get(customer=customer_id)


def give_account(reseller: Reseller, customer_id: int) -> None:
    assign_account(
        reseller_id=reseller.pk,
        actor=OWNER,
        provider="oracle",
        account="0001",
        customer_id=customer_id,
    )


def test_a_new_customer_has_the_resellers_currency_or_its_own(north: Reseller) -> None:
    one = add_customer(reseller_id=north.pk, actor=OWNER, name="One")
    two = add_customer(reseller_id=north.pk, actor=OWNER, name="Two", currency="EUR")
    assert (currency_of(one.pk), currency_of(two.pk)) == ("USD", "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "XQZ"])
def test_what_is_no_currency_is_refused_at_its_field(north: Reseller, currency: str) -> None:
    customer = add_customer(reseller_id=north.pk, actor=OWNER, name="One")
    with pytest.raises(Refused) as caught:
        set_currency(north, customer.pk, currency)
    assert (caught.value.field, currency_of(customer.pk)) == ("currency", "USD")


def test_a_draft_in_the_old_currency_is_named_and_nothing_changes(
    north: Reseller, tmp_path: Path
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    with pytest.raises(Refused, match=f"{draft.code} is a draft in another currency") as caught:
        change_customer(
            reseller_id=north.pk,
            actor=OWNER,
            customer_id=draft.customer_id,
            currency="EUR",
            name="Renamed",
        )
    assert caught.value.field == "currency"
    draft.customer.refresh_from_db()
    assert (currency_of(draft.customer_id), draft.customer.name) == ("USD", "Customer 0001")


def test_the_currency_it_has_already_is_no_change(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    set_currency(north, draft.customer_id, "USD")
    assert currency_of(draft.customer_id) == "USD"


def test_a_discarded_drafts_usage_is_billed_in_the_new_currency(
    north: Reseller, tmp_path: Path
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    rate(north, "USD", "EUR", "0.5", date(2024, 9, 30))
    discard_documents(reseller_id=north.pk, actor=OWNER, documents=[draft.code])
    set_currency(north, draft.customer_id, "EUR")
    made = generate(north).documents[0]
    assert (made.currency, made.total) == ("EUR", Decimal(5))
    assert list(verify(north.pk)) == []


def test_a_published_document_keeps_its_currency_and_the_next_one_has_the_new(
    north: Reseller, tmp_path: Path
) -> None:
    published = make_drafts(north, tmp_path)[0]
    change(north, published.code, to=Status.OPEN)
    set_currency(north, published.customer_id, "EUR")
    rate(north, "USD", "EUR", "0.5", date(2024, 9, 30))
    give_usage(north, tmp_path, rows_of("0001", ProviderName="Oracle"))
    give_account(north, published.customer_id)
    currencies = Document.objects.order_by("counter").values_list("currency", flat=True)
    generate(north)
    assert list(currencies) == ["USD", "EUR"]
    assert list(verify(north.pk)) == []


def test_a_change_waits_for_a_generation_that_has_read_the_old_currency(
    north: Reseller, tmp_path: Path
) -> None:
    give_usage(north, tmp_path, rows_of("0001"))
    customer = assign_all(reseller_id=north.pk, actor=OWNER)[0].customer_id
    said: list[str] = []
    change = Thread(target=lambda: said.append(why_refused(north, customer)))

    def meanwhile(documents: object) -> None:
        change.start()
        change.join(0.5)
        assert change.is_alive()

    run = start_run(reseller_id=north.pk, actor=OWNER, month=SEPTEMBER)
    run_generation(reseller_id=north.pk, run_id=run.pk, before_commit=meanwhile)
    change.join()
    assert said[0].startswith("D-000001 is a draft in another currency than EUR")


def why_refused(reseller: Reseller, customer_id: int) -> str:
    try:
        set_currency(reseller, customer_id, "EUR")
    except Refused as refused:
        return refused.message
    finally:
        connections.close_all()
    return ""
