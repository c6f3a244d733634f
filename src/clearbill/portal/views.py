"""What a customer sees: its own published documents, as they were frozen, without cost.

Every view begins with a loader that knows the request's reseller and customer; a draft, a
discarded document and another customer's are all the same 404, or *Withdrawn* where the customer
had been told of a statement that was taken back.
"""

from typing import Any

from django.db.models import Subquery
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse

from clearbill.paper import downloads
from clearbill.paper.names import file_name
from clearbill.queries import canonical
from clearbill.queries import documents as reading
from clearbill.queries.rates import quotes_inside, read_quotes
from clearbill.queries.surroundings import period_before
from clearbill.records import clock
from clearbill.records.models import Document, ResellerSettings
from clearbill.rules.lifecycle import KIND_NAMES, Kind, Status
from clearbill.web.answers import as_file
from clearbill.web.currency import choice, document_day, shown_in
from clearbill.web.detail import begun
from clearbill.web.permissions import TenantRequest, permission
from clearbill.web.printing import print_look, printed


@permission("portal.read")
def invoice(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """One document, or the word that it was withdrawn."""
    document = _load(request, code)
    if document.status == Status.DISCARDED:
        return render(request, "portal/withdrawn.html", {"document": document}, status=410)
    return render(request, "portal/invoice.html", _on_screen(request, document))


@permission("portal.read")
def print_view(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """The same, all sections open, for the printer."""
    return printed(
        request,
        _load_shown(request, code),
        back=reverse("portal:invoice", args=[slug, code]),
        look=reverse("portal:print-look", args=[slug, code]),
    )


@permission("portal.read")
def look(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    return print_look(_load_shown(request, code))


@permission("portal.download")
def pdf(request: TenantRequest, slug: str, code: str) -> HttpResponseBase:
    document = _load_shown(request, code)
    return as_file(HttpResponse(downloads.pdf(document), "application/pdf"), _name(document, "pdf"))


@permission("portal.download")
def csv(request: TenantRequest, slug: str, code: str) -> HttpResponseBase:
    document = _load_shown(request, code)
    return as_file(
        HttpResponse(downloads.csv(document), "text/csv; charset=utf-8"), _name(document, "csv")
    )


@permission("portal.download")
def detailed_csv(request: TenantRequest, slug: str, code: str) -> HttpResponseBase:
    document = _load_shown(request, code)
    if not downloads.has_usage_rows(document, canonical.of(document)):
        raise Http404("it has no usage rows")
    pieces = begun(document, "customer")
    answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    return as_file(answer, _name(document, "csv", detailed=True))


def _load(request: TenantRequest, code: str) -> Document:
    """The customer's document, or one withdrawn after it was published, or 404."""
    document = reading.one(request.reseller.pk, code)
    if document is None or document.customer_id != request.membership.customer_id:
        raise Http404("no such document")
    withdrawn = document.status == Status.DISCARDED and document.frozen is not None
    if document.status not in reading.SEEN and not withdrawn:
        raise Http404("no such document")
    return document


def _load_shown(request: TenantRequest, code: str) -> Document:
    document = _load(request, code)
    if document.status == Status.DISCARDED:
        raise Http404("no such document")
    return document


def _context(document: Document) -> dict[str, object]:
    return {
        "document": document,
        "content": canonical.for_customer(canonical.of(document)),
        "kind_name": KIND_NAMES[Kind(document.kind)],
    }


def _on_screen(request: TenantRequest, document: Document) -> dict[str, object]:
    """The document as the screen shows it, in the currency that was asked for."""
    context = _context(document)
    day = document_day(document, clock.today(request.reseller.time_zone))
    settings: Any = ResellerSettings.objects.annotate(
        quotes=quotes_inside(request.reseller.pk, day),
        previous_total=Subquery(
            period_before(document).filter(status__in=reading.SEEN).values("total")[:1]
        ),
    ).get(reseller=request.reseller)
    currencies = choice(
        document,
        read_quotes(settings.quotes),
        settings.currencies,
        day=day,
        asked=request.GET.get("currency", ""),
    )
    content: Any = context["content"]
    shown = shown_in(content, currencies.rate) if currencies.rate else content
    return {
        **context,
        "content": shown,
        "currencies": currencies,
        "payable": content["total"],
        "previous_total": settings.previous_total,
        "has_detail": downloads.has_usage_rows(document, content),
    }


def _name(document: Document, extension: str, *, detailed: bool = False) -> str:
    return file_name(canonical.of(document), extension, detailed=detailed)
