"""A customer's taxes, and what its next drafts have in the custom fields."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.custom_fields import set_customer_defaults
from clearbill.actions.taxes import set_customer_taxes
from clearbill.console.customer_billing import context, profile_of
from clearbill.records.models import Customer
from clearbill.rules.access import allowed, require
from clearbill.web.actor import actor_of
from clearbill.web.forms import field_values, whole
from clearbill.web.jinja import translated as _
from clearbill.web.loaders import customer_or_404
from clearbill.web.permissions import TenantRequest, permission


@permission("customers.read")
def edit(request: TenantRequest, slug: str, customer_id: int) -> HttpResponse:
    """Both forms; drafts follow new taxes at once, and keep the fields that they have."""
    customer = customer_or_404(request, customer_id)
    if request.method != "POST":
        return _page(request, customer)
    require(request.membership.role, "customers.edit")
    try:
        if request.POST.get("form") == "taxes":
            _set_taxes(request, customer)
        else:
            _set_defaults(request, customer)
    except Refused as error:
        return _page(request, customer, error)
    return redirect("console:customer-billing", slug, customer.pk)


def _chosen(request: TenantRequest) -> list[int]:
    return [whole(each) or 0 for each in request.POST.getlist("tax") if each.strip()]


def _set_taxes(request: TenantRequest, customer: Customer) -> None:
    changed = set_customer_taxes(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        customer_id=customer.pk,
        tax_ids=_chosen(request),
    )
    messages.success(
        request,
        _("The taxes are saved. Computed anew: %(drafts)s.", drafts=", ".join(changed))
        if changed
        else _("The taxes are saved."),
    )


def _set_defaults(request: TenantRequest, customer: Customer) -> None:
    set_customer_defaults(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        customer_id=customer.pk,
        values=field_values(request.POST),
    )
    messages.success(request, _("The next drafts begin with these values."))


def _page(request: TenantRequest, customer: Customer, error: Refused | None = None) -> HttpResponse:
    given: dict[str, Any] = {}
    if error is not None and request.POST.get("form") == "taxes":
        given = {"chosen": _chosen(request)}
    elif error is not None:
        given = {"given": request.POST}
    shown = {
        "customer": customer,
        "may_edit": allowed(request.membership.role, "customers.edit"),
        **context(profile_of(customer), error, **given),
    }
    return render(request, "console/customer_billing.html", shown, status=422 if error else 200)
