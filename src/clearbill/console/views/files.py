"""Downloads of a document: PDF, CSV, Detailed CSV, and the page for the printer."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from clearbill.console.document_page import why_no_detail
from clearbill.paper import downloads
from clearbill.paper.names import file_name
from clearbill.queries import canonical
from clearbill.rules.access import allowed
from clearbill.web.answers import as_file
from clearbill.web.detail import begun
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import shown_document_or_404
from clearbill.web.permissions import TenantRequest, permission
from clearbill.web.printing import print_look, printed


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
    """The usage rows; a document without any says so on its page."""
    document = shown_document_or_404(request, code)
    content = canonical.of(document)
    reason = why_no_detail(document, content)
    if reason:
        messages.warning(
            request, _("No Detailed CSV of %(code)s: %(reason)s.", code=code, reason=reason)
        )
        return redirect("console:document", slug, code)
    staff = allowed(request.membership.role, "documents.download_staff_detail")
    pieces = begun(document, "staff" if staff else "sales")
    answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    return as_file(answer, file_name(content, "csv", detailed=True, with_cost=staff))


@permission("documents.download")
def print_view(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """All sections open, no navigation; a draft says so on every page."""
    document = shown_document_or_404(request, code)
    return printed(
        request,
        document,
        back=reverse("console:document", args=[slug, code]),
        look=reverse("console:print-look", args=[slug, code]),
    )


@permission("documents.download")
def look(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    return print_look(shown_document_or_404(request, code))
