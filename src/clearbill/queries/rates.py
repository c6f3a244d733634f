"""Exchange rates as reading needs them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast, JSONObject, TruncMonth

from clearbill.records.models import ExchangeRate, ResellerSettings
from clearbill.rules import currencies
from clearbill.rules.currencies import FRESH, Quote, Rate, find
from clearbill.rules.periods import next_month

_COLUMNS = ("base", "quote", "span", "day", "rate", "source")


def newest(reseller_id: int, on: date | None = None) -> QuerySet[ExchangeRate]:
    """The newest version of each rate; with `on`, of those that may hold on that day alone."""
    rates = ExchangeRate.objects.filter(reseller_id=reseller_id)
    return _newest(rates if on is None else rates.filter(may_hold(**days_of(on))))


def days_of(on: date) -> dict[str, date]:
    """What `may_hold` asks for a day."""
    return {"on": on, "month": on.replace(day=1), "oldest": on - timedelta(FRESH.days)}


def may_hold(on: Any, month: Any, oldest: Any) -> Q:
    """Rates that may hold on a day, of its month or of the days before it."""
    return Q(span=ExchangeRate.MONTH, day=month) | Q(
        span=ExchangeRate.DAY, day__lte=on, day__gte=oldest
    )


def _newest(rates: QuerySet[ExchangeRate]) -> QuerySet[ExchangeRate]:
    return rates.order_by("base", "quote", "span", "day", "-version").distinct(
        "base", "quote", "span", "day"
    )


def all_versions(reseller_id: int) -> QuerySet[ExchangeRate]:
    """Every version of every rate, the newest of each first."""
    return ExchangeRate.objects.filter(reseller_id=reseller_id).order_by(
        "base", "quote", "span", "day", "-version"
    )


def quotes(reseller_id: int, on: date | None = None) -> list[Quote]:
    """The rates that somebody gave, each in its newest version, in one query."""
    return [Quote(*row) for row in newest(reseller_id, on).values_list(*_COLUMNS)]


def rate(reseller_id: int, base: str, quote: str, on: date) -> Rate | None:
    """What 1 `base` is in `quote` on a day, or None where no rate is known."""
    return find(quotes(reseller_id, on), base, quote, on)


def offered(reseller_id: int, billing: str, others: Sequence[str], on: date) -> list[Rate]:
    """The rates from a document's currency into others and those switched on, in one query.

    `others` come first (the provider's); the billing currency itself is in none of them. A
    currency without a known rate on the day is left out.
    """
    settings: Any = (
        ResellerSettings.objects.annotate(quotes=quotes_inside(reseller_id, on))
        .only("currencies")
        .get(reseller_id=reseller_id)
    )
    wanted = [*others, *settings.currencies]
    return currencies.offered(read_quotes(settings.quotes), billing, wanted, on)


def quotes_inside(reseller_id: int, on: date) -> ArraySubquery:
    """The same as an array to annotate another query with; read it with `read_quotes`."""
    return quotes_of_days(reseller_id, **days_of(on))


def quotes_of_days(reseller_id: Any, **days: Any) -> ArraySubquery:
    """The same by the days of `days_of`, which a prepared query is given one by one."""
    # As text: a number in JSON would come out as a float.
    rate = Cast("rate", TextField())
    row = JSONObject(**{name: name for name in _COLUMNS if name != "rate"}, rate=rate)
    rates = ExchangeRate.objects.filter(may_hold(**days), reseller_id=reseller_id)
    return ArraySubquery(_newest(rates).values(row=row))


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


@dataclass(frozen=True)
class PairInMonth:
    """What is known of a pair in a month: its monthly rate, and the last of its daily ones."""

    base: str
    quote: str
    month: date
    days: int
    monthly: ExchangeRate | None
    last: ExchangeRate | None

    @property
    def shown(self) -> ExchangeRate:
        """The one that goes before the others."""
        found = self.monthly or self.last
        assert found is not None, "a month is listed for its rates"  # noqa: S101 - by the query
        return found


def pairs(reseller_id: int) -> list[tuple[str, str]]:
    """The pairs that anybody gave a rate for."""
    found = ExchangeRate.objects.filter(reseller_id=reseller_id).order_by("base", "quote")
    return list(found.values_list("base", "quote").distinct())


def months(
    reseller_id: int,
    pair: tuple[str, str] | None = None,
    after: str = "",
    size: int = 50,
) -> tuple[list[PairInMonth], str]:
    """Pairs by month, newest month first, and the cursor of the next page (empty on the last).

    Two queries. A cursor that was tampered with is the first page.
    """
    rates = ExchangeRate.objects.filter(reseller_id=reseller_id)
    if pair is not None:
        rates = rates.filter(base=pair[0], quote=pair[1])
    groups = (
        rates.annotate(month=TruncMonth("day"))
        .values("month", "base", "quote")
        .annotate(days=Count("day", filter=Q(span=ExchangeRate.DAY), distinct=True))
        .filter(_behind(after))
        .order_by("-month", "base", "quote")[: size + 1]
    )
    found = list(groups)
    rows = _with_rates(reseller_id, found[:size])
    last = rows[-1] if len(found) > size else None
    return rows, f"{last.month:%Y-%m}-{last.base}-{last.quote}" if last else ""


def _behind(after: str) -> Q:
    try:
        year, month, base, quote = after.split("-")
        day = date(int(year), int(month), 1)
    except ValueError:
        return Q()
    same = Q(month=day)
    return Q(month__lt=day) | same & Q(base__gt=base) | same & Q(base=base, quote__gt=quote)


def _with_rates(reseller_id: int, groups: Sequence[Any]) -> list[PairInMonth]:
    if not groups:
        return []
    found: dict[tuple[date, str, str, str], ExchangeRate] = {}
    for each in (
        # More pairs than those of the page may come; a condition for each would read longer.
        ExchangeRate.objects.filter(
            reseller_id=reseller_id,
            base__in={group["base"] for group in groups},
            quote__in={group["quote"] for group in groups},
            day__gte=groups[-1]["month"],
            day__lt=next_month(groups[0]["month"]),
        )
        .annotate(month=TruncMonth("day"))
        .order_by("base", "quote", "month", "span", "-day", "-version")
        .distinct("base", "quote", "month", "span")
    ):
        found[each.day.replace(day=1), each.base, each.quote, each.span] = each
    return [
        PairInMonth(
            **group,
            monthly=found.get((*_key(group), ExchangeRate.MONTH)),
            last=found.get((*_key(group), ExchangeRate.DAY)),
        )
        for group in groups
    ]


def _key(group: Any) -> tuple[date, str, str]:
    return group["month"], group["base"], group["quote"]


def versions(reseller_id: int, base: str, quote: str, month: date) -> list[ExchangeRate]:
    """Every version of every rate of a pair in a month: monthly ones first, newest first."""
    return list(
        ExchangeRate.objects.filter(
            reseller_id=reseller_id,
            base=base,
            quote=quote,
            day__gte=month,
            day__lt=next_month(month),
        ).order_by("-span", "-day", "-version")
    )
