"""Unassigned: accounts that wait for a customer, and whose the others are."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clearbill.actions import accounts as actions
from clearbill.actions.common import Refused
from clearbill.actions.customers import add_customer
from clearbill.queries.accounts import accounts, late_usage, usage_of
from clearbill.queries.alphabet import by_name
from clearbill.records import tenancy
from clearbill.records.models import Assignment, Customer, ProviderAccount
from clearbill.rules.access import allowed
from clearbill.rules.periods import shown_date
from clearbill.web.actor import actor_of
from clearbill.web.forms import day, number
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import account_or_404
from clearbill.web.permissions import TenantRequest, permission


@permission("accounts.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """Accounts without a customer first; `?all=1` shows every account, `?late=1` what came late."""
    if request.GET.get("late") == "1":
        return _late(request)
    every = request.GET.get("all") == "1"
    context = {
        "accounts": accounts(request.reseller.pk, unassigned=not every),
        "every": every,
        "may_assign": allowed(request.membership.role, "accounts.assign"),
        "sees_cost": allowed(request.membership.role, "usage.read"),
    }
    return render(request, "console/unassigned.html", context)


def _late(request: TenantRequest) -> HttpResponse:
    context = {
        "late": late_usage(request.reseller.pk),
        "sees_cost": allowed(request.membership.role, "usage.read"),
    }
    return render(request, "console/late_usage.html", context)


@permission("accounts.assign")
def assign(request: TenantRequest, slug: str) -> HttpResponse:
    """Give one account to a customer, which may be made on the spot by its name."""
    if request.method != "POST":
        if "account" not in request.GET:
            return redirect("console:unassigned", slug)
        return _page(request, account_or_404(request, request.GET), {})
    account = account_or_404(request, request.POST)
    try:
        done = _assign(request, account)
    except Refused as error:
        return _page(request, account, request.POST, error)
    messages.success(
        request,
        _(
            "%(account)s is %(customer)s's from %(day)s. Next: drafts that it changes are on the"
            " Overview as stale drafts; what has no draft yet is billed by Generate. Usage of"
            " months that are published already is under Late usage.",
            account=done.account,
            customer=done.customer,
            day=shown_date(done.valid_from),
        ),
    )
    return redirect("console:unassigned", slug)


def _assign(request: TenantRequest, account: ProviderAccount) -> actions.Assigned:
    # One transaction: a refused assignment leaves no new customer behind.
    with tenancy.transaction(request.reseller.pk):
        return actions.assign_account(
            reseller_id=request.reseller.pk,
            actor=actor_of(request),
            provider=account.provider.code,
            account=account.account,
            customer_id=_customer(request),
            valid_from=day(request.POST, "valid_from"),
        )


def _customer(request: TenantRequest) -> int:
    chosen = number(request.POST, "customer")
    if chosen is not None:
        return chosen
    name = request.POST.get("name", "").strip()
    if not name:
        raise Refused("Choose a customer, or write the name of a new one.", field="customer")
    made = add_customer(reseller_id=request.reseller.pk, actor=actor_of(request), name=name)
    return made.pk


def _page(
    request: TenantRequest,
    account: ProviderAccount,
    form: Mapping[str, Any],
    error: Refused | None = None,
) -> HttpResponse:
    reseller = request.reseller
    first_period, unbilled = usage_of(account)
    history = Assignment.objects.filter(reseller=reseller, account=account)
    context = {
        "account": account,
        "history": list(history.select_related("customer").order_by("-valid_from")),
        "first_period": first_period,
        "unbilled": unbilled if allowed(request.membership.role, "usage.read") else [],
        "customers": by_name(Customer.objects.filter(reseller=reseller)),
        "form": form,
        "error": error,
    }
    return render(request, "console/assign.html", context, status=422 if error else 200)


@permission("accounts.assign")
def assign_all(request: TenantRequest, slug: str) -> HttpResponse:
    """One new customer of each waiting account, after a confirmation that counts them."""
    if request.method != "POST":
        waiting = [a for a in accounts(request.reseller.pk, unassigned=True) if not a.customer_id]
        return render(request, "console/assign_all.html", {"waiting": waiting})
    made = actions.assign_all(reseller_id=request.reseller.pk, actor=actor_of(request))
    words = ngettext(
        "%(count)s customer made, one of each account.",
        "%(count)s customers made, one of each account.",
        len(made),
    )
    messages.success(request, words % {"count": f"{len(made):,}"})
    return redirect("console:unassigned", slug)


@require_POST
@permission("accounts.assign")
def unassign(request: TenantRequest, slug: str) -> HttpResponse:
    """Take an account from its customer, whole or from a day on."""
    account = account_or_404(request, request.POST)
    try:
        _unassign(request, account, day(request.POST, "until"))
    except Refused as error:
        return _page(request, account, request.POST, error)
    messages.success(
        request, _("%(account)s is taken away from its customer.", account=account.account)
    )
    return redirect("console:unassigned", slug)


def _unassign(request: TenantRequest, account: ProviderAccount, until: date | None) -> None:
    actions.unassign_account(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        provider=account.provider.code,
        account=account.account,
        valid_from=until,
    )
