"""Rated lines on their way from the engine into the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO

import pyarrow as pa
import pyarrow.compute as pc
from django.db.backends.base.base import BaseDatabaseWrapper
from pyarrow import csv

from clearbill.rules.money import total

_COLUMNS = (
    "document_id", "position", "account", "account_name", "service", "sku", "description",
    "charge_type", "provider_charge", "unit", "currency", "line_key", "qty", "cost", "list_cost",
    "cost_currency", "cost_converted", "list_converted", "rule", "a", "b", "c", "exact", "price",
    "rows", "first_date", "last_date",
)  # fmt: skip


@dataclass(frozen=True)
class RatedDocument:
    """The sums of one document's lines: their number, exact amount, and shown amount."""

    lines: int
    exact: Decimal
    price: Decimal


def split_by_document(lines: pa.Table, count: int) -> list[RatedDocument]:
    """Sums per document number 0 … count-1. Raises ValueError where one has no line."""
    exact: list[list[Decimal]] = [[] for _ in range(count)]
    price: list[list[Decimal]] = [[] for _ in range(count)]
    columns = (lines[name].to_pylist() for name in ("document", "exact", "price"))
    for number, exactly, shown in zip(*columns, strict=True):
        exact[number].append(exactly)
        price[number].append(shown)
    if not all(exact):
        raise ValueError("a document's usage files have no rows for it")
    return [
        RatedDocument(len(each), total(each), total(shown))
        for each, shown in zip(exact, price, strict=True)
    ]


def copy_lines(
    connection: BaseDatabaseWrapper, reseller_id: int, lines: pa.Table, ids: Sequence[int]
) -> None:
    """Store rated lines whose `document` column numbers `ids`, inside the caller's transaction.

    COPY FROM is refused on tables with row-level security, so the rows take a temporary table.
    Empty text is quoted and null is not, which is how COPY tells them apart.
    """
    document_ids = pc.take(pa.array(ids, pa.int64()), lines["document"].combine_chunks())
    table = lines.drop_columns(["document"]).append_column("document_id", document_ids)
    body = BytesIO()
    csv.write_csv(
        table.select(list(_COLUMNS)),
        body,
        csv.WriteOptions(include_header=False, quoting_style="all_valid"),
    )
    columns = ", ".join(_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE rated_lines (LIKE records_documentline) ON COMMIT DROP"
        )
        cursor.execute(
            "ALTER TABLE rated_lines ALTER reseller_id DROP NOT NULL, ALTER own DROP NOT NULL"
        )
        with cursor.copy(f"COPY rated_lines ({columns}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(body.getbuffer())
        cursor.execute(
            f"INSERT INTO records_documentline (reseller_id, own, {columns})"  # noqa: S608 - names of our own
            f" SELECT %s, false, {columns} FROM rated_lines",
            [reseller_id],
        )
        cursor.execute("DROP TABLE rated_lines")
