"""Settings, Taxes: what there is to charge."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.taxes import add_tax, restore_tax, retire_tax
from clearbill.queries.taxes import with_customers
from clearbill.rules.access import allowed, require
from clearbill.rules.canonical import plain
from clearbill.rules.tax import CATEGORIES
from clearbill.web.actor import actor_of
from clearbill.web.forms import number
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission


@permission("settings.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """The taxes, the form that adds one, and what takes one out of use."""
    if request.method != "POST":
        return _page(request)
    require(request.membership.role, "settings.edit")
    forms = {"retire": _retire, "restore": _restore}
    try:
        forms.get(request.POST.get("form", ""), _add)(request)
    except Refused as error:
        return _page(request, error)
    return redirect("console:settings-taxes", slug)


def _add(request: TenantRequest) -> None:
    names = ("name", "category", "percent", "reason")
    made = add_tax(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        **{name: request.POST.get(name, "") for name in names},
    )
    messages.success(
        request,
        _(
            "%(tax)s, %(percent)s %%: choose it on the customers that pay it.",
            tax=made.name,
            percent=plain(made.percent),
        ),
    )


def _retire(request: TenantRequest) -> None:
    retire_tax(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        tax_id=number(request.POST, "tax") or 0,
    )
    messages.success(request, _("Retired. Documents that carry it keep it."))


def _restore(request: TenantRequest) -> None:
    restore_tax(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        tax_id=number(request.POST, "tax") or 0,
    )
    messages.success(request, _("Back in use."))


def _page(request: TenantRequest, error: Refused | None = None) -> HttpResponse:
    context = {
        "taxes": with_customers(request.reseller.pk),
        "categories": CATEGORIES,
        "error": error,
        "form": request.POST,
        "may_edit": allowed(request.membership.role, "settings.edit"),
    }
    return render(request, "console/taxes.html", context, status=422 if error else 200)
