"""The customer's list of documents: tabs with counts, a range or a search, and every head sorts."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clearbill.queries import documents as reading
from clearbill.queries import listing as lists
from clearbill.queries.documents import DateRange
from clearbill.records import clock
from clearbill.web.listing import PRESETS, Listing, listing
from clearbill.web.paging import page_of
from clearbill.web.permissions import TenantRequest, permission

STATUSES = [status for status in lists.STATUSES if status in reading.SEEN]
_NAMES = ("range", "first", "last", "q", "status", "sort", "after")
_SORTS = ("number", "provider", "period", "status", "total", "due")


@permission("portal.read")
def invoices(request: TenantRequest, slug: str) -> HttpResponse:
    """The customer's published documents, newest period first; it opens on all of them."""
    customer_id = request.membership.customer_id
    if customer_id is None:
        raise Http404("no customer")
    documents = reading.for_customer(request.reseller.pk, customer_id)
    shown = _asked(request, clock.today(request.reseller.time_zone))
    page = page_of(
        lists.listed(lists.picked(documents, shown.filters), shown.sort),
        lists.order(shown.sort),
        request.GET.get("after"),
        nullable=lists.NULLABLE,
    )
    context = {
        "page": page,
        "list": shown,
        "figures": lists.figures(documents, shown.filters),
        "address": reverse("portal:invoices", args=[slug]),
        "presets": PRESETS,
        "statuses": STATUSES,
    }
    return render(request, "portal/invoices.html", context)


def _asked(request: TenantRequest, today: date) -> Listing:
    """What the address asks for, as far as customers may ask: no draft, no field of staff's."""
    given = {name: request.GET[name] for name in _NAMES if name in request.GET}
    if given.get("status") not in STATUSES:
        given.pop("status", None)
    if given.get("sort", "").removeprefix("-") not in _SORTS:
        given.pop("sort", None)
    everything = lists.Facets([], [], [], DateRange())
    return listing(given, everything, today, by_customer=True)
