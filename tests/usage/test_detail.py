"""Detail: the rows behind the lines add up to them, from a draft and from what was stored."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from clearbill.rules.money import total
from clearbill.rules.pricing import TooLarge
from clearbill.usage.columns import RATED
from clearbill.usage.detail import Detail, detail, stored, write_rated
from clearbill.usage.rating import rate
from clearbill.usage.types import Delivery, LineRef, RuleRef, SliceRef
from focus_files import claims, row, rows_taken, store_in, taken
from samples import sample

RULE = RuleRef(
    5, None, None, date(2024, 1, 1), 1, Decimal("1.1"), Decimal("0.3"), Decimal("-0.000007")
)


def priced(folder: Path, *deliveries: Delivery) -> tuple[list[SliceRef], pa.Table]:
    slices = [piece for delivery in deliveries for piece in claims(delivery)[0]]
    documents = claims(deliveries[0])[1]
    return slices, rate(slices, documents, [RULE], store=store_in(folder))


def fetched(rows: Detail, *columns: str) -> list[dict[str, Any]]:
    return list(rows.connection.sql(rows.query(columns)).to_arrow_table().to_pylist())


def test_staff_rows_have_the_files_columns_then_ours(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(SkuId="007", x_note="kept")])
    slices, lines = priced(tmp_path, delivery)
    with detail(slices, lines, store=store_in(tmp_path)) as rows:
        table = rows.connection.sql(rows.query()).to_arrow_table()
    assert tuple(table.schema.names) == (*delivery.columns, *RATED)
    (cells,) = table.to_pylist()
    assert (cells["SkuId"], cells["x_note"], cells["RuleId"]) == ("007", "kept", 5)
    assert cells["LineKey"] == "0012|Compute|007|Usage|Hours|USD"
    assert cells["Price"] == Decimal("1.50") * RULE.a + 2 * RULE.b + RULE.c


def test_the_rows_add_up_to_each_lines_exact_amount(tmp_path: Path) -> None:
    delivery = taken(tmp_path, sample("focus-sample-1.0", "focus_sample.csv"))
    slices, documents = claims(delivery)
    lines = rate(slices, documents, [RULE], store=store_in(tmp_path))
    for document in documents:
        own = lines.filter(pa.compute.equal(lines["document"], document.document))
        claimed = [piece for piece in slices if piece.document == document.document]
        sums: dict[str, Decimal] = defaultdict(Decimal)
        with detail(claimed, own, store=store_in(tmp_path)) as rows:
            for cells in fetched(rows, "LineKey", "Price"):
                sums[cells["LineKey"]] = total([sums[cells["LineKey"]], cells["Price"]])
        assert sums == {line["line_key"]: line["exact"] for line in own.to_pylist()}


def test_rows_come_by_account_service_sku_time_and_line(tmp_path: Path) -> None:
    rows = [
        row(
            SubAccountId=str(n * 7 % 3),
            SkuId=str(n * 5 % 4),
            ChargePeriodStart=f"2024-09-{n * 11 % 28 + 1:02}",
            ChargePeriodEnd="",
        )
        for n in range(60)
    ]
    slices, lines = priced(tmp_path, rows_taken(tmp_path, rows))
    order = ("cb_account", "cb_service", "cb_sku", "cb_charge_start", "cb_file", "cb_line")
    with detail(slices, lines, store=store_in(tmp_path)) as opened:
        got = [tuple(cells.values()) for cells in fetched(opened, *order)]
    assert got == sorted(got)
    assert len(got) == 60


def test_what_was_stored_equals_what_is_computed(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    rows = [row(SkuId=str(n % 3), BilledCost=f"0.{n:018}", Tags="NULL") for n in range(1, 40)]
    slices, lines = priced(tmp_path, rows_taken(tmp_path, rows))
    sha = write_rated(slices, lines, store=store, key="rated/1.parquet")
    assert sha == store.sha256("rated/1.parquet")
    with (
        detail(slices, lines, store=store) as now,
        stored("rated/1.parquet", store=store) as then,
    ):
        columns = (*now.columns, *RATED, "cb_qty", "cb_line")
        assert then.columns == now.columns
        assert fetched(then, *columns) == fetched(now, *columns)


def test_stored_rows_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    slices, lines = priced(tmp_path, rows_taken(tmp_path, [row(SkuId=str(n)) for n in range(9)]))
    first, second = (
        write_rated(slices, lines, store=store_in(tmp_path), key=f"rated/{n}") for n in (1, 2)
    )
    assert first == second


def test_a_row_whose_line_is_missing_is_an_error_and_stores_nothing(tmp_path: Path) -> None:
    slices, _ = priced(tmp_path, rows_taken(tmp_path, [row()]))
    other = [LineRef("other", None, Decimal(1), Decimal(0), Decimal(0))]
    with (
        detail(slices, other, store=store_in(tmp_path)) as rows,
        pytest.raises(duckdb.Error, match="no line of the document has the key 0012"),
    ):
        fetched(rows, "cb_line")
    with pytest.raises(duckdb.Error):
        write_rated(slices, other, store=store_in(tmp_path), key="rated/1")
    assert not store_in(tmp_path).exists("rated/1")


def test_imports_with_other_columns_stand_side_by_side(tmp_path: Path) -> None:
    one = rows_taken(tmp_path, [row(x_one="1")], key="usage/1")
    two = rows_taken(tmp_path, [row(SubAccountId="b", x_two="2")], key="usage/2")
    slices, lines = priced(tmp_path, one, two)
    with detail(slices, lines, store=store_in(tmp_path)) as rows:
        got = fetched(rows, "x_one", "x_two", "cb_import")
    assert [tuple(cells.values()) for cells in got] == [("1", None, 1), (None, "2", 2)]


def test_a_column_called_like_ours_is_told_apart(tmp_path: Path) -> None:
    slices, lines = priced(tmp_path, rows_taken(tmp_path, [row(Cost="theirs", price="own")]))
    with detail(slices, lines, store=store_in(tmp_path)) as rows:
        (cells,) = fetched(rows, "Cost (file)", "price (file)", "Cost")
    assert cells == {"Cost (file)": "theirs", "price (file)": "own", "Cost": Decimal("1.5")}


def test_a_relation_can_be_copied_to_csv(tmp_path: Path) -> None:
    slices, lines = priced(tmp_path, rows_taken(tmp_path, [row(), row(SkuId="2")]))
    with detail(slices, lines, store=store_in(tmp_path)) as rows:
        query = rows.query(["cb_sku", "Currency"])
        rows.connection.execute(f"COPY ({query}) TO '{tmp_path}/out.csv' (HEADER)").fetchall()
    assert (tmp_path / "out.csv").read_text() == "cb_sku,Currency\n2,USD\nSKU-1,USD\n"


def test_several_documents_at_once_are_refused(tmp_path: Path) -> None:
    delivery = rows_taken(tmp_path, [row(), row(ProviderName="Oracle")])
    slices, lines = priced(tmp_path, delivery)
    with (
        pytest.raises(ValueError, match="one document"),
        detail(slices, lines, store=store_in(tmp_path)),
    ):
        pass


def test_a_row_that_cannot_be_multiplied_is_refused_aloud(tmp_path: Path) -> None:
    rows = [row(BilledCost="20000000000"), row(BilledCost="-20000000000")]
    slices, lines = priced(tmp_path, rows_taken(tmp_path, rows))
    with pytest.raises(TooLarge):
        write_rated(slices, lines, store=store_in(tmp_path), key="rated/1")


def test_reading_what_was_never_stored_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError),
        stored("rated/1", store=store_in(tmp_path)),
    ):
        pass
