"""Tickets: the customers' queue, and staff's own to the operator."""

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.tickets import (
    answer_ticket,
    close_ticket,
    open_ticket,
    reopen_ticket,
    reply_to_ticket,
)
from clearbill.queries import tickets as reading
from clearbill.records.models import Ticket
from clearbill.rules.access import allowed
from clearbill.web.actor import actor_of
from clearbill.web.forms import lines
from clearbill.web.jinja import translated as _
from clearbill.web.paging import page_of
from clearbill.web.permissions import TenantRequest, permission
from clearbill.web.tickets import asked, file_of, form_context, upload_of

_ORDER = ("-updated_at", "-id")


@permission("tickets.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """What customers asked, by state."""
    return _list(request, "tickets", _("Tickets of customers"))


@permission("tickets.ask_operator")
def mine(request: TenantRequest, slug: str) -> HttpResponse:
    """What one asked the operator oneself."""
    return _list(request, "my-tickets", _("My tickets"))


def _list(request: TenantRequest, address: str, title: str) -> HttpResponse:
    reseller_id = request.reseller.pk
    tickets = (
        reading.queue(reseller_id)
        if address == "tickets"
        else reading.of_staff(reseller_id, cast(int, request.user.pk))
    )
    counts = reading.counts(tickets)
    state = request.GET.get("state", "")
    shown = tickets.filter(state=state) if state in counts else tickets
    context = {
        "address": address,
        "title": title,
        "counts": counts,
        "state": state if state in counts else "",
        "page": page_of(shown, _ORDER, request.GET.get("after")),
    }
    return render(request, "console/tickets.html", context)


@permission("tickets.ask_operator")
def new(request: TenantRequest, slug: str) -> HttpResponse:
    """*Submit a ticket*: staff ask the operator of the installation."""
    error: Refused | None = None
    if request.method == "POST":
        try:
            ticket = open_ticket(
                reseller_id=request.reseller.pk,
                actor=actor_of(request),
                user_id=cast(int, request.user.pk),
                **asked(request),
            )
        except Refused as refused:
            error = refused
        else:
            messages.success(request, _("%(ticket)s is submitted.", ticket=ticket.code))
            return redirect("console:ticket", slug, ticket.code)
    context = {
        **form_context(request, error),
        "operator": bool(settings.CLEARBILL_OPERATOR_MAIL),
    }
    return render(request, "console/ticket_new.html", context, status=422 if error else 200)


@permission("tickets.read")
def show(request: TenantRequest, slug: str, ticket: str) -> HttpResponse:
    """One thread; a POST answers, says more, closes or reopens."""
    found = _load(request, ticket)
    own = found.queue == Ticket.OPERATOR
    error: Refused | None = None
    if request.method == "POST":
        try:
            messages.success(request, _act(request, found, own=own))
            return redirect("console:ticket", slug, found.code)
        except Refused as refused:
            error = refused
    context = {
        "ticket": found,
        "thread": reading.thread(found),
        "own": own,
        "may_answer": own or allowed(request.membership.role, "tickets.answer"),
        "error": error,
        "form": request.POST,
    }
    return render(request, "console/ticket.html", context, status=422 if error else 200)


def _act(request: TenantRequest, ticket: Ticket, *, own: bool) -> str:
    given: dict[str, Any] = {
        "reseller_id": request.reseller.pk,
        "actor": actor_of(request),
        "ticket": ticket.code,
    }
    what = request.POST.get("what", "")
    if what == "close":
        close_ticket(**given)
        return _("%(ticket)s is closed.", ticket=ticket.code)
    if what == "reopen":
        reopen_ticket(**given)
        return _("%(ticket)s is open again.", ticket=ticket.code)
    text, upload = lines(request.POST, "text"), upload_of(request)
    if own:
        reply_to_ticket(text=text, upload=upload, **given)
        return _("Added.")
    if answer_ticket(text=text, upload=upload, **given):
        return _("Answered; a mail goes out to %(person)s.", person=ticket.who)
    return _("Answered, without a mail: %(person)s has no access any more.", person=ticket.who)


@permission("tickets.read")
def file(request: TenantRequest, slug: str, ticket: str, message_id: int) -> HttpResponse:
    """A message's file, as a download."""
    return file_of(request, _load(request, ticket), message_id)


def _load(request: TenantRequest, code: str) -> Ticket:
    """A customer's ticket, or one's own to the operator."""
    found = (
        Ticket.objects.filter(reseller=request.reseller, code=code)
        .select_related("customer", "document", "opened_by")
        .first()
    )
    foreign = found and found.queue == Ticket.OPERATOR and found.opened_by_id != request.user.pk
    if found is None or foreign:
        raise Http404("no such ticket")
    return found
