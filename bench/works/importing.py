"""A provider's file in: checked, exact, sorted, with its sums; against a bare conversion."""

from collections.abc import Callable, Generator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from bench.usage import Size, engine, write_csv
from bench.ways import Work
from clearbill.store import FileStore
from clearbill.usage.intake import take_in

_AMOUNTS = ("BilledCost", "ListCost", "PricingQuantity")
_TIMES = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")


def works(folder: Path, *, rows: int, customers: int) -> Generator[Work]:
    csv = write_csv(folder / "import.csv", Size(rows, customers))
    yield Work(
        name="import, checked and sorted",
        size=f"{rows:,} rows of CSV",
        ways={
            "ours": "bench.works.importing:ours",
            "floor": "bench.works.importing:converted",
            "pandas": "bench.works.importing:pandas",
        },
        given={"csv": str(csv), "folder": str(folder)},
        at_most=1.9,
    )


def ours(csv: str, folder: str) -> Callable[[], Any]:
    """`take_in`: what an import does before its one transaction."""
    store = FileStore(Path(folder) / "store")

    def now() -> list[str]:
        delivery = take_in([Path(csv)], feed="focus", aliases={}, store=store, key="ours.parquet")
        return [str(delivery.rows), _plain(sum(s.stored_sum for s in delivery.statements))]

    return now


def converted(csv: str, folder: str) -> Callable[[], Any]:
    """CSV to Parquet by DuckDB with types given; nothing is checked, sorted or summed."""
    to = Path(folder) / "floor.parquet"
    types = dict.fromkeys(_AMOUNTS, "DECIMAL(38,18)") | dict.fromkeys(_TIMES, "TIMESTAMP")
    connection = engine()

    def now() -> list[str]:
        connection.execute(
            f"COPY (FROM read_csv('{csv}', header=true, all_varchar=false, types={types}))"
            f" TO '{to}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)"
        ).fetchall()
        return _sum_of(connection, to)

    return now


def pandas(csv: str, folder: str) -> Callable[[], Any]:
    """What a script does: read, with floats, and write."""
    import pandas

    def now() -> list[str]:
        frame = pandas.read_csv(csv, dtype={"SubAccountId": str}, parse_dates=list(_TIMES))
        frame.to_parquet(Path(folder) / "pandas.parquet", compression="zstd")
        return [str(len(frame)), str(frame.BilledCost.sum())]

    return now


def _sum_of(connection: duckdb.DuckDBPyConnection, parquet: Path) -> list[str]:
    found = connection.execute(
        f"SELECT count(*), sum(BilledCost) FROM read_parquet('{parquet}')"
    ).fetchone()
    assert found is not None
    return [str(found[0]), _plain(found[1])]


def _plain(amount: Decimal | int) -> str:
    return f"{Decimal(amount).normalize():f}"
