"""Support: a customer's questions to its reseller."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.tickets import close_ticket, open_ticket, reopen_ticket, reply_to_ticket
from clearbill.queries import tickets as reading
from clearbill.records.models import Ticket
from clearbill.web.actor import actor_of
from clearbill.web.forms import lines
from clearbill.web.jinja import translated as _
from clearbill.web.paging import page_of
from clearbill.web.permissions import TenantRequest, permission
from clearbill.web.tickets import asked, file_of, form_context, upload_of


def _customer(request: TenantRequest) -> int:
    if request.membership.customer_id is None:
        raise Http404("no customer")
    return request.membership.customer_id


@permission("portal.ask")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """*My tickets*, those of all people of this customer, by state."""
    tickets = reading.of_customer(request.reseller.pk, _customer(request))
    counts = reading.counts(tickets)
    state = request.GET.get("state", "")
    shown = tickets.filter(state=state) if state in counts else tickets
    context = {
        "counts": counts,
        "state": state if state in counts else "",
        "page": page_of(shown, ("-updated_at", "-id"), request.GET.get("after")),
    }
    return render(request, "portal/support.html", context)


@permission("portal.ask")
def new(request: TenantRequest, slug: str) -> HttpResponse:
    """*Submit a ticket*, about the document and line that the address names."""
    error: Refused | None = None
    if request.method == "POST":
        try:
            ticket = open_ticket(
                reseller_id=request.reseller.pk,
                actor=actor_of(request),
                user_id=cast(int, request.user.pk),
                customer_id=_customer(request),
                **asked(request),
            )
        except Refused as refused:
            error = refused
        else:
            messages.success(request, _("%(ticket)s is submitted.", ticket=ticket.code))
            return redirect("portal:ticket", slug, ticket.code)
    context = form_context(request, error)
    return render(request, "portal/ticket_new.html", context, status=422 if error else 200)


@permission("portal.ask")
def show(request: TenantRequest, slug: str, ticket: str) -> HttpResponse:
    """One thread; a POST says more, closes or reopens."""
    found = _load(request, ticket)
    error: Refused | None = None
    if request.method == "POST":
        try:
            _act(request, found)
            return redirect("portal:ticket", slug, found.code)
        except Refused as refused:
            error = refused
    context = {
        "ticket": found,
        "thread": reading.thread(found),
        "error": error,
        "form": request.POST,
    }
    return render(request, "portal/ticket.html", context, status=422 if error else 200)


def _act(request: TenantRequest, ticket: Ticket) -> None:
    given: dict[str, Any] = {
        "reseller_id": request.reseller.pk,
        "actor": actor_of(request),
        "ticket": ticket.code,
    }
    what = request.POST.get("what", "")
    if what == "close":
        close_ticket(**given)
    elif what == "reopen":
        reopen_ticket(**given)
    else:
        text = lines(request.POST, "text")
        reply_to_ticket(text=text, upload=upload_of(request), **given)


@permission("portal.ask")
def file(request: TenantRequest, slug: str, ticket: str, message_id: int) -> HttpResponse:
    """A message's file, as a download."""
    return file_of(request, _load(request, ticket), message_id)


def _load(request: TenantRequest, code: str) -> Ticket:
    found = (
        Ticket.objects.filter(reseller=request.reseller, customer_id=_customer(request), code=code)
        .select_related("document")
        .first()
    )
    if found is None:
        raise Http404("no such ticket")
    return found
