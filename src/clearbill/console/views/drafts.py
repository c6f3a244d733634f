"""What a draft allows before it is published: dates, fields, a note, own lines, refresh."""

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clearbill.actions.change_status import Result
from clearbill.actions.common import Refused
from clearbill.actions.edit_draft import KEEP, change_draft
from clearbill.actions.own_lines import add_own_line, remove_own_line
from clearbill.actions.refresh import Seen, refresh_drafts
from clearbill.console.document_page import page_context
from clearbill.console.views.documents import back_to, version_of
from clearbill.queries import refresh as reading
from clearbill.queries.refresh import NoRate, difference
from clearbill.records import clock
from clearbill.records.models import Document
from clearbill.rules.access import allowed
from clearbill.rules.lifecycle import Status
from clearbill.rules.pricing import TooLarge
from clearbill.web.actor import actor_of
from clearbill.web.forms import day, field_values, lines
from clearbill.web.jinja import said
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import document_or_404
from clearbill.web.permissions import TenantRequest, permission


def _edited(
    request: TenantRequest, code: str, done: str, verb: Callable[[dict[str, Any]], object]
) -> HttpResponse:
    """Call a verb with what all of them take; back to the document, its form kept on a refusal."""
    document = document_or_404(request, code)
    try:
        verb(
            {
                "reseller_id": request.reseller.pk,
                "actor": actor_of(request),
                "document": code,
                "expected": version_of(request.POST.get("version", "")),
            }
        )
    except Refused as error:
        context = page_context(request, document)
        context |= {"edit_error": error.message, "edit_field": error.field, "edited": request.POST}
        return render(request, "console/document.html", context, status=422)
    messages.success(request, done)
    return back_to(request, document)


@require_POST
@permission("documents.edit")
def edit(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """What staff give a draft: due date, purchase order, custom fields and note, in one go."""
    form = request.POST
    noted = "note" in form
    return _edited(
        request,
        code,
        _("The draft is saved."),
        lambda given: change_draft(
            due_date=day(form, "due_date") if "due_date" in form else KEEP,
            purchase_order=form.get("purchase_order"),
            fields=field_values(form),
            note=lines(form, "note") if noted else None,
            note_printed="note_printed" in form if noted else None,
            **given,
        ),
    )


@require_POST
@permission("documents.edit")
def add_line(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """A line of staff's own."""
    form: dict[str, Any] = {
        name: request.POST.get(name, "") for name in ("text", "amount", "charge_type")
    }
    return _edited(
        request, code, _("The line is added."), lambda given: add_own_line(**form, **given)
    )


@require_POST
@permission("documents.edit")
def remove_line(request: TenantRequest, slug: str, code: str, position: int) -> HttpResponse:
    """Take one of them off again."""
    return _edited(
        request,
        code,
        _("The line is removed."),
        lambda given: remove_own_line(position=position, **given),
    )


@permission("documents.edit")
def refresh(request: TenantRequest, slug: str, code: str) -> HttpResponse:
    """The difference that a refresh makes, line by line; a POST carries out the one shown."""
    document = document_or_404(request, code)
    error = ""
    if request.method == "POST":
        result = refresh_drafts(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            documents=[code],
            seen={code: _seen(request.POST.get("version", ""), request.POST.get("after", ""))},
        )[0]
        if not result.refused:
            _say(request, [result])
            return back_to(request, document)
        error = result.refused
    return _difference(request, document_or_404(request, code), error)


def _seen(version: str, after: str) -> Seen:
    """What a form was made of; one without a subtotal promises none, and so is refused."""
    try:
        subtotal = Decimal(after)
    except InvalidOperation:
        subtotal = Decimal("NaN")
    return Seen(version_of(version), subtotal)


def _say(request: TenantRequest, results: Sequence[Result]) -> None:
    for result in results:
        for words in [result.refused, *result.warnings]:
            if words:
                messages.warning(request, f"{result.document}: {said(words)}.")
    done = [result.document for result in results if result.changed and not result.warnings]
    if done:
        words = ngettext(
            "%(draft)s holds its usage and prices as they are now.",
            "%(count)s drafts hold their usage and prices as they are now.",
            len(done),
        )
        messages.success(request, words % {"draft": done[0], "count": len(done)})


def _difference(request: TenantRequest, document: Document, error: str) -> HttpResponse:
    context: dict[str, Any] = {"document": document, "error": error, "difference": None}
    context["back"] = request.GET.get("back") or request.POST.get("back") or ""
    if document.status == Status.DRAFT:
        try:
            context["difference"] = difference(document, clock.today(request.reseller.time_zone))
        except NoRate as missing:
            context["error"] = _("%(missing)s: add one in Settings, Currencies.", missing=missing)
        except (TooLarge, FileNotFoundError) as broken:
            context["error"] = _("It cannot be computed anew: %(broken)s.", broken=broken)
    else:
        context["error"] = _(
            "%(document)s is %(status)s: only a draft is computed anew.",
            document=document.code,
            status=_(document.status),
        )
    return render(request, "console/refresh.html", context, status=422 if error else 200)


AT_ONCE = 100
"""Drafts refreshed by one click: what a browser waits for. The command line takes them all."""


@permission("documents.read")
def stale(request: TenantRequest, slug: str) -> HttpResponse:
    """Drafts that do not hold their usage and prices as they are now, with what each would come
    to; a POST refreshes those that were listed."""
    if request.method == "POST":
        _refresh_listed(request)
        return redirect("console:stale-drafts", slug)
    drafts = list(reading.stale_drafts(request.reseller.pk)[: AT_ONCE + 1])
    shown = drafts[:AT_ONCE]
    differences = reading.differences(shown, clock.today(request.reseller.time_zone))
    return render(
        request,
        "console/stale.html",
        {
            "drafts": shown,
            "before": reading.subtotals_now(shown),
            "differences": differences,
            "ready": [draft for draft in shown if differences[draft.pk] is not None],
            "more": len(drafts) > AT_ONCE,
            "may_edit": allowed(request.membership.role, "documents.edit"),
        },
    )


def _refresh_listed(request: TenantRequest) -> None:
    """Each row of the form is `CODE VERSION SUBTOTAL`, as it was shown."""
    rows = [row.split(" ") for row in request.POST.getlist("row")[:AT_ONCE]]
    seen = {row[0]: _seen(row[1], row[2]) for row in rows if len(row) == 3}
    results = refresh_drafts(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        documents=list(seen),
        seen=seen,
    )
    _say(request, results)
