"""Download Detailed CSV: the usage rows behind a document, each with its exact price.

The rows come from `usage.detail` and never pass through Python one by one: the engine writes
each row's text, and batches of them go out as they come, in bounded memory. A cell is written
below the sort, where a text that stands in many rows is one entry of a dictionary: it is guarded
once and not for each row.
"""

import re
from collections.abc import Iterator
from typing import Literal, get_args

import pyarrow as pa

from clearbill.paper.guard import guarded, guarded_sql
from clearbill.usage.columns import RATED
from clearbill.usage.detail import Detail
from clearbill.usage.engines.duckdb import quoted

Audience = Literal["staff", "sales", "customer"]

BOM = b"\xef\xbb\xbf"
BATCH_ROWS = 32_768
PIECE = 1 << 20

ALLOWED = {
    "BillingPeriodStart": "cb_period_start",
    "BillingPeriodEnd": "cb_period_end",
    "SubAccountId": "cb_account",
    "ServiceName": "cb_service",
    "SkuId": "cb_sku",
    "ChargeDescription": "cb_description",
    "ResourceId": "cb_resource",
    "PricingUnit": "cb_unit",
    "PricingQuantity": "cb_qty",
    "Tags": "cb_tags",
    "Price": "Price",
    "Currency": "Currency",
}
"""The columns for everybody but staff, and where they come from. Whatever is not named here,
above all each cost and unit price, stays inside."""

# An import keeps the file's columns as text; in these a plain number is a number all the same.
_AMOUNTS = re.compile(r"(cost|price|quantity|amount)(in[a-z]+)?( \(file\))?$", re.IGNORECASE)
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"


def stream_detailed_csv(rows: Detail, *, audience: Audience, raw: bool = False) -> Iterator[bytes]:
    """The file in pieces: BOM and head first, then some thousand rows at a time.

    `staff` gets every imported column, then LineKey, RuleId, Cost, Price, Currency; `sales` and
    `customer` the allow-list. Price is exact, so that the rows add up to the lines' exact
    amounts; BillingPeriodEnd is exclusive, as in FOCUS. `raw` leaves out the `'` before cells
    that a spreadsheet would run or spoil. The context of `rows` must stay open, and its
    connection untouched, until the last piece.
    """
    if audience not in get_args(Audience):
        raise ValueError(f"{audience!r} is no audience of a Detailed CSV: {get_args(Audience)}")
    everything = {name: name for name in (*rows.columns, *RATED)}
    sources = everything if audience == "staff" else ALLOWED
    relation = rows.connection.sql(rows.query(list(sources.values())))
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    cells = [_cell(source, types[source], raw=raw) for source in sources.values()]
    named = rows.select([f"{cell} AS c{number}" for number, cell in enumerate(cells)])
    row = ", ',', ".join(f"c{number}" for number in range(len(cells)))
    written = f"SELECT concat({row}, chr(13), chr(10)) FROM ({named})"  # noqa: S608
    # A provider names its columns as it likes.
    head = [name if raw else guarded(name) for name in sources]
    # A batch of long rows has more than the 2 GB that places of 32 bits reach.
    rows.connection.execute("SET arrow_large_buffer_size = true").fetchall()
    # Begun before the first piece, so that a wrong call fails before an answer has begun.
    return _pieces(head, rows.connection.sql(written).to_arrow_reader(BATCH_ROWS))


def _pieces(names: list[str], batches: pa.RecordBatchReader) -> Iterator[bytes]:
    yield BOM + (",".join(quoted(name) for name in names) + "\r\n").encode()
    for batch in batches:
        if batch.num_rows:
            yield from _texts(batch.column(0))


def _texts(column: pa.LargeStringArray) -> Iterator[bytes]:
    """All texts of a column, one behind the other, as Arrow keeps them."""
    _, places, texts = column.buffers()
    ends = memoryview(places).cast("q")
    first, end = ends[column.offset], ends[column.offset + len(column)]
    # Not all at once: a reader who is slow holds the batch, and no copy of it.
    for at in range(first, end, PIECE):
        yield texts[at : min(at + PIECE, end)].to_pybytes()


def _cell(name: str, kind: str, *, raw: bool) -> str:
    """The expression of a cell: nothing for null, numbers and dates bare, texts in quotes."""
    column = quoted(name)
    text = f"{column}::VARCHAR"
    if kind.startswith("DECIMAL"):
        text = text if kind.endswith(",0)") else f"rtrim(rtrim({text}, '0'), '.')"
    elif kind not in {"BIGINT", "INTEGER", "DATE"}:
        text = _text_cell(column if kind == "VARCHAR" else text, raw=raw)
        if _AMOUNTS.search(name):
            text = (
                f"CASE WHEN regexp_full_match({column}, '{_NUMBER}') THEN {column} ELSE {text} END"
            )
    return f"coalesce({text}, '')"


def _text_cell(text: str, *, raw: bool) -> str:
    guarded = text if raw else guarded_sql(text)
    return f"""'"' || replace({guarded}, '"', '""') || '"'"""
