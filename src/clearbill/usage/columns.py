"""Columns: what an import's Parquet holds beside the file's own, and what a line is made of."""

from collections.abc import Collection, Sequence
from typing import Any

import pyarrow as pa

from clearbill.usage.engines.duckdb import AMOUNT, Columns
from clearbill.usage.types import SliceRef

NORMALISED: dict[str, str] = {
    "cb_provider": "VARCHAR",
    "cb_payer": "VARCHAR",
    "cb_payer_name": "VARCHAR",
    "cb_account": "VARCHAR",
    "cb_account_name": "VARCHAR",
    "cb_period_start": "DATE",
    "cb_period_end": "DATE",
    "cb_currency": "VARCHAR",
    "cb_service": "VARCHAR",
    "cb_sku": "VARCHAR",
    "cb_description": "VARCHAR",
    "cb_charge_type": "VARCHAR",
    "cb_provider_charge": "VARCHAR",
    "cb_unit": "VARCHAR",
    "cb_qty": AMOUNT,
    "cb_cost": AMOUNT,
    "cb_list_cost": AMOUNT,
    "cb_charge_start": "TIMESTAMP",
    "cb_charge_end": "TIMESTAMP",
    "cb_first_date": "DATE",
    "cb_last_date": "DATE",
    "cb_resource": "VARCHAR",
    "cb_tags": "VARCHAR",
    "cb_line_key": "VARCHAR",
    "cb_file": "INTEGER",
    "cb_line": "BIGINT",
}
"""Our own columns of an import, after the file's (which are text under their own names).

Null stays null in cb_qty, cb_list_cost, the charge dates, cb_resource and cb_tags; other text is
'' where the file has none. cb_first_date and cb_last_date are the days that a row charges for,
both inclusive. cb_file counts the delivery's files from 1, cb_line is the line in that file.
"""

ORDER = (
    "cb_provider",
    "cb_account",
    "cb_period_start",
    "cb_currency",
    "cb_service",
    "cb_sku",
    "cb_charge_start",
    "cb_file",
    "cb_line",
)
"""How an import is sorted, so that a document reads only its part."""

SLICE = (
    "cb_provider",
    "cb_payer",
    "cb_account",
    "cb_period_start",
    "cb_period_end",
    "cb_currency",
)
"""What tells one slice of an import from another."""

RATED = ("LineKey", "RuleId", "Cost", "Price", "Currency")
"""What a rated row has behind the file's own columns."""

COEFFICIENT = "DECIMAL(9,6)"
"""The type of a, b and c."""

RATE = "DECIMAL(18,10)"
"""The type of an exchange rate."""

_amount = pa.decimal128(38, 18)
_coefficient = pa.decimal128(9, 6)

LINES = pa.schema(
    [
        pa.field("document", pa.int64()),
        pa.field("position", pa.int32()),
        pa.field("account", pa.string()),
        pa.field("account_name", pa.string()),
        pa.field("service", pa.string()),
        pa.field("sku", pa.string()),
        pa.field("description", pa.string()),
        pa.field("charge_type", pa.string()),
        pa.field("provider_charge", pa.string()),
        pa.field("unit", pa.string()),
        pa.field("currency", pa.string()),
        pa.field("line_key", pa.string()),
        pa.field("qty", _amount),
        pa.field("cost", _amount),
        pa.field("list_cost", _amount),
        pa.field("cost_currency", pa.string()),
        pa.field("cost_converted", _amount),
        pa.field("list_converted", _amount),
        pa.field("rule", pa.int64()),
        pa.field("a", _coefficient),
        pa.field("b", _coefficient),
        pa.field("c", _coefficient),
        pa.field("exact", pa.decimal128(38, 24)),
        pa.field("price", pa.decimal128(38, 4)),
        pa.field("rows", pa.int64()),
        pa.field("first_date", pa.date32()),
        pa.field("last_date", pa.date32()),
    ]
)
"""The lines that `rate` gives, in this order, sorted by document and position."""


def slice_columns(slices: Sequence[SliceRef]) -> Columns:
    """The slices as a table to join an import with, under the import's column names."""
    columns: dict[str, tuple[str, Sequence[Any]]] = {
        name: (NORMALISED[name], [getattr(s, name.removeprefix("cb_")) for s in slices])
        for name in SLICE
    }
    return {
        **columns,
        "document": ("BIGINT", [piece.document for piece in slices]),
        "rate": (RATE, [piece.rate for piece in slices]),
        "billed_in": ("VARCHAR", [piece.document_currency for piece in slices]),
    }


def line_key_sql(*parts: str, bare: Collection[str] = ()) -> str:
    """The engine's twin of `rules.line_key.line_key`, over SQL expressions that are never null.

    `bare` are those among them in which no bar and no backslash can be.
    """
    escaped = (
        part if part in bare else f"replace(replace({part}, '\\', '\\\\'), '|', '\\|')"
        for part in parts
    )
    return f"concat_ws('|', {', '.join(escaped)})"
