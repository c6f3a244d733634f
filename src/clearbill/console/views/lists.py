"""Billing > Customer Invoices: customers, their invoices, all documents, and the search."""

from datetime import date
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render

from clearbill.queries import documents as reading
from clearbill.queries.documents import DateRange, Documents
from clearbill.records import clock
from clearbill.records.models import Customer
from clearbill.rules.lifecycle import Status
from clearbill.web.loaders import customer_or_404
from clearbill.web.paging import page_of
from clearbill.web.permissions import TenantRequest, permission

STATUSES = [s.value for s in Status if s is not Status.DISCARDED]
PRESETS = {
    "last-month": "Last month",
    "last-3-months": "Last 3 months",
    "this-year": "This year",
    "all": "All",
}


@permission("documents.read")
def customers(request: TenantRequest, slug: str) -> HttpResponse:
    """The customers with what is to do for each; a double-click opens the invoices table."""
    words = request.GET.get("q", "").strip()
    found = reading.customers_with_counts(request.reseller.pk)
    if words:
        found = found.filter(name__icontains=words)
    page = page_of(found, ("name", "id"), request.GET.get("after"))
    return render(request, "console/invoices.html", {"page": page, "q": words, "tab": "customers"})


@permission("documents.read")
def of_customer(request: TenantRequest, slug: str, customer_id: int) -> HttpResponse:
    """One customer's invoices table."""
    customer = customer_or_404(request, customer_id)
    documents = reading.visible(request.reseller.pk).filter(customer=customer)
    return _table(request, documents, customer)


@permission("documents.read")
def documents(request: TenantRequest, slug: str) -> HttpResponse:
    """Every document, with the customer in front."""
    return _table(request, reading.visible(request.reseller.pk), None)


def _table(request: TenantRequest, documents: Documents, customer: Customer | None) -> HttpResponse:
    within, words = _range(request, documents), request.GET.get("q", "").strip()
    documents = (
        reading.search(documents, words) if words else reading.overlapping(documents, within)
    )
    counts = dict(documents.order_by().values_list("status").annotate(Count("pk")))
    chosen = request.GET.get("status", "")
    if chosen in STATUSES:
        documents = documents.filter(status=chosen)
    page = page_of(
        reading.with_table_columns(documents), ("-period_start", "-id"), request.GET.get("after")
    )
    context: dict[str, Any] = {
        "page": page,
        "customer": customer,
        "q": words,
        "within": within,
        "presets": PRESETS,
        "preset": request.GET.get("range", ""),
        "opening": not (words or _asks_for_range(request)),
        "counts": counts,
        "statuses": STATUSES,
        "chosen": chosen,
        "tab": "documents",
        "query": _kept(request),
    }
    return render(request, "console/documents.html", context)


def _range(request: TenantRequest, documents: Documents) -> DateRange:
    """The range asked for, by preset or by two days; at first the last three periods."""
    preset = request.GET.get("range", "")
    if preset in PRESETS:
        return DateRange.preset(preset, clock.today(request.reseller.time_zone))
    if _asks_for_range(request):
        return DateRange(_day(request, "first"), _day(request, "last"))
    return reading.last_three_periods(documents)


def _asks_for_range(request: TenantRequest) -> bool:
    return bool({"range", "first", "last"} & set(request.GET))


def _day(request: TenantRequest, name: str) -> date | None:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def _kept(request: TenantRequest) -> str:
    """The query that BACK returns to, without the page."""
    kept = request.GET.copy()
    kept.pop("after", None)
    return kept.urlencode()


@permission("documents.read")
def search(request: TenantRequest, slug: str) -> HttpResponse:
    """The search at the top: customers by name or account, documents by id, number, amount."""
    words = request.GET.get("q", "").strip()
    customers = reading.search_customers(request.reseller.pk, words) if words else []
    documents = (
        reading.with_table_columns(
            reading.search(reading.visible(request.reseller.pk), words)
        ).order_by("-period_start", "-id")[:25]
        if words
        else []
    )
    return render(
        request,
        "console/search.html",
        {"q": words, "customers": customers, "documents": documents},
    )
