"""Counting an import's file again, for the proof that nothing of it was lost."""

from datetime import date
from decimal import Decimal

from clearbill.store import FileStore
from clearbill.usage.engines.duckdb import (
    DEFAULT,
    Limits,
    connected,
    escaped_glob,
    literal,
    scratch_folder,
)

SliceKey = tuple[str, str, date, date, str, str]
"""Provider, payer, period start, period end (exclusive), account, currency."""


def slice_sums(
    key: str, *, store: FileStore, limits: Limits = DEFAULT
) -> dict[SliceKey, tuple[int, Decimal]]:
    """Rows and cost of each slice in the import's Parquet, as the file has them now."""
    with scratch_folder(limits) as scratch, connected(scratch, limits) as connection:
        rows = connection.execute(
            "SELECT cb_provider, cb_payer, cb_period_start, cb_period_end, cb_account,"  # noqa: S608
            " cb_currency, count(*), sum(cb_cost)"
            f" FROM read_parquet({literal(escaped_glob(store.path(key)))}) GROUP BY ALL"
        ).fetchall()
    return {tuple(row[:6]): (row[6], row[7]) for row in rows}
