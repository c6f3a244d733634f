"""Billing > Customer Invoices: customers, their invoices, all documents, and the search."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearbill.actions.common import Refused
from clearbill.actions.saved_views import delete_view, save_view
from clearbill.paper.list_csv import list_csv
from clearbill.queries import documents as reading
from clearbill.queries import listing as lists
from clearbill.queries.documents import Documents
from clearbill.records import clock, tenancy
from clearbill.records.models import Customer, User
from clearbill.rules.text import capital
from clearbill.web.actor import actor_of
from clearbill.web.answers import as_file
from clearbill.web.forms import number
from clearbill.web.jinja import said
from clearbill.web.jinja import translated as _
from clearbill.web.listing import PRESETS, Listing, listing, query_of
from clearbill.web.loaders import customer_or_404
from clearbill.web.paging import in_order, page_of
from clearbill.web.permissions import TenantRequest, permission


@permission("documents.read")
def customers(request: TenantRequest, slug: str) -> HttpResponse:
    """The customers with what is to do for each; a double-click opens the invoices table."""
    words = request.GET.get("q", "").strip()
    found = reading.customers_with_counts(request.reseller.pk)
    if words:
        found = found.filter(name__icontains=words)
    page = page_of(found, ("letters", "name", "id"), request.GET.get("after"))
    return render(request, "console/invoices.html", {"page": page, "q": words, "tab": "customers"})


@permission("documents.read")
def of_customer(request: TenantRequest, slug: str, customer_id: int) -> HttpResponse:
    """One customer's invoices table."""
    return _table(request, customer_or_404(request, customer_id))


@permission("documents.read")
def documents(request: TenantRequest, slug: str) -> HttpResponse:
    """Every document, with the customer in front."""
    return _table(request, None)


def _table(request: TenantRequest, customer: Customer | None) -> HttpResponse:
    documents = _all(request, customer.pk if customer else None)
    facets = lists.facets(documents)
    shown = _listing(request, request.GET, facets)
    page = page_of(
        lists.listed(lists.picked(documents, shown.filters), shown.sort),
        lists.order(shown.sort),
        request.GET.get("after"),
        nullable=lists.NULLABLE,
    )
    slug = request.reseller.slug
    context: dict[str, Any] = {
        "page": page,
        "customer": customer,
        "list": shown,
        "facets": facets,
        "figures": lists.figures(documents, shown.filters),
        "address": reverse("console:customer-invoices", args=[slug, customer.pk])
        if customer
        else reverse("console:documents", args=[slug]),
        "presets": PRESETS,
        "statuses": lists.STATUSES,
        "views": [] if customer else lists.saved_views(request.reseller.pk, _user(request).pk),
        "tab": "documents",
    }
    return render(request, "console/documents.html", context)


def _all(request: TenantRequest, customer_id: int | None) -> Documents:
    documents = reading.visible(request.reseller.pk)
    return documents if customer_id is None else documents.filter(customer=customer_id)


def _listing(request: TenantRequest, query: Mapping[str, str], facets: lists.Facets) -> Listing:
    return listing(query, facets, clock.today(request.reseller.time_zone))


def chosen_by(
    request: TenantRequest, query: Mapping[str, str], customer_id: int | None
) -> tuple[Documents, Listing]:
    """The documents that a table shows for the query of its address, on all pages, in no order;
    `customer_id` is given for one customer's table."""
    documents = _all(request, customer_id)
    shown = _listing(request, query, lists.facets(documents))
    return lists.picked(documents, shown.filters), shown


def _user(request: TenantRequest) -> User:
    return cast(User, request.user)


@permission("documents.read")
def as_csv(request: TenantRequest, slug: str) -> HttpResponseBase:
    """CSV of what a table shows, all pages of it; `of` names the customer of a customer's table."""
    documents, shown = chosen_by(request, request.GET, number(request.GET, "of"))
    return csv_answer(request, documents, shown.sort)


def csv_answer(request: TenantRequest, documents: Documents, sort: str) -> HttpResponseBase:
    """Documents as a CSV that is streamed: no list is too long for it."""
    rows = lists.listed(documents).order_by(*in_order(lists.order(sort), lists.NULLABLE))
    lines = _lines(request.reseller.pk, rows, request.reseller.time_zone)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    return as_file(answer, f"{request.reseller.slug}_documents.csv")


def _lines(reseller_id: int, rows: Documents, time_zone: str) -> Iterator[bytes]:
    # Runs after the view has returned, when this connection's reseller has been reset.
    with tenancy.using(reseller_id):
        yield from list_csv(rows.iterator(chunk_size=500), time_zone)


@require_POST
@permission("views.save")
def save(request: TenantRequest, slug: str) -> HttpResponse:
    """Keep the list that one looks at under a name."""
    query = query_of(request.POST)
    try:
        view = save_view(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            user_id=_user(request).pk,
            name=request.POST.get("name", ""),
            query=query,
        )
    except Refused as error:
        messages.error(request, f"{capital(said(error.message))}.")
    else:
        messages.success(request, _("The view “%(name)s” is kept under Views.", name=view.name))
    return redirect(f"{reverse('console:documents', args=[slug])}?{query}")


@require_POST
@permission("views.save")
def forget(request: TenantRequest, slug: str) -> HttpResponse:
    """Delete a view of one's own."""
    name = request.POST.get("name", "")
    try:
        delete_view(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            user_id=_user(request).pk,
            name=name,
        )
    except Refused:
        messages.info(request, _("The view is gone already."))
    else:
        messages.success(request, _("The view “%(name)s” is deleted.", name=name))
    return redirect("console:documents", slug)


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
