"""Small FOCUS files for tests: rows as dicts, written as a provider would write them."""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from clearbill.store import FileStore
from clearbill.usage.intake import take_in
from clearbill.usage.types import Delivery, DocumentRef, SliceRef

ROW: Mapping[str, str] = {
    "BilledCost": "1.50",
    "BillingAccountId": "payer-1",
    "BillingAccountName": "Payer One",
    "BillingCurrency": "USD",
    "BillingPeriodStart": "2024-09-01T00:00:00Z",
    "BillingPeriodEnd": "2024-10-01T00:00:00Z",
    "ChargeCategory": "Usage",
    "ChargeFrequency": "Usage-Based",
    "ChargeDescription": "Hours of a machine",
    "ChargePeriodStart": "2024-09-03T05:00:00Z",
    "ChargePeriodEnd": "2024-09-03T06:00:00Z",
    "ListCost": "2.00",
    "PricingQuantity": "1",
    "PricingUnit": "Hours",
    "ProviderName": "AWS",
    "ServiceName": "Compute",
    "SkuId": "SKU-1",
    "SubAccountId": "0012",
    "SubAccountName": "Contoso",
    "Tags": '{"env": "prod"}',
}
Row = Mapping[str, str]


def row(**cells: str) -> dict[str, str]:
    """A row that is right, with some cells changed."""
    return {**ROW, **cells}


def csv_text(rows: Sequence[Row], *, line_end: str = "\n") -> str:
    """The rows as CSV under the first row's columns."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def write_csv(path: Path, rows: Sequence[Row], *, zipped: bool = False) -> Path:
    data = csv_text(rows).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if zipped else data)
    return path


def store_in(folder: Path) -> FileStore:
    return FileStore(folder / "store")


def taken(folder: Path, *files: Path, key: str = "usage/1.parquet") -> Delivery:
    """The delivery of these files, in the store of the folder."""
    return take_in(files, feed="focus", aliases={}, store=store_in(folder), key=key)


def rows_taken(folder: Path, rows: Sequence[Row], key: str = "usage/1.parquet") -> Delivery:
    return taken(folder, write_csv(folder / "usage.csv", rows), key=key)


def text_taken(folder: Path, text: str | bytes) -> Delivery:
    """The delivery of one file with this content."""
    path = folder / "usage.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return taken(folder, path)


def claims(
    delivery: Delivery, customer_of: Mapping[str, int] | None = None
) -> tuple[list[SliceRef], list[DocumentRef]]:
    """A document per customer, provider and period; without a mapping all go to customer 1."""
    documents: dict[tuple[object, ...], DocumentRef] = {}
    slices = []
    for piece in delivery.slices:
        customer = (customer_of or {}).get(piece.account, 1)
        place = (customer, piece.provider, piece.period_start, piece.currency)
        document = documents.setdefault(
            place,
            DocumentRef(len(documents) + 1, *place),
        )
        slices.append(
            SliceRef(
                delivery.path,
                piece.provider,
                piece.payer,
                piece.account,
                piece.period_start,
                piece.period_end,
                piece.currency,
                document.document,
            )
        )
    return slices, list(documents.values())
