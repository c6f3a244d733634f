"""What the document screen shows, gathered once for the page and for its dialogs.

Four queries: the document, its lines, the trail with its e-mails, and everything around it.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clearbill.console.status_words import early_due, what_follows
from clearbill.paper import downloads
from clearbill.paper.fonts import more_folders
from clearbill.paper.pdf import unprintable
from clearbill.queries import canonical
from clearbill.queries.custom_fields import missing_required
from clearbill.queries.mail_templates import kind_again, kind_for
from clearbill.queries.surroundings import Surroundings, surroundings, trail
from clearbill.records import clock
from clearbill.records.models import Document
from clearbill.rules import access, lifecycle
from clearbill.rules.charge_types import CHARGE_TYPES, charge_of
from clearbill.rules.lifecycle import KIND_NAMES, LIVE, SEEN_BY_CUSTOMER, Kind, Status
from clearbill.rules.money import to_minor_units, total
from clearbill.rules.publication import why_not_due, why_not_published
from clearbill.rules.text import capital
from clearbill.web.currency import choice, document_day, shown_in
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest

BAR = [Status.DRAFT.value, Status.OPEN.value, Status.CLOSED.value, Status.PAST_DUE.value]
"""What the bar below a draft offers, in the reference's order."""


def page_context(request: TenantRequest, document: Document) -> dict[str, Any]:
    """Everything that the screen and its dialogs need; `document` with its parties loaded."""
    status = Status(document.status)
    day = document_day(document, clock.today(request.reseller.time_zone))
    way_back = _way_back(request, document)
    around = surroundings(document, day, in_run=way_back["back"] == _run_page(request, document))
    parties = canonical.Parties(request.reseller, around.settings, around.fields, around.mails_off)
    content = _content(document, parties)
    events, mails = trail(document)
    role = request.membership.role
    currencies = choice(
        document,
        around.quotes,
        around.settings.currencies,
        day=day,
        asked=request.GET.get("currency", ""),
    )
    return {
        "document": document,
        "content": shown_in(content, currencies.rate) if currencies.rate else content,
        "payable": content["total"],
        "currencies": currencies,
        **_editing(document, around, role, clock.today(request.reseller.time_zone)),
        "kind_name": KIND_NAMES[Kind(document.kind)],
        **_verbs(document, content, role),
        **_cost(content, role),
        **_mails(document, parties),
        "unknown_charges": _unknown_charges(content),
        "own_lines": [line for s in content["sections"] if s["own"] for line in s["lines"]],
        "unprintable": _unprintable(content) if status is Status.DRAFT else [],
        "lacking": canonical.missing_for_tax_invoice(content) if status is Status.DRAFT else [],
        "events": events if access.allowed(role, "documents.read_trail") else [],
        "mails": mails,
        "replaced_by": around.replaced_by,
        "place": around.place if status in LIVE and around.place.count else None,
        "recipients": around.recipients,
        "previous_total": around.previous_total,
        "extension": _extension(request, content),
        **_warned(request, document, content),
        "today": clock.today(request.reseller.time_zone),
        **way_back,
        "form": {},
        "error": "",
        "error_field": "",
        "to": "",
    }


def _content(document: Document, parties: canonical.Parties) -> dict[str, Any]:
    if document.frozen is not None:
        return canonical.of(document)
    return canonical.build(document, canonical.lines_of(document), parties, None)


def _verbs(document: Document, content: dict[str, Any], role: str) -> dict[str, Any]:
    """What may be done, and why not what may not: a disabled control says its reason."""
    status, kind = Status(document.status), Kind(document.kind)
    may_change = access.allowed(role, "documents.change_status")
    may_discard = access.allowed(role, "documents.discard")
    return {
        "bar": BAR,
        "next_statuses": [each.value for each in lifecycle.next_statuses(status, kind)],
        "why_no_change": lifecycle.why_no_change(status)
        or ("" if may_change else _("The role %(role)s may not change a status", role=role)),
        "why_no_discard": lifecycle.why_no_discard(status, kind)
        or ("" if may_discard else _("The role %(role)s may not discard", role=role)),
        "why_no_detail": why_no_detail(document, content),
        "may_resend": status in SEEN_BY_CUSTOMER and access.allowed(role, "documents.resend"),
    }


