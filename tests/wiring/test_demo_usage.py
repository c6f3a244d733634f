"""The demo's usage: what the generated files hold, and that they are the same ones each time."""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from clearbill.usage.feeds.focus import COLUMNS
from clearbill.wiring.demo.generator import DemoPlan, Statement, generate
from clearbill.wiring.demo.usage import JOINS, LEAVES

Row = dict[str, str]
# The shortest three months that there are.
TODAY = date(2027, 3, 1)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> DemoPlan:
    return generate(tmp_path_factory.mktemp("demo"), today=TODAY)


@pytest.fixture(scope="module")
def rows(plan: DemoPlan) -> list[tuple[Statement, Row]]:
    """Every row with the statement that it is of."""
    return [(statement, row) for statement in plan.statements for row in _read(statement.path)]


def _read(path: Path) -> Iterator[Row]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return csv.DictReader(io.StringIO(text, newline=""))


def _values(rows: list[tuple[Statement, Row]], column: str, **where: str) -> set[str]:
    return {
        row[column] for _, row in rows if all(row[name] == value for name, value in where.items())
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (generate(tmp_path / name, today=TODAY, customers=4) for name in "ab")
    assert [s.path.read_bytes() for s in first.statements] == [
        s.path.read_bytes() for s in second.statements
    ]


def test_another_seed_gives_other_amounts(tmp_path: Path) -> None:
    plans = [generate(tmp_path / str(n), today=TODAY, seed=n, customers=1) for n in (1, 2)]
    first, second = (plan.statements[0].path.read_bytes() for plan in plans)
    assert first != second


def test_there_are_sixty_thousand_rows_even_in_short_months(
    plan: DemoPlan, rows: list[tuple[Statement, Row]]
) -> None:
    assert 60_000 <= len(rows) <= 75_000
    assert len(rows) == sum(statement.rows for statement in plan.statements)


def test_the_months_are_the_last_three_full_ones(plan: DemoPlan) -> None:
    assert plan.months == (date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1))


def test_there_is_a_statement_per_reseller_provider_and_month(plan: DemoPlan) -> None:
    assert len(plan.statements) == 2 * 3 * 3
    assert {s.path.suffix for s in plan.statements} == {".csv", ".gz"}


def test_files_have_all_columns_of_focus_1_2(rows: list[tuple[Statement, Row]]) -> None:
    assert len(COLUMNS) == 57
    assert {frozenset(row) for _, row in rows} == {COLUMNS}


def test_each_provider_sells_twenty_five_services(rows: list[tuple[Statement, Row]]) -> None:
    services = defaultdict(set)
    for _, row in rows:
        services[row["ProviderName"]].add(row["ServiceName"])
    assert {name: len(found) for name, found in services.items()} == {
        "AWS": 25,
        "Microsoft": 25,
        "Google Cloud": 25,
    }


def test_forty_customers_of_two_kinds_of_resellers(plan: DemoPlan) -> None:
    assert sum(len(seller.companies) for seller in plan.sellers) == 40
    assert [seller.kind for seller in plan.sellers] == ["tax-invoice", "statement"]


def test_one_person_works_for_both_resellers(plan: DemoPlan) -> None:
    first, second = ({person.email for person in seller.staff} for seller in plan.sellers)
    assert len(first & second) == 1


def test_all_mail_goes_to_domains_reserved_for_examples(plan: DemoPlan) -> None:
    addresses = [
        address
        for seller in plan.sellers
        for address in (
            *(person.email for person in (*seller.staff, *seller.portal_users)),
            *(each for company in seller.companies for each in company.recipients),
        )
    ]
    assert all(a.endswith((".example.com", ".example.org")) for a in addresses)


def test_exactly_three_accounts_are_assigned_to_nobody(
    plan: DemoPlan, rows: list[tuple[Statement, Row]]
) -> None:
    used = {(s.reseller, s.provider, row["SubAccountId"]) for s, row in rows}
    assigned = {(each.reseller, each.provider, each.account) for each in plan.assignments}
    assert used - assigned == set(plan.waiting)
    assert len(plan.waiting) == 3


def test_some_account_ids_begin_with_zeros(rows: list[tuple[Statement, Row]]) -> None:
    ids = _values(rows, "SubAccountId", ProviderName="AWS")
    assert {len(each) for each in ids} == {12}
    assert any(each.startswith("00") for each in ids)


def test_every_kind_of_charge_is_there(rows: list[tuple[Statement, Row]]) -> None:
    kinds = {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
    assert _values(rows, "ChargeCategory") == kinds
    assert _values(rows, "ChargeFrequency", ChargeCategory="Purchase") == {"Recurring", "One-Time"}


def test_credits_and_refunds_are_negative(rows: list[tuple[Statement, Row]]) -> None:
    taken_back = [row for _, row in rows if row["ChargeClass"] == "Correction"]
    credits = [row for _, row in rows if row["ChargeCategory"] == "Credit"]
    assert taken_back
    assert credits
    assert all(row["BilledCost"].startswith("-") for row in taken_back + credits)


def test_null_is_a_word_in_the_files_of_one_provider(rows: list[tuple[Statement, Row]]) -> None:
    said = {row["ProviderName"] for _, row in rows if "NULL" in row.values()}
    empty = {row["ProviderName"] for _, row in rows if "" in row.values()}
    assert said == {"Microsoft"}
    assert empty == {"AWS", "Google Cloud"}


def test_amounts_come_with_exponents_many_decimals_and_as_zero(
    rows: list[tuple[Statement, Row]],
) -> None:
    amounts = [row["BilledCost"] for _, row in rows]
    assert sum("E-" in amount for amount in amounts) > 100
    assert any(len(amount.partition(".")[2]) > 14 for amount in amounts)
    assert sum(not amount.strip("0.") for amount in amounts) > 5_000


def test_a_subscription_goes_and_another_comes(rows: list[tuple[Statement, Row]]) -> None:
    last = [entry for entry in rows if entry[0].month == date(2027, 2, 1)]
    before = [entry for entry in rows if entry[0].month < date(2027, 2, 1)]

    def has(entries: list[tuple[Statement, Row]], customer: str, said: str) -> bool:
        return any(
            row["SubAccountName"].startswith(customer) and row["ChargeDescription"].startswith(said)
            for _, row in entries
        )

    assert (has(before, LEAVES[0], LEAVES[2]), has(last, LEAVES[0], LEAVES[2])) == (True, False)
    assert (has(before, *JOINS), has(last, *JOINS)) == (False, True)
