"""What a document is taxed with and converted at, from generation to the frozen document."""

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clearbill.actions.accounts import assign_all
from clearbill.actions.rates import import_rates, set_rate
from clearbill.actions.refresh import refresh_drafts
from clearbill.actions.totals import retotal
from clearbill.paper import downloads
from clearbill.queries import canonical
from clearbill.queries.preview import preview
from clearbill.queries.verify import verify
from clearbill.records import clock, tenancy
from clearbill.records.models import (
    BillingProfile,
    Document,
    ExchangeRate,
    ProfileTax,
    Reseller,
    TaxRate,
)
from clearbill.rules.lifecycle import Status
from makers import OWNER, SEPTEMBER, change, generate, give_usage, make_drafts, rows_of


def tax(reseller: Reseller, name: str, percent: str, category: str = "S", reason: str = "") -> None:
    """Give every customer of the reseller one more tax."""
    rate = TaxRate.objects.create(
        reseller=reseller,
        name=name,
        percent=Decimal(percent),
        category=category,
        reason=reason,
        created_at=clock.now(),
    )
    for profile in BillingProfile.objects.filter(reseller=reseller):
        position = profile.taxes.count()
        ProfileTax.objects.create(reseller=reseller, profile=profile, tax=rate, position=position)


def rate(reseller: Reseller, base: str, quote: str, value: str, day: date) -> None:
    ExchangeRate.objects.create(
        reseller=reseller,
        base=base,
        quote=quote,
        span="day",
        day=day,
        rate=Decimal(value),
        source="ECB",
        version=1,
        who="me",
        created_at=clock.now(),
    )


def usage_for(reseller: Reseller, folder: Path, **cells: str) -> None:
    give_usage(reseller, folder, rows_of("0001", **cells))
    assign_all(reseller_id=reseller.pk, actor=OWNER)


def test_taxes_are_added_to_the_subtotal_one_by_one(north: Reseller, tmp_path: Path) -> None:
    usage_for(north, tmp_path, cost="99.99")
    tax(north, "GST", "5")
    tax(north, "QST", "9.975")
    document = generate(north).documents[0]
    assert (document.subtotal, document.tax, document.total) == (
        Decimal("99.99"),
        Decimal("14.97"),
        Decimal("114.96"),
    )
    assert [t["amount"] for t in document.taxes] == ["5.00", "9.97"]


def test_reverse_charge_prints_its_reason_and_charges_nothing(
    north: Reseller, tmp_path: Path
) -> None:
    usage_for(north, tmp_path)
    tax(north, "Reverse charge", "0", "AE", "Article 196, Directive 2006/112/EC")
    document = generate(north).documents[0]
    assert change(north, document.code, to=Status.OPEN)[0].changed
    document.refresh_from_db()
    frozen = json.loads(document.frozen or "")
    assert frozen["taxes"][0]["reason"].startswith("Article 196")
    assert (frozen["tax"], frozen["total"]) == ("0.00", "10.00")


def test_a_customers_new_tax_reaches_its_drafts(north: Reseller, tmp_path: Path) -> None:
    draft = make_drafts(north, tmp_path)[0]
    tax(north, "VAT", "20")
    with tenancy.transaction(north.pk):
        locked = Document.objects.select_for_update().get(pk=draft.pk)
        assert retotal(north.pk, [locked]) == [locked]
        assert retotal(north.pk, [locked]) == []
    assert (locked.total, locked.version) == (Decimal(12), draft.version + 1)


def test_usage_is_billed_in_the_customers_currency_at_the_rate_of_the_periods_last_day(
    north: Reseller, tmp_path: Path
) -> None:
    usage_for(north, tmp_path, cost="100", BillingCurrency="EUR")
    rate(north, "EUR", "USD", "1.1196", date(2024, 9, 30))
    rate(north, "EUR", "USD", "9", date(2024, 10, 1))
    document = generate(north).documents[0]
    assert (document.currency, document.total) == ("USD", Decimal("111.96"))
    assert document.rates == [
        {"from": "EUR", "to": "USD", "rate": "1.1196000000", "source": "ECB", "day": "2024-09-30"}
    ]
    assert list(verify(north.pk)) == []


