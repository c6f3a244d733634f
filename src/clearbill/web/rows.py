"""The rows of a list of documents as the cells that a page places, each written once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from clearbill.records.models import Document
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import to_minor_units
from clearbill.web import formats


class Cells(NamedTuple):
    """A document as text, not escaped. A template takes them in this order.

    `published` and `notified` are a day and a time of the day, or nothing.
    """

    code: str
    target: str
    customer: str
    number: str
    provider: str
    period: str
    status: str
    total: str
    due: str
    published: tuple[str, str] | None
    notified: tuple[str, str] | None
    mails: str


def document_rows(
    documents: Iterable[Document], page: str, slug: str, time_zone: str, back: str = ""
) -> list[Cells]:
    """Documents as `queries.documents.with_table_columns` loads them; `page` names the page that a
    row opens, which leads `back`."""
    language, zone = formats.language(), ZoneInfo(time_zone)
    # One address for all: only the Document ID of it, which is letters and digits, changes.
    before, _, after = reverse(page, args=[slug, _CODE]).partition(_CODE)
    after += f"?{urlencode({'back': back})}" if back else ""

    def moment(value: datetime | None) -> tuple[str, str] | None:
        if value is None:
            return None
        local = value.astimezone(zone)
        return language.day(local.date()), f"{local:%H:%M}"

    def row(each: Any) -> Cells:
        owed = language.amount(to_minor_units(each.total, each.currency), each.currency)
        return Cells(
            each.code,
            f"{before}{each.code}{after}",
            each.customer.name,
            each.invoice_number or "",
            each.provider.name,
            language.period(each.period_start, each.period_end),
            each.status,
            f"{each.currency} {owed}",
            language.day(each.due) if each.due and each.status != Status.VOIDED else "",
            moment(each.published_at),
            moment(each.notified_at),
            "Waiting" if each.mails_waiting else "Failed" if each.mails_failed else "–",
        )

    return [row(each) for each in documents]


_CODE = "D-000000"