def _editing(document: Document, around: Surroundings, role: str, today: date) -> dict[str, Any]:
    """What staff may add to a draft, fields, a note, lines of their own; and what it lacks."""
    may_edit = document.status == Status.DRAFT and access.allowed(role, "documents.edit")
    values = document.custom_fields
    return {
        "may_edit": may_edit,
        "fields": [{**f, "value": values.get(str(f["id"]), "")} for f in around.fields],
        "missing": missing_required(values, around.fields) if may_edit else [],
        "held_back": _held_back(document, today) if document.status == Status.DRAFT else [],
        "charge_types": CHARGE_TYPES,
    }


def _held_back(document: Document, today: date) -> list[tuple[str, str]]:
    """What holds publication back beside missing fields, with the field of the page that mends it;
    a stale draft asks by a box of its own."""
    due = why_not_due(document.due_date, today)
    published = why_not_published(
        kind=Kind(document.kind), total=document.total, stale="", as_it_stands=True, missing=()
    )
    found = [(due, "id_due_date"), (published, "")]
    return [(capital(words), field) for words, field in found if words]


def _cost(content: dict[str, Any], role: str) -> dict[str, Any]:
    """Cost and margin as they are shown, for roles that see them: the three add up."""
    if not access.allowed(role, "documents.read_cost"):
        return {"sees_cost": False, "cost": None, "margin_total": None}
    lines = [line for section in content["sections"] for line in section["lines"]]
    cost = total([Decimal(line["cost_converted"]) for line in lines])
    shown = to_minor_units(cost, content["currency"])
    margin = Decimal(content["subtotal"]) - shown
    return {"sees_cost": True, "cost": shown, "margin_total": margin}


def why_no_detail(document: Document, content: dict[str, Any]) -> str:
    """Why there is no Detailed CSV, empty where there is one."""
    if downloads.has_usage_rows(document, content):
        return ""
    return _("It has no usage rows")


def _mails(document: Document, parties: canonical.Parties) -> dict[str, str]:
    """Why a change is not mailed, and why the last mail is not sent again."""
    kind = kind_for(publishes=document.status == Status.DRAFT)
    change = parties.why_no_mail(document, kind)
    again = parties.why_no_mail(document, kind_again(document.status))
    return {"why_no_mail": _sentence(change), "why_no_resend": _sentence(again)}


def _sentence(reason: str) -> str:
    return _("No mail: %(reason)s", reason=reason) if reason else ""


def _warned(request: TenantRequest, document: Document, content: dict[str, Any]) -> dict[str, Any]:
    """What the dialogs say before the change."""
    ends = lifecycle.next_statuses(Status(document.status), Kind(document.kind))
    today = clock.today(request.reseller.time_zone)
    return {
        "follows": what_follows(document, ends),
        "early": early_due(document, content["terms_days"], today),
    }


def _extension(request: TenantRequest, content: dict[str, Any]) -> str:
    """The due date that Past Due → Open proposes: today and the customer's terms."""
    today = clock.today(request.reseller.time_zone)
    return (today + timedelta(days=content["terms_days"])).isoformat()


def _way_back(request: TenantRequest, document: Document) -> dict[str, str]:
    """Where one came from, if it is a page of this console; else the customer's table."""
    back = request.GET.get("back") or request.POST.get("back") or ""
    slug = request.reseller.slug
    own = reverse("console:invoices", args=[slug])
    if not (back.startswith(own) and url_has_allowed_host_and_scheme(back, allowed_hosts=None)):
        table = reverse("console:customer-invoices", args=[slug, document.customer_id])
        return {"back": "", "back_url": table}
    return {"back": back, "back_url": back}


def _run_page(request: TenantRequest, document: Document) -> str | None:
    """The page of the run that made the document, None where none did."""
    if document.run_id is None:
        return None
    return reverse("console:run", args=[request.reseller.slug, document.run_id])


def _unknown_charges(content: dict[str, Any]) -> list[str]:
    """The provider's charge words that nobody knows here, kept as Adjustment on some line."""
    words = {
        word
        for section in content["sections"]
        for line in section["lines"]
        if line["charge_type"] == "Adjustment" and not line["own"]
        for word in line["provider_charge"].split(", ")
    }
    return sorted(word for word in words if not charge_of(*_parts(word)).known)


def _unprintable(content: dict[str, Any]) -> list[str]:
    return unprintable(content, font_folders=more_folders())


def _parts(word: str) -> tuple[str, str | None]:
    category, _, frequency = word.partition("/")
    return category, frequency or None
