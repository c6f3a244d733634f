"""What the ticket pages of both doors share: reading forms and files, and handing files out."""

import hashlib
from typing import Any

import structlog
from django.http import Http404, HttpResponse
from django.shortcuts import render

from clearbill.actions.common import Refused
from clearbill.actions.tickets import Upload
from clearbill.queries import documents
from clearbill.queries import tickets as reading
from clearbill.records.files import file_store
from clearbill.records.models import DocumentLine, Ticket, TicketMessage
from clearbill.rules.tickets import MOST_BYTES
from clearbill.web.answers import as_file
from clearbill.web.forms import lines, number
from clearbill.web.permissions import TenantRequest

log = structlog.get_logger(__name__)


def upload_of(request: TenantRequest) -> Upload | None:
    """The file that came along, None without one. Raises `Refused` for one that is too large."""
    given = request.FILES.get("file")
    if given is None:
        return None
    if (given.size or 0) > MOST_BYTES:
        raise Refused("A file has at most 10 MB: give a part of it, or a link.", field="file")
    return Upload(given.name or "file", given.read())


def asked(request: TenantRequest) -> dict[str, Any]:
    """What the form *Submit a ticket* holds."""
    form = request.POST
    return {
        "subject": form.get("subject", ""),
        "category": form.get("category", ""),
        "priority": form.get("priority", ""),
        "text": lines(form, "text"),
        "document": form.get("document", ""),
        "line": number(form, "line"),
        "upload": upload_of(request),
    }


def form_context(request: TenantRequest, error: Refused | None) -> dict[str, Any]:
    """What the form shows: what was typed, else the document and line of the address."""
    given = request.POST or request.GET
    code = str(given.get("document", "")).replace("\0", "")
    return {
        "form": given,
        "error": error,
        "document_name": _named(request, code),
        "line_name": _line(request, code, number(given, "line")),
        "categories": Ticket.CATEGORIES,
        "priorities": Ticket.PRIORITIES,
    }


def _named(request: TenantRequest, code: str) -> str:
    """A document as its reader knows it: by its invoice number where it has one."""
    if not code:
        return ""
    seen = _seen(request).filter(code=code)
    return seen.values_list("invoice_number", flat=True).first() or code


def _line(request: TenantRequest, code: str, position: int | None) -> str:
    """What a line is for, empty where there is none such."""
    if position is None:
        return ""
    lines = DocumentLine.objects.filter(
        reseller=request.reseller,
        document__in=_seen(request).filter(code=code),
        position=position,
    )
    return " ".join(lines.values_list("service", "description").first() or ())


def _seen(request: TenantRequest) -> documents.Documents:
    reseller_id, customer_id = request.reseller.pk, request.membership.customer_id
    if customer_id:
        return documents.for_customer(reseller_id, customer_id)
    return documents.visible(reseller_id)


def file_of(request: TenantRequest, ticket: Ticket, message_id: int) -> HttpResponse:
    """A message's file, always to be saved and never shown: it is a stranger's.

    One that is lost, or not as it came, is not handed out: a page says so.
    """
    for message in reading.thread(ticket):
        if message.pk == message_id and message.file_path:
            data = _as_it_came(message)
            if data is None:
                return render(request, "file_lost.html", {"name": message.file_name}, status=404)
            answer = HttpResponse(data, content_type="application/octet-stream")
            answer["X-Content-Type-Options"] = "nosniff"
            return as_file(answer, message.file_name)
    raise Http404("no such file")


def _as_it_came(message: TicketMessage) -> bytes | None:
    try:
        data = file_store().read_bytes(message.file_path)
    except OSError as error:
        log.error("a ticket's file cannot be read", key=message.file_path, error=repr(error))
        return None
    if hashlib.sha256(data).hexdigest() == message.file_hash:
        return data
    log.error("a ticket's file is not as it came", key=message.file_path)
    return None
