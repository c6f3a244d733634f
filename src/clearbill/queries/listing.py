"""A list of documents: what filters pick, in which order, and what it comes to.

The page, its CSV, a bulk choice and the command line all read the same list here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from django.db.models import Count, Sum
from django.db.models.expressions import RawSQL

from clearbill.queries.alphabet import letters
from clearbill.queries.documents import (
    DateRange,
    Documents,
    in_period,
    last_periods,
    overlapping,
    search,
    with_table_columns,
)
from clearbill.queries.prepared import Given, Prepared
from clearbill.records.models import SavedView
from clearbill.rules.lifecycle import Status
from clearbill.rules.money import total

STATUSES = [status.value for status in Status if status is not Status.DISCARDED]


@dataclass(frozen=True)
class Filters:
    """What picks the documents of a list; an empty one picks all.

    `customer` is a part of a name, `provider` a code, `month` a day of the month in which periods
    start. `least` and `most` are totals, both inclusive, whatever their currency. `by_customer`
    says who searches, see `documents.search`.
    """

    within: DateRange = field(default_factory=DateRange)
    words: str = ""
    customer: str = ""
    provider: str = ""
    month: date | None = None
    currency: str = ""
    least: Decimal | None = None
    most: Decimal | None = None
    status: str = ""
    by_customer: bool = False


def picked(documents: Documents, filters: Filters) -> Documents:
    """The documents that the filters pick, in no order."""
    documents = overlapping(documents, filters.within)
    documents = search(documents, filters.words, by_customer=filters.by_customer)
    if filters.month is not None:
        documents = in_period(documents, filters.month)
    given = {
        "customer__name__icontains": filters.customer,
        "provider__code": filters.provider,
        "currency": filters.currency,
        "total__gte": filters.least,
        "total__lte": filters.most,
        "status": filters.status,
    }
    return documents.filter(
        **{key: value for key, value in given.items() if value not in ("", None)}
    )


SORTS: dict[str, tuple[str, ...]] = {
    "id": ("counter",),
    "number": ("series", "sequence"),
    "customer": ("customer_letters", "customer__name"),
    "provider": ("provider__name",),
    "period": ("period_start",),
    "status": ("status",),
    "total": ("currency", "total"),
    "due": ("due",),
    "published": ("published_at",),
    "notified": ("notified_at",),
}
"""What a list may be sorted by. Totals of one currency stand together: others do not compare."""

NULLABLE = frozenset({"sequence", "due", "published_at", "notified_at"})
"""Columns of these that may be empty: such rows come last in both directions."""


def order(sort: str) -> tuple[str, ...]:
    """The columns of a sort, `-` first for descending, ending with the id; newest period first
    where it is none of `SORTS`."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        return ("-period_start", "-id")
    sign = "-" if sort.startswith("-") else ""
    return tuple(f"{sign}{column}" for column in (*SORTS[name], "id"))


def listed(documents: Documents, sort: str = "customer") -> Documents:
    """With what a row shows and may be sorted by; where a sort is given, only that one works."""
    rows = with_table_columns(documents)
    if "customer" in sort:
        rows = rows.annotate(customer_letters=letters("customer__name"))
    return rows


@dataclass(frozen=True)
class Figures:
    """How many documents of each status the other filters pick, and what the list comes to.

    What was voided is counted and added to no total, unless nothing else is asked for.
    """

    counts: dict[str, int]
    totals: list[tuple[str, Decimal]]
    matching: int
    voided: int


def figures(documents: Documents, filters: Filters) -> Figures:
    """Counts of all statuses, totals per currency of the chosen one; one query."""
    rows = list(
        picked(documents, replace(filters, status=""))
        .order_by()
        .values_list("status", "currency")
        .annotate(Count("pk"), Sum("total"))
    )
    counts: dict[str, int] = defaultdict(int)
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for status, currency, count, amount in rows:
        counts[status] += count
        if filters.status == status or (not filters.status and status != Status.VOIDED):
            amounts[currency].append(amount)
    matching = counts.get(filters.status, 0) if filters.status else sum(counts.values())
    totals = [(currency, total(each)) for currency, each in sorted(amounts.items())]
    voided = 0 if filters.status else counts.get(Status.VOIDED, 0)
    return Figures(dict(counts), totals, matching, voided)


@dataclass(frozen=True)
class Facets:
    """What filters may be chosen from: providers as (code, name), currencies, months, newest
    first; and the range that the list opens on."""

    providers: list[tuple[str, str]]
    currencies: list[str]
    months: list[date]
    opening: DateRange


def facets(documents: Documents) -> Facets:
    """The choices that some document answers to; one query."""
    rows = list(
        documents.order_by()
        .values_list("provider__code", "provider__name", "currency", "period_start", "period_end")
        .distinct()
    )
    return Facets(
        sorted({(code, name) for code, name, *_ in rows}, key=lambda each: each[1]),
        sorted({currency for _, _, currency, _, _ in rows}),
        sorted({start.replace(day=1) for *_, start, _ in rows}, reverse=True),
        last_periods([(start, end) for *_, start, end in rows]),
    )


def named(documents: Documents, codes: Sequence[str]) -> Documents:
    """Those of the documents that have these Document IDs, however many there are."""
    # One array instead of a parameter for each: a statement has room for 65,535.
    return documents.filter(code__in=RawSQL("SELECT unnest(%s::text[])", [list(codes)]))


def saved_views(reseller_id: int, user_id: int) -> list[SavedView]:
    """The views that a user has saved, by name."""
    return _VIEWS.rows(reseller=reseller_id, user=user_id)


_VIEWS = Prepared(
    lambda: SavedView.objects.filter(reseller_id=Given("reseller"), user_id=Given("user")).order_by(
        "name"
    )
)
