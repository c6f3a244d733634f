"""Overview and Usage: what a customer owes, and what it pays for; published documents alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from clearbill.queries import customer_dues, trends
from clearbill.queries.trends import Billed
from clearbill.rules.money import total
from clearbill.rules.periods import month
from clearbill.web import charts, figures
from clearbill.web.charts import Bars, Line, Row, Spark
from clearbill.web.permissions import TenantRequest, permission

ROWS = 12
"""Services or accounts that Usage names; the smaller ones stand together."""


@dataclass(frozen=True)
class Table:
    """The shares of one currency in the chosen period, with the months of each row."""

    shares: Bars
    rows: list[tuple[Spark, Decimal]]


@dataclass(frozen=True)
class Usage:
    """What the lines of one currency say: by service, by account, and their months."""

    currency: str
    whole: Decimal
    trend: Line
    services: Table
    accounts: Table


@permission("portal.read")
def overview(request: TenantRequest, slug: str) -> HttpResponse:
    """What is due, the latest documents, trend and share by service."""
    reseller_id, customer_id = request.reseller.pk, _customer(request)
    services, _ = _lines(request)
    context = {
        "owed": customer_dues.owed(reseller_id, customer_id),
        "latest": customer_dues.latest(reseller_id, customer_id),
        "figures": figures.figures(
            trends.by_provider(reseller_id, customer_id=customer_id, published_only=True)
        ),
        "services": figures.figures(services),
    }
    return render(request, "portal/overview.html", context)


@permission("portal.read")
def usage(request: TenantRequest, slug: str) -> HttpResponse:
    """Share and trend by service and account, of one month or of all."""
    services, accounts = _lines(request)
    over = trends.months(services)
    chosen = _chosen(request, over)
    context = {
        "months": [(each, charts.month_name(each)) for each in reversed(over)],
        "chosen": chosen,
        "span": [chosen] if chosen else over,
        "usages": [
            _usage(services, accounts, over, chosen, each) for each in trends.currencies(services)
        ],
        "month_label": charts.month_label,
    }
    return render(request, "portal/usage.html", context)


def _customer(request: TenantRequest) -> int:
    if request.membership.customer_id is None:
        raise Http404("no customer")
    return request.membership.customer_id


def _lines(request: TenantRequest) -> tuple[list[Billed], list[Billed]]:
    """What the customer's lines come to by service and by account, named as the page names them."""
    services, accounts = trends.by_service_and_account(request.reseller.pk, _customer(request))
    return [_named(each) for each in services], [_named(each) for each in accounts]


def _named(billed: Billed) -> Billed:
    """An account by its name and id, a service by its name, staff's own lines by a word."""
    if not billed.group:
        return replace(billed, group=gettext("Additional charges"))
    if billed.name and billed.name != billed.group:
        return replace(billed, group=f"{billed.name} ({billed.group})")
    return billed


def _chosen(request: TenantRequest, over: Sequence[date]) -> date | None:
    """The month asked for, at first the latest; None for all of them."""
    word = request.GET.get("period", "")
    if word == "all" or not over:
        return None
    try:
        asked = month(word)
    except ValueError:
        return over[-1]
    return asked if asked in over else over[-1]


def _usage(
    services: Sequence[Billed],
    accounts: Sequence[Billed],
    over: Sequence[date],
    chosen: date | None,
    currency: str,
) -> Usage:
    by_month = trends.series(services, over, currency)
    whole = total([amount for each, amount in by_month if chosen in (None, each)])
    return Usage(
        currency,
        whole,
        charts.line(by_month, currency),
        _table(services, over, chosen, currency),
        _table(accounts, over, chosen, currency),
    )


def _table(
    billed: Sequence[Billed], over: Sequence[date], chosen: date | None, currency: str
) -> Table:
    """Rows by their share of the chosen months; those with nothing in them are left out."""
    at = over.index(chosen) if chosen else None
    months_of = trends.grouped(billed, over, currency)
    in_period = {
        label: amounts[at] if at is not None else total(amounts)
        for label, amounts in months_of.items()
    }
    rows = [Row(label, (amount,)) for label, amount in in_period.items() if amount]
    shares = charts.bars(charts.biggest(rows, ROWS), currency, shares=True)
    named = [each.row for each in shares.rows if each.row.label in months_of]
    return Table(
        shares,
        [(charts.spark(Row(row.label, months_of[row.label])), row.amounts[0]) for row in named],
    )
