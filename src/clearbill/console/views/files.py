"""Downloads of a document: PDF, CSV, Detailed CSV, and the page for the printer."""

from collections.abc import Iterator

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from clearbill.paper import downloads
from clearbill.paper.detailed_csv import Audience
from clearbill.paper.names import file_name
from clearbill.queries import canonical
from clearbill.records import tenancy
from clearbill.records.models import Document
from clearbill.rules.access import allowed
from clearbill.rules.lifecycle import KIND_NAMES, Kind
from clearbill.web.answers import as_file
from clearbill.web.loaders import shown_document_or_404
from clearbill.web.permissions import TenantRequest, permission


@permission("documents.download")
def pdf(request: TenantRequest, slug: str, code: str) -> HttpResponseBase:
    document = shown_document_or_404(request, code)
    name = file_name(canonical.of(document), "pdf")
    return as_file(HttpResponse(downloads.pdf(document), "application/pdf"), name)


@permission("documents.download")
def csv(request: TenantRequest, slug: str, code: str) -> HttpResponseBase:
    document = shown_document_or_404(request, code)
    name = file_name(canonical.of(document), "csv")
    return as_file(HttpResponse(downloads.csv(document), "text/csv; charset=utf-8"), name)


@permission("documents.download")
def detailed_csv(request: TenantRequest, slug: str, code: str) -> HttpResponseBase:
    document = shown_document_or_404(request, code)
    name = file_name(canonical.of(document), "csv", detailed=True)
    staff = allowed(request.membership.role, "documents.download_staff_detail")
    pieces = _rows(document, "staff" if staff else "sales")
    return as_file(StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8"), name)


def _rows(document: Document, audience: Audience) -> Iterator[bytes]:
    # Runs after the view has returned, when this connection's reseller has been reset.
    with tenancy.using(document.reseller_id):
        yield from downloads.detailed_csv(document, audience=audience)


@permission("documents.download")
def print_view(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """All sections open, no navigation; a draft says so on every page."""
    document = shown_document_or_404(request, code)
    context = {
        "document": document,
        "content": canonical.for_customer(canonical.of(document)),
        "kind_name": KIND_NAMES[Kind(document.kind)],
        "back": reverse("console:document", args=[slug, code]),
    }
    return render(request, "print.html", context)