def test_the_rate_is_frozen_and_both_costs_stay_with_staff(north: Reseller, tmp_path: Path) -> None:
    usage_for(north, tmp_path, cost="100", BillingCurrency="EUR")
    rate(north, "EUR", "USD", "1.1196", date(2024, 9, 27))
    document = generate(north).documents[0]
    change(north, document.code, to=Status.OPEN)
    content = canonical.of(Document.objects.get(pk=document.pk))
    assert content["rates"][0]["day"] == "2024-09-27"
    line = content["sections"][0]["lines"][0]
    assert (line["cost"], line["cost_currency"], line["cost_converted"]) == ("100", "EUR", "111.96")
    shown = canonical.for_customer(content)["sections"][0]["lines"][0]
    assert not {"cost", "cost_converted", "cost_currency", "list_converted"} & shown.keys()


@pytest.mark.parametrize("status", [Status.DRAFT, Status.OPEN, Status.VOIDED])
def test_the_detailed_csv_is_in_the_documents_currency(
    north: Reseller, tmp_path: Path, status: Status
) -> None:
    usage_for(north, tmp_path, cost="100", BillingCurrency="EUR")
    rate(north, "EUR", "USD", "1.1196", date(2024, 9, 30))
    document = generate(north).documents[0]
    for to in (Status.OPEN, Status.VOIDED):
        if document.status != status:
            change(north, document.code, to=to, reason="x")
            document = Document.objects.get(pk=document.pk)
    text = b"".join(downloads.detailed_csv(document, audience="staff")).decode("utf-8-sig")
    found = next(csv.DictReader(text.splitlines()))
    assert (Decimal(found["Price"]), found["Currency"]) == (Decimal("111.96"), "USD")


def test_a_preview_parts_cost_in_the_usages_currency_from_the_price(
    north: Reseller, tmp_path: Path
) -> None:
    usage_for(north, tmp_path, cost="100", BillingCurrency="EUR")
    rate(north, "EUR", "USD", "1.1196", date(2024, 9, 30))
    seen = preview(north.pk, SEPTEMBER, today=date(2024, 11, 1))
    assert [(t.currency, t.to_bill) for t in seen.totals] == [("EUR", Decimal(100))]
    assert [(p.currency, p.price) for p in seen.prices] == [("USD", Decimal("111.96"))]


def test_a_rate_that_changes_makes_the_drafts_that_it_converts_stale(
    north: Reseller, tmp_path: Path
) -> None:
    own = make_drafts(north, tmp_path)[0]
    usage_for(north, tmp_path, cost="100", BillingCurrency="EUR", ProviderName="Oracle")
    rate(north, "EUR", "USD", "1.1196", date(2024, 9, 30))
    draft = next(d for d in generate(north).documents if d.pk != own.pk)
    change_rate: Any = {"base": "EUR", "quote": "USD", "month": SEPTEMBER, "source": "Bank"}
    set_rate(reseller_id=north.pk, actor=OWNER, rate="1.1196", **change_rate)
    assert not Document.objects.exclude(stale="").exists()
    done = set_rate(reseller_id=north.pk, actor=OWNER, rate="1.2", **change_rate)
    assert done.stale == [draft.code]
    refresh_drafts(reseller_id=north.pk, actor=OWNER, documents=done.stale)
    assert Document.objects.get(pk=draft.pk).total == 120


def test_a_rate_of_other_days_leaves_a_draft_fresh(north: Reseller, tmp_path: Path) -> None:
    usage_for(north, tmp_path, cost="100", BillingCurrency="EUR")
    rate(north, "EUR", "USD", "1.1196", date(2024, 9, 30))
    generate(north)
    text = "base,quote,date,rate\nEUR,USD,2024-10-01,1.5\nEUR,USD,2024-09-29,1.4\n"
    done = import_rates(reseller_id=north.pk, actor=OWNER, data=text.encode(), name="rates.csv")
    assert (done.added, done.stale) == (2, [])
