"""Parquet in: types become text without losing a digit."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearbill.rules.money import read_amount
from clearbill.usage.engines.duckdb import Limits
from clearbill.usage.intake import take_in
from clearbill.usage.types import BadFile
from focus_files import ROW, csv_text, store_in, taken, text_taken


def write_parquet(path: Path, rows: int = 1, **columns: Any) -> Path:
    values: dict[str, Any] = {name: [text] * rows for name, text in ROW.items()}
    pq.write_table(pa.table({**values, **columns}), path)
    return path


def test_doubles_are_read_by_their_shortest_text(tmp_path: Path) -> None:
    costs = [123456.789, 1e-7, 0.1, -2.5e-19]
    path = write_parquet(tmp_path / "u", 4, BilledCost=pa.array(costs, pa.float64()))
    statement = taken(tmp_path, path).statements[0]
    assert statement.stored_sum == sum(read_amount(repr(cost)) for cost in costs)
    assert statement.file_sum == sum(Decimal(repr(cost)) for cost in costs)


@settings(max_examples=30, deadline=None)
@given(
    costs=st.lists(
        st.floats(-1e15, 1e15, allow_nan=False, allow_subnormal=False), min_size=1, max_size=50
    )
)
def test_every_double_is_worth_what_python_writes_for_it(
    tmp_path_factory: pytest.TempPathFactory, costs: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("doubles")
    path = write_parquet(folder / "u", len(costs), BilledCost=pa.array(costs, pa.float64()))
    delivery = taken(folder, path)
    stored = pq.read_table(store_in(folder).path(delivery.path)).column("cb_cost").to_pylist()
    assert sorted(stored) == sorted(read_amount(repr(cost)) for cost in costs)


def test_decimals_times_and_maps_become_text(tmp_path: Path) -> None:
    first = datetime(2024, 9, 1, tzinfo=UTC)
    path = write_parquet(
        tmp_path / "u",
        BilledCost=pa.array([Decimal("1.000000000000000001")], pa.decimal128(38, 18)),
        BillingPeriodStart=pa.array([first], pa.timestamp("ms", "UTC")),
        ChargePeriodStart=pa.array([first.replace(tzinfo=None)], pa.timestamp("ms")),
        Tags=pa.array([[("env", "prod")]], pa.map_(pa.string(), pa.string())),
        SkuId=pa.array([b"SKU"], pa.binary()),
        SubAccountId=pa.array([12], pa.int64()),
    )
    delivery = taken(tmp_path, path)
    stored = pq.read_table(store_in(tmp_path).path(delivery.path)).to_pylist()[0]
    assert stored["cb_cost"] == Decimal("1.000000000000000001")
    assert stored["Tags"] == '{"env":"prod"}'
    assert stored["BillingPeriodStart"] == "2024-09-01 00:00:00+00"
    assert (stored["cb_sku"], stored["cb_account"]) == ("SKU", "12")


def test_parquet_and_csv_of_the_same_text_are_the_same_content(tmp_path: Path) -> None:
    from_csv = text_taken(tmp_path, csv_text([ROW]))
    assert taken(tmp_path, write_parquet(tmp_path / "u")).content_hash == from_csv.content_hash


def test_a_wrong_row_is_named_by_its_number(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "u", 3, BilledCost=pa.array([1.0, float("nan"), 2.0]))
    with pytest.raises(BadFile) as caught:
        taken(tmp_path, path)
    (error,) = caught.value.errors
    assert (error.line, error.column, error.value) == (2, "BilledCost", "nan")


@pytest.mark.parametrize("column", ["SubAccountName", "ServiceName", "ChargeCategory", "x\0y"])
def test_text_with_a_nul_is_refused(tmp_path: Path, column: str) -> None:
    damaged: dict[str, Any] = {column: ["a\0b"]}
    with pytest.raises(BadFile, match="NUL"):
        taken(tmp_path, write_parquet(tmp_path / "u", 1, **damaged))


def test_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    data = write_parquet(tmp_path / "u").read_bytes()
    for length in (8, len(data) // 2, len(data) - 1):
        with pytest.raises(BadFile, match="Parquet"):
            text_taken(tmp_path, data[:length])


def test_a_column_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "u", 1000, Tags=["x" * 10_000] * 1000)
    with pytest.raises(BadFile, match="unpacks to more than"):
        take_in(
            [path],
            feed="focus",
            aliases={},
            store=store_in(tmp_path),
            key="u",
            limits=Limits(max_bytes=1_000_000),
        )
