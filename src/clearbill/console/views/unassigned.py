"""Unassigned: accounts that wait for a customer, and whose the others are."""

from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from clearbill.actions import accounts as actions
from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer
from clearbill.queries.accounts import accounts
from clearbill.records.models import Customer
from clearbill.rules.access import allowed
from clearbill.web.actor import actor_of
from clearbill.web.permissions import TenantRequest, permission


@permission("accounts.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """Accounts without a customer first; `?all=1` shows every account."""
    every = request.GET.get("all") == "1"
    context = {
        "accounts": accounts(request.reseller.pk, unassigned=not every),
        "every": every,
        "customers": Customer.objects.filter(reseller=request.reseller).order_by("name"),
        "may_assign": allowed(request.membership.role, "accounts.assign"),
        "sees_cost": allowed(request.membership.role, "usage.read"),
    }
    return render(request, "console/unassigned.html", context)


@require_POST
@permission("accounts.assign")
def assign(request: TenantRequest, slug: str) -> HttpResponse:
    """Give one account to a customer, which may be made on the spot by its name."""
    form = request.POST
    try:
        done = actions.assign_account(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            provider=form.get("provider", ""),
            account=form.get("account", ""),
            customer_id=_customer(request),
            valid_from=_day(form.get("valid_from", "")),
        )
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{done.account} is {done.customer}'s from {done.valid_from}.")
    return _back(request)


def _customer(request: TenantRequest) -> int:
    chosen = request.POST.get("customer", "")
    if chosen.isdecimal():
        return int(chosen)
    name = request.POST.get("new_customer", "").strip()
    if not name:
        raise Refused("Choose a customer, or write the name of a new one.", field="customer")
    made = add_customer(reseller_id=request.reseller.pk, actor=actor_of(request), name=name)
    return made.pk


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(f"{text!r} is no date.", field="valid_from") from None


@permission("accounts.assign")
def assign_all(request: TenantRequest, slug: str) -> HttpResponse:
    """One new customer of each waiting account, after a confirmation that counts them."""
    if request.method != "POST":
        waiting = [a for a in accounts(request.reseller.pk, unassigned=True) if not a.customer_id]
        return render(request, "console/assign_all.html", {"waiting": waiting})
    made = actions.assign_all(reseller_id=request.reseller.pk, actor=actor_of(request))
    messages.success(request, f"{len(made)} customers made, one of each account.")
    return redirect("console:unassigned", slug)


@require_POST
@permission("accounts.assign")
def unassign(request: TenantRequest, slug: str) -> HttpResponse:
    """Take an account from its customer, whole or from a day on."""
    form = request.POST
    try:
        actions.unassign_account(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            provider=form.get("provider", ""),
            account=form.get("account", ""),
            valid_from=_day(form.get("valid_from", "")),
        )
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{form.get('account')} is assigned to nobody.")
    return _back(request)


def _back(request: TenantRequest) -> HttpResponse:
    response = redirect("console:unassigned", request.reseller.slug)
    if request.POST.get("all") == "1":
        response["Location"] += "?all=1"
    return response
