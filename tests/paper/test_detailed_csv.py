"""The Detailed CSV: who sees which columns, exact sums, and the guard inside the engine."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from clearbill.paper.detailed_csv import Audience, stream_detailed_csv
from clearbill.store import FileStore
from clearbill.usage.columns import NORMALISED
from clearbill.usage.detail import Detail, detail
from clearbill.usage.intake import take_in
from clearbill.usage.rating import rate
from clearbill.usage.types import DocumentRef, RuleRef, SliceRef

COST_MARKER = "987654.321"
CUSTOMER_COLUMNS = [
    "BillingPeriodStart", "BillingPeriodEnd", "SubAccountId", "ServiceName", "SkuId",
    "ChargeDescription", "ResourceId", "PricingUnit", "PricingQuantity", "Tags", "Price",
    "Currency",
]  # fmt: skip
OURS = {
    "cb_period_start": "DATE '2024-09-01'",
    "cb_period_end": "DATE '2024-10-01'",
    "cb_account": "'000123'",
    "cb_service": "'Compute'",
    "cb_sku": "'P-' || i",
    "cb_description": "'=1+1, \"quoted\"\n'",
    "cb_resource": "'/vm/' || i",
    "cb_unit": "'Hours'",
    "cb_qty": "(i * 0.5)::DECIMAL(38,18)",
    "cb_tags": "NULL::VARCHAR",
    "cb_line": "i",
}


@pytest.fixture
def usage() -> Iterator[Detail]:
    """10,000 rated rows with a marker in every cost and unit price."""
    ours = dict.fromkeys(NORMALISED, f"'{COST_MARKER}'") | OURS
    with duckdb.connect() as engine:
        engine.execute(f"""
            CREATE VIEW detail AS SELECT
                '-5.25' AS BilledCost, '+1-2' AS x_UnitPrice, '-0012' AS SkuNote,
                '{COST_MARKER}' AS ListUnitPrice,
                'k|{COST_MARKER}' AS LineKey, 987654321 AS RuleId,
                {COST_MARKER}::DECIMAL(38,18) AS Cost,
                0.000000000000000000000007::DECIMAL(38,24) + 0.0049::DECIMAL(6,4) AS Price,
                'USD' AS Currency, 1 AS cb_import,
                {", ".join(f"{sql} AS {name}" for name, sql in ours.items())}
            FROM range(10000) AS numbers(i)""").fetchall()
        columns = ("BilledCost", "x_UnitPrice", "SkuNote", "ListUnitPrice")
        yield Detail(engine, columns, ordered=False)


def table(pieces: Iterator[bytes]) -> list[dict[str, str]]:
    text = b"".join(pieces).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("audience", ["sales", "customer"])
def test_sales_and_customers_see_the_allow_list_alone(usage: Detail, audience: Audience) -> None:
    pieces = list(stream_detailed_csv(usage, audience=audience))
    assert list(table(iter(pieces))[0]) == CUSTOMER_COLUMNS
    assert b"987654" not in b"".join(pieces)


def test_staff_see_every_imported_column_then_ours(usage: Detail) -> None:
    first = table(stream_detailed_csv(usage, audience="staff"))[0]
    assert tuple(first) == (*usage.columns, "LineKey", "RuleId", "Cost", "Price", "Currency")
    assert first["Cost"] == COST_MARKER


def test_amounts_of_the_file_stay_numbers_and_only_numbers_do(usage: Detail) -> None:
    first = table(stream_detailed_csv(usage, audience="staff"))[0]
    assert (first["BilledCost"], first["x_UnitPrice"], first["SkuNote"]) == (
        "-5.25", "'+1-2", "'-0012",
    )  # fmt: skip


def test_prices_are_exact_and_add_up(usage: Detail) -> None:
    prices = [Decimal(r["Price"]) for r in table(stream_detailed_csv(usage, audience="customer"))]
    assert len(prices) == 10_000
    assert sum(prices) == Decimal("0.004900000000000000000007") * 10_000


def test_texts_are_guarded_and_numbers_and_dates_are_plain(usage: Detail) -> None:
    row = table(stream_detailed_csv(usage, audience="customer"))[1]
    assert row["SubAccountId"] == "'000123"
    assert row["ChargeDescription"] == '\'=1+1, "quoted"\n'
    assert row["PricingQuantity"] == "0.5"
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2024-09-01", "2024-10-01")
    assert row["Tags"] == ""


def test_a_column_that_a_provider_named_as_a_formula_is_guarded(usage: Detail) -> None:
    usage.connection.execute("""
        CREATE TABLE plain AS FROM detail;
        CREATE OR REPLACE VIEW detail AS SELECT *, 'x' AS "=1+1" FROM plain""")
    named = Detail(usage.connection, (*usage.columns, "=1+1"), ordered=False)
    assert "'=1+1" in table(stream_detailed_csv(named, audience="staff"))[0]
    assert "=1+1" in table(stream_detailed_csv(named, audience="staff", raw=True))[0]


def test_raw_leaves_texts_as_they_are(usage: Detail) -> None:
    row = table(stream_detailed_csv(usage, audience="customer", raw=True))[0]
    assert (row["SubAccountId"], row["ChargeDescription"][:4]) == ("000123", "=1+1")


def test_the_rows_of_a_real_import_add_up_to_its_lines(tmp_path: Path) -> None:
    source = tmp_path / "usage.csv"
    source.write_text(FOCUS)
    store = FileStore(tmp_path / "store")
    delivery = take_in([source], feed="focus", aliases={}, store=store, key="usage/1.parquet")
    slices = [
        SliceRef(delivery.path, s.provider, s.payer, s.account, s.period_start, s.period_end,
                 s.currency, 1) for s in delivery.slices
    ]  # fmt: skip
    markup = RuleRef(1, None, None, date(2024, 1, 1), 1, Decimal("1.1"), Decimal(0), Decimal(0))
    documents = [DocumentRef(1, 1, slices[0].provider, date(2024, 9, 1), "USD")]
    lines = rate(slices, documents, [markup], store=store)
    with detail(slices, lines, store=store) as rows:
        made = table(stream_detailed_csv(rows, audience="customer"))
    assert sum(Decimal(row["Price"]) for row in made) == sum(lines.column("exact").to_pylist())
    assert sorted(row["Price"] for row in made) == ["-0.5", "1.65", "2.2000000011"]


FOCUS = """\
BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,\
ChargeCategory,ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodStart,ChargePeriodEnd,\
ContractedCost,EffectiveCost,InvoiceIssuerName,ListCost,PricingQuantity,PricingUnit,ProviderName,\
PublisherName,ServiceCategory,ServiceName,SubAccountId,SkuId
1.5,p1,Payer,USD,2024-09-01T00:00:00Z,2024-10-01T00:00:00Z,Usage,,VM,Usage-Based,\
2024-09-01T00:00:00Z,2024-09-02T00:00:00Z,1.5,1.5,AWS,1.5,1,Hours,AWS,AWS,Compute,EC2,0001,S1
2.000000001,p1,Payer,USD,2024-09-01T00:00:00Z,2024-10-01T00:00:00Z,Usage,,VM,Usage-Based,\
2024-09-02T00:00:00Z,2024-09-03T00:00:00Z,2,2,AWS,2,1,Hours,AWS,AWS,Compute,EC2,0001,S1
-0.5,p1,Payer,USD,2024-09-01T00:00:00Z,2024-10-01T00:00:00Z,Credit,,Thanks,One-Time,\
2024-09-02T00:00:00Z,2024-09-03T00:00:00Z,-0.5,-0.5,AWS,0,1,Unit,AWS,AWS,Compute,EC2,0001,S2
"""


def test_a_column_that_is_missing_fails_before_the_first_piece(usage: Detail) -> None:
    broken = Detail(usage.connection, ("NoSuchColumn",), ordered=False)
    with pytest.raises(duckdb.BinderException):
        stream_detailed_csv(broken, audience="staff")


def test_rows_keep_the_order_that_they_are_stored_in(usage: Detail) -> None:
    # So many that both processors write.
    usage.connection.execute(
        "CREATE TABLE kept AS SELECT d.* FROM detail d, range(30) ORDER BY cb_line"
    ).fetchall()
    kept = Detail(usage.connection, usage.columns, ordered=True, relation="kept")
    shown = [row["SkuId"] for row in table(stream_detailed_csv(kept, audience="customer"))]
    assert shown == [f"P-{i}" for i in range(10_000) for _ in range(30)]


def test_what_fails_while_it_is_written_ends_in_the_error_and_not_in_a_short_file(
    usage: Detail,
) -> None:
    usage.connection.execute("""CREATE VIEW broken AS SELECT * REPLACE (
        CASE WHEN cb_line = 9999 THEN error('lost') ELSE cb_sku END AS cb_sku) FROM detail""")
    broken = Detail(usage.connection, usage.columns, ordered=True, relation="broken")
    with pytest.raises(OSError, match="lost"):
        list(stream_detailed_csv(broken, audience="customer"))


def test_a_reader_who_is_gone_stops_the_engine(usage: Detail) -> None:
    usage.connection.execute("CREATE VIEW endless AS SELECT d.* FROM detail d, range(1000000000)")
    endless = Detail(usage.connection, usage.columns, ordered=True, relation="endless")
    pieces = stream_detailed_csv(endless, audience="customer")
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert usage.connection.execute("SELECT 42").fetchone() == (42,)


def test_an_unknown_audience_is_refused(usage: Detail) -> None:
    with pytest.raises(ValueError, match="no audience"):
        stream_detailed_csv(usage, audience="everyone")  # type: ignore[arg-type]
