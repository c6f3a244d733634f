"""The document screen, its two ways of changing a status, and DISCARD."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearbill.actions.change_status import Change, Result, change_status
from clearbill.actions.common import Refused
from clearbill.actions.discard_documents import discard_documents
from clearbill.actions.notify import resend_notification
from clearbill.console.document_page import page_context
from clearbill.queries.surroundings import failing_mails
from clearbill.records.models import Document
from clearbill.rules import lifecycle
from clearbill.rules.lifecycle import Kind, Status, parse_status
from clearbill.rules.text import capital
from clearbill.web.actor import actor_of
from clearbill.web.forms import day, whole
from clearbill.web.jinja import said
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import document_or_404
from clearbill.web.permissions import TenantRequest, permission


@permission("documents.read")
def show(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """One document with everything that may be done to it."""
    document = document_or_404(request, code)
    return render(request, "console/document.html", page_context(request, document))


@permission("documents.change_status")
def confirm(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """UPDATE STATUS below a draft: *Confirm status change* as a page of its own, without script."""
    document = document_or_404(request, code)
    if request.method == "POST":
        return _change(request, document, template="console/confirm_status.html")
    chosen = request.GET.get("to", "")
    if chosen in ("", Status.DRAFT):
        messages.warning(request, f"{_already(document)}.")
        return back_to(request, document)
    context = {**page_context(request, document), "to": chosen}
    return render(request, "console/confirm_status.html", context)


@permission("documents.change_status")
def update(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """UPDATE INVOICE STATUS: the dialog of that name as a page of its own, and its answer."""
    document = document_or_404(request, code)
    if request.method == "POST":
        return _change(request, document, template="console/update_status.html")
    return render(request, "console/update_status.html", page_context(request, document))


def _change(request: TenantRequest, document: Document, *, template: str) -> HttpResponse:
    failing = failing_mails(document)
    try:
        change = _asked(request, document)
        result = change_status(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            documents=[document.code],
            change=change,
        )[0]
    except Refused as error:
        return _again(request, document, template, error.message, error.field)
    if result.refused:
        return _again(request, document, template, result.refused, _field(result.refused))
    if not result.changed and change.expected[document.code] == document.version:
        return _again(request, document, template, f"{_already(document)}.", "to")
    _say(request, result, failing)
    return back_to(request, document)


def _already(document: Document) -> str:
    """What to do instead of choosing the status that the document has."""
    return capital(lifecycle.already(Status(document.status), Kind(document.kind)))


def _asked(request: TenantRequest, document: Document) -> Change:
    """The change that the form asks for. Raises `Refused` with the field at fault."""
    form = request.POST
    try:
        to = parse_status(form.get("to", ""))
    except ValueError:
        raise Refused("Choose a status.", field="to") from None
    return Change(
        to=to,
        reason=form.get("reason", ""),
        notify="notify" in form,
        issued=day(form, "issued") if document.status == Status.DRAFT else None,
        as_it_stands="as_it_stands" in form,
        due_extended_to=day(form, "due_extended_to")
        if document.status == Status.PAST_DUE and to is Status.OPEN
        else None,
        paid_on=day(form, "paid_on") if to is Status.CLOSED else None,
        payment_comment=form.get("payment_comment", "") if to is Status.CLOSED else "",
        expected={document.code: version_of(form.get("version", ""))},
    )


def version_of(text: str) -> int:
    """The version that a form was made of."""
    # A form without its version is a stale one: no document has version 0.
    return whole(text) or 0


def _field(refused: str) -> str:
    """The form field that a refusal is about, by the words of its rule; empty for what no field of
    the form mends, `missing` for fields of the draft."""
    for words, field in (
        ("needs a reason", "reason"),
        ("extended due date", "due_extended_to"),
        ("payment date", "paid_on"),
        ("issue date", "issued"),
        ("as it stands", "as_it_stands"),
        ("does not become", "to"),
        ("fill in first", "missing"),
    ):
        if words in refused:
            return field
    return ""


def _again(
    request: TenantRequest, document: Document, template: str, error: str, field: str
) -> HttpResponse:
    context = page_context(request, document)
    context |= {"error": error, "error_field": field, "form": request.POST}
    context["to"] = request.POST.get("to", "")
    return render(request, template, context, status=422)


def _say(request: TenantRequest, result: Result, failing: Mapping[str, str]) -> None:
    if not result.changed:
        # Sent twice, or somebody else was first: what was asked for is done.
        messages.info(
            request,
            _(
                "%(document)s is %(status)s already: nothing changed.",
                document=result.document,
                status=_(result.status),
            ),
        )
        return
    words = [
        _("%(document)s is now %(status)s.", document=result.document, status=_(result.status))
    ]
    if result.invoice_number and result.was == Status.DRAFT:
        words.append(_("Its invoice number is %(number)s.", number=result.invoice_number))
    if result.notified:
        words.append(_("A mail goes out to %(recipients)s.", recipients=", ".join(result.notified)))
    else:
        words.append(_("No mail goes out."))
    if result.status == Status.VOIDED:
        words.append(_("Its usage stays on the Overview until Generate bills it again."))
    messages.success(request, " ".join(words))
    for address in result.notified:
        if address in failing:
            messages.warning(
                request,
                _(
                    "The last e-mail to %(address)s failed. %(answer)s See below, under E-mails,"
                    " whether this one arrives.",
                    address=address,
                    answer=failing[address],
                ),
            )
    for warning in result.warnings:
        messages.warning(request, f"{result.document}: {said(warning)}.")


def back_to(request: TenantRequest, document: Document) -> HttpResponse:
    address = reverse("console:document", args=[request.reseller.slug, document.code])
    back = request.POST.get("back") or request.GET.get("back") or ""
    return redirect(f"{address}?{urlencode({'back': back})}" if back else address)


@permission("documents.discard")
def discard(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """DISCARD, after a confirmation that names document, customer and total."""
    document = document_or_404(request, code)
    context = page_context(request, document)
    if request.method != "POST":
        return render(request, "console/discard.html", context)
    result = discard_documents(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        documents=[code],
        expected={code: version_of(request.POST.get("version", ""))},
    )[0]
    if result.refused:
        return render(
            request, "console/discard.html", {**context, "error": result.refused}, status=422
        )
    messages.success(request, _("%(code)s is discarded; its usage can be billed again.", code=code))
    return redirect(context["back_url"])


@require_POST
@permission("documents.resend")
def resend(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """Mail the recipients again."""
    document = document_or_404(request, code)
    try:
        to = resend_notification(
            reseller_id=request.reseller.pk, actor=actor_of(request), document=code
        )
    except Refused as error:
        messages.error(request, said(error.message))
    else:
        messages.success(request, _("A mail goes out to %(recipients)s.", recipients=", ".join(to)))
    return back_to(request, document)
