"""Rating: the engine and the law in plain Python give the same lines, decimal for decimal."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chance import WITH_THE_ENGINE
from clearbill.rules.charge_types import charge_of
from clearbill.rules.money import minor_unit, to_minor_units, total
from clearbill.rules.pricing import RatedLine, TooLarge, UsageRow, rate_document, resolve
from clearbill.usage.columns import LINES
from clearbill.usage.rating import rate
from clearbill.usage.types import Delivery, DocumentRef, RuleRef
from focus_files import claims, row, rows_taken, store_in, taken
from samples import sample

SEPTEMBER = date(2024, 9, 1)
ONE = Decimal("1.000000")
NONE = Decimal("0.000000")


def rule(number: int = 1, **changes: Any) -> RuleRef:
    return RuleRef(
        **{
            "rule": number,
            "customer": None,
            "provider": None,
            "valid_from": date(2024, 1, 1),
            "version": 1,
            "a": Decimal("1.1"),
            "b": NONE,
            "c": NONE,
            **changes,
        }
    )


def rated(
    folder: Path,
    delivery: Delivery,
    rules: Sequence[RuleRef] = (),
    customer_of: dict[str, int] | None = None,
) -> list[dict[str, Any]]:
    slices, documents = claims(delivery, customer_of)
    table = rate(slices, documents, rules, store=store_in(folder))
    assert table.schema.equals(LINES)
    return list(table.to_pylist())


def test_a_line_carries_all_that_a_document_shows(tmp_path: Path) -> None:
    rows = [row(), row(BilledCost="0.25", ChargeDescription="An hour")]
    (line,) = rated(tmp_path, rows_taken(tmp_path, rows), [rule(7)])
    assert line == {
        "document": 1,
        "position": 1,
        "account": "0012",
        "account_name": "Contoso",
        "service": "Compute",
        "sku": "SKU-1",
        "description": "An hour",
        "charge_type": "Usage",
        "provider_charge": "Usage",
        "unit": "Hours",
        "currency": "USD",
        "line_key": "0012|Compute|SKU-1|Usage|Hours|USD",
        "qty": Decimal(2),
        "cost": Decimal("1.75"),
        "list_cost": Decimal(4),
        "cost_currency": "USD",
        "cost_converted": Decimal("1.75"),
        "list_converted": Decimal(4),
        "rule": 7,
        "a": Decimal("1.1"),
        "b": Decimal(0),
        "c": Decimal(0),
        "exact": Decimal("1.925"),
        "price": Decimal("1.93"),
        "rows": 2,
        "first_date": date(2024, 9, 3),
        "last_date": date(2024, 9, 3),
    }


def test_tax_credits_and_adjustments_pass_at_cost(tmp_path: Path) -> None:
    words = ["Usage", "Purchase", "Tax", "Credit", "Adjustment", "Surcharge"]
    delivery = rows_taken(tmp_path, [row(ChargeCategory=w, BilledCost="10") for w in words])
    prices = {
        line["charge_type"]: (line["price"], line["rule"])
        for line in rated(tmp_path, delivery, [rule(3)])
    }
    assert prices == {
        "Usage": (Decimal(11), 3),
        "One-time": (Decimal(11), 3),
        "Tax": (Decimal(10), None),
        "Credit": (Decimal(10), None),
        "Adjustment": (Decimal(20), None),
    }


def test_the_providers_own_words_stand_beside_the_charge_type(tmp_path: Path) -> None:
    rows = [row(ChargeCategory=word) for word in ("Surcharge", "Bonus", "Rounding")]
    rows.append(row(ChargeCategory="Purchase", ChargeFrequency="Recurring"))
    lines = rated(tmp_path, rows_taken(tmp_path, rows))
    assert {line["charge_type"]: line["provider_charge"] for line in lines} == {
        "Adjustment": "Bonus, Rounding, Surcharge",
        "Subscription": "Purchase/Recurring",
    }


def test_an_account_has_one_name_in_its_section(tmp_path: Path) -> None:
    rows = [row(SkuId="1", SubAccountName=""), row(SkuId="2"), row(SkuId="3", SubAccountName="Z")]
    lines = rated(tmp_path, rows_taken(tmp_path, rows))
    assert {line["account_name"] for line in lines} == {"Contoso"}


@pytest.mark.parametrize(
    ("currency", "price"), [("USD", "4.90"), ("JPY", "5"), ("KWD", "4.900"), ("CLF", "4.9000")]
)
def test_a_thousand_lines_of_0_0049_come_to_4_90(tmp_path: Path, currency: str, price: str) -> None:
    rows = [row(BilledCost="0.0049", SkuId=str(n), BillingCurrency=currency) for n in range(1000)]
    lines = rated(tmp_path, rows_taken(tmp_path, rows))
    unit = Decimal(1).scaleb(-minor_unit(currency))
    assert sum(line["price"] for line in lines) == Decimal(price)
    assert {line["price"] for line in lines} <= {cents * unit for cents in range(50)}


def test_one_line_of_ten_digits_is_refused_aloud(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(BilledCost="10000000000")])
    with pytest.raises(TooLarge, match="more than 10 digits"):
        rated(tmp_path, delivery)


def test_a_large_quantity_is_no_fault_where_no_rule_multiplies_it(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(PricingQuantity="123456789012")])
    assert rated(tmp_path, delivery, [rule()])[0]["qty"] == 123456789012
    with pytest.raises(TooLarge):
        rated(tmp_path, delivery, [rule(c=ONE)])


def test_rows_of_other_slices_and_imports_are_left_alone(tmp_path: Path) -> None:
    rows = [row(SubAccountId="a"), row(SubAccountId="b")]
    old = rows_taken(tmp_path, rows, key="usage/old.parquet")
    new = rows_taken(tmp_path, [*rows, *rows], key="usage/new.parquet")
    slices = [claims(old)[0][0], claims(new)[0][1]]
    table = rate(slices, claims(new)[1], [], store=store_in(tmp_path))
    assert table.column("rows").to_pylist() == [1, 2]
    assert table.column("account").to_pylist() == ["a", "b"]


def test_slices_must_fit_their_documents(tmp_path: Path) -> None:
    slices, documents = claims(rows_taken(tmp_path, [row()]))
    other = DocumentRef(1, 1, "aws", SEPTEMBER, "EUR")
    for wrong in ([], [other], [*documents, *documents]):
        with pytest.raises(ValueError, match="document"):
            rate(slices, wrong, [], store=store_in(tmp_path))


def test_nothing_claimed_gives_no_lines(tmp_path: Path) -> None:
    assert rate([], [], [], store=store_in(tmp_path)).equals(LINES.empty_table())


def test_the_real_sample_at_cost_is_exact_to_the_last_digit(tmp_path: Path) -> None:
    delivery = taken(tmp_path, sample("focus-sample-1.0", "focus_sample.csv"))
    accounts = {piece.account: n for n, piece in enumerate(delivery.slices, start=1)}
    lines = rated(tmp_path, delivery, customer_of=accounts)
    per_document: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        per_document[line["document"]].append(line)
    assert len(lines) == 512
    assert total([line["exact"] for line in lines]) == Decimal("20.520226728990")
    owed = {
        number: to_minor_units(total([line["exact"] for line in of]), "USD")
        for number, of in per_document.items()
    }
    assert owed == {n: total([line["price"] for line in of]) for n, of in per_document.items()}
    assert sum(1 for amount in owed.values() if amount == 0) == 27


AMOUNTS = st.decimals(-9_000_000, 9_000_000, allow_nan=False, places=18) | st.decimals(
    -1, 1, allow_nan=False, places=4
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "BilledCost": AMOUNTS.map(str),
            "ListCost": AMOUNTS.map(str) | st.just("NULL"),
            "PricingQuantity": AMOUNTS.map(str) | st.just(""),
            "SubAccountId": st.sampled_from(["a", "b", "a|b", "a\\", "", "é"]),
            "SkuId": st.sampled_from(["1", "2", "|", "\\|", "Z"]),
            "ChargeCategory": st.sampled_from(["Usage", "purchase", "Tax", "Odd", "CREDIT"]),
            "ChargeFrequency": st.sampled_from(["Recurring", "One-Time"]),
            "ProviderName": st.sampled_from(["AWS", "Microsoft"]),
        }
    ),
    min_size=1,
    max_size=25,
)
FACTORS = st.decimals(-99, 99, allow_nan=False, places=6)
RULES = st.lists(
    st.builds(
        RuleRef,
        rule=st.integers(1, 10_000),
        customer=st.sampled_from([None, None, 1, 2]),
        provider=st.sampled_from([None, None, "aws", "microsoft-csp"]),
        valid_from=st.sampled_from([date(2024, 1, 1), SEPTEMBER, date(2024, 10, 1)]),
        version=st.integers(1, 3),
        a=FACTORS,
        b=FACTORS | st.just(NONE),
        c=FACTORS | st.just(NONE),
    ),
    max_size=8,
    unique_by=lambda r: r.rule,
)


def usage_row(cells: dict[str, str], currency: str) -> UsageRow:
    def amount(text: str) -> Decimal:
        return Decimal(0) if text in ("", "NULL") else Decimal(text)

    return UsageRow(
        account=cells["SubAccountId"] or "payer-1",
        service="Compute",
        sku=cells["SkuId"],
        charge_type=charge_of(cells["ChargeCategory"], cells["ChargeFrequency"]).charge_type,
        unit="Hours",
        currency=currency,
        qty=amount(cells["PricingQuantity"] or "1"),
        cost=amount(cells["BilledCost"]),
        list_cost=amount(cells["ListCost"]),
    )


def by_the_law(
    rows: list[dict[str, str]],
    rules: list[RuleRef],
    document: DocumentRef,
    customer_of: dict[str, int],
) -> list[RatedLine]:
    chosen = resolve(
        rules, customer=document.customer, provider=document.provider, period_start=SEPTEMBER
    )
    word = {"aws": "AWS", "microsoft-csp": "Microsoft"}[document.provider]
    own = [
        usage_row(cells, document.currency)
        for cells in rows
        if cells["ProviderName"] == word
        and customer_of[cells["SubAccountId"] or "payer-1"] == document.customer
    ]
    return rate_document(own, chosen, document.currency)


@settings(
    max_examples=WITH_THE_ENGINE,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, rules=RULES, currency=st.sampled_from(["USD", "JPY", "KWD"]))
def test_engine_and_law_agree_on_random_rows_and_rules(
    tmp_path: Path, rows: list[dict[str, str]], rules: list[RuleRef], currency: str
) -> None:
    customer_of = {"a": 1, "b": 2, "a|b": 2, "a\\": 1, "payer-1": 1, "é": 2}
    # Both take a missing pricing quantity from the consumed one.
    full = [row(**cells, BillingCurrency=currency, ConsumedQuantity="1") for cells in rows]
    delivery = rows_taken(tmp_path, full)
    slices, documents = claims(delivery, customer_of)
    lines = rate(slices, documents, rules, store=store_in(tmp_path))
    for document in documents:
        of = lines.filter(pa.compute.equal(lines["document"], document.document)).to_pylist()
        names = list(RatedLine.__dataclass_fields__)
        law = by_the_law(rows, rules, document, customer_of)
        assert [[line[n] for n in names] for line in of] == [
            [getattr(line, n) for n in names] for line in law
        ]
