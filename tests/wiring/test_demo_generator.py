"""The demo's plausibility: amounts, documents and companies look like those of real clouds."""

import csv
import gzip
import io
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from clearbill.rules.money import total
from clearbill.rules.periods import next_month
from clearbill.wiring.demo.generator import DemoPlan, generate

Row = dict[str, str]
TODAY = date(2026, 11, 24)
SCRIPT = """
import sys
from datetime import date
from pathlib import Path
from clearbill.wiring.demo.generator import generate
generate(Path(sys.argv[1]), today=date(2026, 11, 24), customers=3)
"""


@dataclass
class Document:
    """What one customer's month at one provider comes to, before any markup."""

    customer: str
    month: date
    costs: list[Decimal] = field(default_factory=list)
    lines: set[tuple[str, ...]] = field(default_factory=set)

    @property
    def cost(self) -> Decimal:
        return total(self.costs)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> DemoPlan:
    return generate(tmp_path_factory.mktemp("demo"), today=TODAY)


@pytest.fixture(scope="module")
def files(plan: DemoPlan) -> dict[tuple[str, str, date], list[Row]]:
    """The rows by reseller, provider and month; the word NULL reads as empty."""
    return {(s.reseller, s.provider, s.month): _read(s.path) for s in plan.statements}


@pytest.fixture(scope="module")
def documents(
    plan: DemoPlan, files: dict[tuple[str, str, date], list[Row]]
) -> dict[tuple[str, str, str, date], Document]:
    customers = {(a.reseller, a.provider, a.account): a.customer for a in plan.assignments}
    found: dict[tuple[str, str, str, date], Document] = {}
    for (reseller, provider, month), rows in files.items():
        for row in rows:
            customer = customers.get((reseller, provider, row["SubAccountId"]))
            if customer:
                key = (reseller, customer, provider, month)
                document = found.setdefault(key, Document(customer, month))
                document.costs.append(Decimal(row["BilledCost"]))
                document.lines.add(_line(row))
    return found


def _read(path: Path) -> list[Row]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [
        {column: "" if cell == "NULL" else cell for column, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text, newline=""), strict=True)
    ]


def _line(row: Row) -> tuple[str, ...]:
    kind = (row["ChargeCategory"], row["ChargeFrequency"])
    return (row["SubAccountId"], row["ServiceName"], row["SkuId"], *kind, row["PricingUnit"])


def _charged(files: dict[tuple[str, str, date], list[Row]]) -> list[Row]:
    """Usage and purchases that nobody took back."""
    return [
        row
        for rows in files.values()
        for row in rows
        if row["ChargeCategory"] in ("Usage", "Purchase") and not row["ChargeClass"]
    ]


def test_the_order_of_hashes_changes_no_byte(tmp_path: Path) -> None:
    written = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", SCRIPT, str(out)], env=environment, check=True)
        written.append({path.name: path.read_bytes() for path in out.iterdir()})
    # Three customers leave one provider of the second reseller without a file.
    assert len(written[0]) == 15
    assert written[0] == written[1]


def test_list_cost_is_at_least_contracted_and_that_at_least_billed(
    files: dict[tuple[str, str, date], list[Row]],
) -> None:
    for row in _charged(files):
        listed, contracted, billed = (
            Decimal(row[column]) for column in ("ListCost", "ContractedCost", "BilledCost")
        )
        assert listed >= contracted >= billed >= 0, row


def test_quantity_times_list_price_is_the_list_cost(
    files: dict[tuple[str, str, date], list[Row]],
) -> None:
    for row in _charged(files):
        product = Decimal(row["PricingQuantity"]) * Decimal(row["ListUnitPrice"])
        # A file that writes ten decimals rounds both sides.
        assert abs(product - Decimal(row["ListCost"])) < Decimal("0.000001"), row


def test_what_is_bought_is_bought_whole(files: dict[tuple[str, str, date], list[Row]]) -> None:
    bought = [row for row in _charged(files) if row["ChargeCategory"] == "Purchase"]
    counts = [Decimal(row["PricingQuantity"]) for row in bought]
    assert len(counts) > 300
    assert all(count >= 1 and count == count.to_integral_value() for count in counts)
    assert max(counts) > 50


