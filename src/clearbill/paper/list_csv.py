"""A list of documents as CSV: its columns, guarded, line by line."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clearbill.paper.table import Plain, csv_line
from clearbill.rules.money import to_minor_units

HEAD = (
    "Document ID", "Invoice number", "Customer", "Provider", "Billing period start",
    "Billing period end", "Status", "Currency", "Total", "Due", "Published", "Notified",
    "Purchase order",
)  # fmt: skip


def list_csv(documents: Iterable[Any], time_zone: str) -> Iterator[bytes]:
    """The documents as `queries.documents.with_table_columns` loads them, without any cost.

    The period's end is its last day; moments are in the reseller's time zone.
    """
    yield csv_line(HEAD, first=True)
    zone = ZoneInfo(time_zone)
    for row in documents:
        yield csv_line(
            (
                row.code,
                row.invoice_number or "",
                row.customer.name,
                row.provider.name,
                row.period_start.isoformat(),
                (row.period_end - timedelta(days=1)).isoformat(),
                row.status,
                row.currency,
                Plain(f"{to_minor_units(row.total, row.currency):f}"),
                _day(row.due),
                _moment(row.published_at, zone),
                _moment(row.notified_at, zone),
                row.purchase_order,
            )
        )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""
