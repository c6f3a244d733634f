"""Exchange rates as reading needs them."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast, JSONObject

from clearbill.records.models import ExchangeRate
from clearbill.rules.currencies import FRESH, Quote

_COLUMNS = ("base", "quote", "span", "day", "rate", "source")


def newest(reseller_id: int, on: date | None = None) -> QuerySet[ExchangeRate]:
    """The newest version of each rate; with `on`, of those that may hold on that day alone."""
    rates = ExchangeRate.objects.filter(reseller_id=reseller_id)
    if on is not None:
        month = Q(span=ExchangeRate.MONTH, day=on.replace(day=1))
        rates = rates.filter(
            month | Q(span=ExchangeRate.DAY, day__lte=on, day__gte=on - timedelta(FRESH.days))
        )
    return rates.order_by("base", "quote", "span", "day", "-version").distinct(
        "base", "quote", "span", "day"
    )


def quotes(reseller_id: int, on: date | None = None) -> list[Quote]:
    """The rates that somebody gave, each in its newest version, in one query."""
    return [Quote(*row) for row in newest(reseller_id, on).values_list(*_COLUMNS)]


def quotes_inside(reseller_id: int, on: date) -> ArraySubquery:
    """The same as an array to annotate another query with; read it with `read_quotes`."""
    # As text: a number in JSON would come out as a float.
    rate = Cast("rate", TextField())
    row = JSONObject(**{name: name for name in _COLUMNS if name != "rate"}, rate=rate)
    return ArraySubquery(newest(reseller_id, on).values(row=row))


def read_quotes(rows: Iterable[dict[str, Any]]) -> list[Quote]:
    """Quotes from what `quotes_inside` annotated."""
    return [
        Quote(
            row["base"],
            row["quote"],
            row["span"],
            date.fromisoformat(row["day"]),
            Decimal(row["rate"]),
            row["source"],
        )
        for row in rows
    ]
