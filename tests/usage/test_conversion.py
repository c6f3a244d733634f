"""Usage in one currency, billed in another: converted row by row, rounded once at 18 decimals."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chance import WITH_THE_ENGINE
from clearbill.rules.currencies import Rate
from clearbill.rules.money import total
from clearbill.usage.detail import detail
from clearbill.usage.rating import rate
from clearbill.usage.types import DocumentRef, RuleRef, SliceRef
from focus_files import claims, row, rows_taken, store_in

RULE = RuleRef(
    rule=1,
    customer=None,
    provider=None,
    valid_from=date(2020, 1, 1),
    version=1,
    a=Decimal("1.1"),
    b=Decimal(0),
    c=Decimal(0),
)
USD_TO_EUR = Decimal("0.9221689410")


def in_euro(
    folder: Path, costs: list[str], factor: Decimal
) -> tuple[list[SliceRef], list[DocumentRef]]:
    rows = [row(BilledCost=cost, SkuId=str(n % 3)) for n, cost in enumerate(costs)]
    slices, documents = claims(rows_taken(folder, rows))
    return (
        [replace(each, rate=factor, billed_in="EUR") for each in slices],
        [replace(each, currency="EUR") for each in documents],
    )


amounts = st.decimals(min_value=-99_999, max_value=99_999, places=18, allow_nan=False)
rates = st.decimals(min_value=Decimal("0.0001"), max_value=Decimal(20000), places=10)


@settings(max_examples=WITH_THE_ENGINE, deadline=None)
@given(costs=st.lists(amounts, min_size=1, max_size=8), factor=rates)
def test_the_engine_converts_as_the_law_does(
    tmp_path_factory: pytest.TempPathFactory, costs: list[Decimal], factor: Decimal
) -> None:
    folder = tmp_path_factory.mktemp("conversion")
    slices, documents = in_euro(folder, [f"{cost:f}" for cost in costs], factor)
    lines = rate(slices, documents, [], store=store_in(folder))
    law = Rate("USD", "EUR", factor, "", documents[0].period_start)
    assert total(lines["cost_converted"].to_pylist()) == total([law.exactly(c) for c in costs])


def test_a_line_says_what_it_cost_in_both_currencies(tmp_path: Path) -> None:
    slices, documents = in_euro(tmp_path, ["100"], USD_TO_EUR)
    line = rate(slices, documents, [RULE], store=store_in(tmp_path)).to_pylist()[0]
    assert (line["cost"], line["cost_currency"], line["currency"]) == (100, "USD", "EUR")
    assert line["cost_converted"] == Decimal("92.216894100000000000")
    assert (line["exact"], line["price"]) == (Decimal("101.43858351"), Decimal("101.44"))


def test_converted_rows_add_up_to_their_lines(tmp_path: Path) -> None:
    slices, documents = in_euro(tmp_path, ["0.123456789012345678"] * 5, USD_TO_EUR)
    lines = rate(slices, documents, [RULE], store=store_in(tmp_path))
    with detail(slices, lines, store=store_in(tmp_path)) as rows:
        found = rows.connection.execute(rows.query(["Cost", "Price", "Currency"])).fetchall()
    assert total([price for _, price, _ in found]) == total(lines["exact"].to_pylist())
    assert total([cost for cost, _, _ in found]) == total(lines["cost_converted"].to_pylist())
    assert {currency for _, _, currency in found} == {"EUR"}


def test_another_currency_than_the_documents_is_refused(tmp_path: Path) -> None:
    slices, documents = in_euro(tmp_path, ["1"], USD_TO_EUR)
    with pytest.raises(ValueError, match="a slice of it in USD"):
        rate([replace(slices[0], billed_in="")], documents, [], store=store_in(tmp_path))