def test_every_charge_lies_within_the_month_of_its_file(
    files: dict[tuple[str, str, date], list[Row]],
) -> None:
    for (_, _, month), rows in files.items():
        for row in rows:
            start, end = (row[f"ChargePeriod{side}"][:10] for side in ("Start", "End"))
            assert str(month) <= start < end <= str(next_month(month))
            assert row["BillingPeriodStart"][:10] == str(month)
            assert row["BillingPeriodEnd"][:10] == str(next_month(month))


def test_every_customer_owes_something_at_each_of_its_providers(
    plan: DemoPlan, documents: dict[tuple[str, str, str, date], Document]
) -> None:
    owed = {
        (seller.slug, company.name, demand.provider, month)
        for seller in plan.sellers
        for company in seller.companies
        for demand in company.demands
        for month in plan.months
    }
    assert set(documents) == owed
    assert all(document.cost > 0 for document in documents.values())


def test_documents_reach_from_three_lines_to_nearly_four_hundred(
    documents: dict[tuple[str, str, str, date], Document],
) -> None:
    sizes = sorted(len(document.lines) for document in documents.values())
    assert sizes[0] == 3
    assert 340 <= sizes[-1] <= 400
    assert sizes[len(sizes) // 2] in range(20, 41)


def test_few_documents_make_most_of_the_money(
    documents: dict[tuple[str, str, str, date], Document],
) -> None:
    costs = sorted(document.cost for document in documents.values())
    assert 5 <= costs[0] < 20
    assert 150_000 < costs[-1] <= 250_000
    assert costs[len(costs) // 2] < 5_000
    assert total(costs[-len(costs) // 10 :]) > total(costs) / 2


def test_bills_grow_from_month_to_month(
    plan: DemoPlan, documents: dict[tuple[str, str, str, date], Document]
) -> None:
    months = [
        total([each.cost for each in documents.values() if each.month == month])
        for month in plan.months
    ]
    assert months == sorted(months)
    assert months[2] < months[0] * Decimal("1.2")


def test_a_few_bills_jump_and_one_falls_in_the_last_month(
    plan: DemoPlan, documents: dict[tuple[str, str, str, date], Document]
) -> None:
    ratios = [
        document.cost / documents[*key[:3], plan.months[1]].cost
        for key, document in documents.items()
        if key[3] == plan.months[2]
    ]
    assert sum(ratio > Decimal("1.5") for ratio in ratios) == 3
    assert sum(ratio < Decimal("0.6") for ratio in ratios) == 1


def test_a_customer_has_one_to_three_providers_with_one_to_four_accounts(plan: DemoPlan) -> None:
    accounts: dict[tuple[str, str, str], int] = defaultdict(int)
    for each in plan.assignments:
        accounts[each.reseller, each.customer, each.provider] += 1
    providers: dict[tuple[str, str], int] = defaultdict(int)
    for reseller, customer, _ in accounts:
        providers[reseller, customer] += 1
    assert set(accounts.values()) == {1, 2, 3, 4}
    assert set(providers.values()) == {1, 2, 3}


def test_an_account_is_given_to_one_customer_only(plan: DemoPlan) -> None:
    given = [(each.provider, each.account) for each in plan.assignments]
    assert len(given) == len(set(given))


def test_companies_are_written_in_many_alphabets(plan: DemoPlan) -> None:
    names = "".join(company.name for seller in plan.sellers for company in seller.companies)
    assert set("ŁęΑüßêñØŽŞĎő") <= set(names)


def test_some_customers_lack_what_an_invoice_needs(plan: DemoPlan) -> None:
    companies = [company for seller in plan.sellers for company in seller.companies]
    assert all(company.legal_name for company in companies)
    # The drafts of these show what is missing, and that nobody can be told.
    assert sum(not company.address for company in companies) == 1
    assert 1 <= sum(not company.recipients for company in companies) <= 4
    assert 1 <= sum(not company.tax_id for company in companies) <= 4


def test_terms_and_purchase_orders_differ(plan: DemoPlan) -> None:
    companies = [company for seller in plan.sellers for company in seller.companies]
    assert {company.terms_days for company in companies} == {None, 14, 30, 45}
    assert 5 < sum(bool(company.purchase_order) for company in companies) < 30
