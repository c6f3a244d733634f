"""What the document screen shows, gathered once for the page and for its dialogs."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clearbill.paper import downloads
from clearbill.queries import canonical
from clearbill.queries import documents as reading
from clearbill.records import clock
from clearbill.records.models import Document
from clearbill.rules import access, lifecycle
from clearbill.rules.lifecycle import KIND_NAMES, SEEN_BY_CUSTOMER, Kind, Status
from clearbill.rules.money import total
from clearbill.web.permissions import TenantRequest

BAR = [Status.DRAFT.value, Status.OPEN.value, Status.CLOSED.value, Status.PAST_DUE.value]
"""What the bar below a draft offers, in the reference's order."""


def page_context(request: TenantRequest, document: Document) -> dict[str, Any]:
    """Everything that the screen and its dialogs need; `document` with its parties loaded."""
    status, kind = Status(document.status), Kind(document.kind)
    content = canonical.of(document)
    role = request.membership.role
    sees_cost = access.allowed(role, "documents.read_cost")
    may_change = access.allowed(role, "documents.change_status")
    return {
        "document": document,
        "content": content,
        "kind_name": KIND_NAMES[kind],
        "sees_cost": sees_cost,
        "cost": _cost(content) if sees_cost else None,
        "bar": BAR,
        "next_statuses": [s.value for s in lifecycle.next_statuses(status, kind)],
        "why_no_change": lifecycle.why_no_change(status)
        or ("" if may_change else f"The role {role} may not change a status"),
        "why_no_discard": lifecycle.why_no_discard(status, kind)
        or (
            "" if access.allowed(role, "documents.discard") else f"The role {role} may not discard"
        ),
        "why_no_mail": _why_no_mail(document),
        "why_no_detail": "" if downloads.has_usage_rows(document) else "It has no usage rows",
        "may_edit_due": status is Status.DRAFT and access.allowed(role, "documents.edit"),
        "may_resend": status in SEEN_BY_CUSTOMER and access.allowed(role, "documents.resend"),
        "lacking": canonical.missing_for_tax_invoice(content) if status is Status.DRAFT else [],
        "events": reading.history(document) if access.allowed(role, "documents.read_trail") else [],
        "deliveries": reading.deliveries(document),
        "replaced_by": reading.replaced_by(document),
        "place": reading.place_among_drafts(document),
        "previous_total": reading.previous_totals([document]).get(document.pk),
        "extension": _extension(request, content),
        "today": clock.today(request.reseller.time_zone),
        "back_url": _back_url(request, document),
        "back": request.GET.get("back") or request.POST.get("back") or "",
        "form": {},
        "error": "",
        "error_field": "",
        "to": "",
    }


def _cost(content: dict[str, Any]) -> Decimal:
    return total(
        [Decimal(line["cost"]) for section in content["sections"] for line in section["lines"]]
    )


def _why_no_mail(document: Document) -> str:
    if not document.profile.recipients:
        return "The customer has no recipient"
    if document.total == 0:
        return "A document that comes to 0.00 sends no mail"
    return ""


def _extension(request: TenantRequest, content: dict[str, Any]) -> str:
    """The due date that Past Due → Open proposes: today and the customer's terms."""
    today = clock.today(request.reseller.time_zone)
    return (today + timedelta(days=content["terms_days"])).isoformat()


def _back_url(request: TenantRequest, document: Document) -> str:
    """Where one came from, if it is a page of this console; else the customer's table."""
    back = request.GET.get("back") or request.POST.get("back") or ""
    own = reverse("console:invoices", args=[request.reseller.slug])
    if back.startswith(own) and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return reverse("console:customer-invoices", args=[request.reseller.slug, document.customer_id])
