"""Settings, Numbers: the kind of documents, and how invoice numbers are written."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.number_series import change_series
from clearbill.actions.resellers import change_reseller
from clearbill.queries.canonical import Parties
from clearbill.records.models import NumberSeries
from clearbill.rules.access import allowed, require
from clearbill.rules.lifecycle import KIND_NAMES
from clearbill.rules.numbering import invoice_number
from clearbill.web.actor import actor_of
from clearbill.web.forms import number
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission


@permission("settings.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """What the next documents are and are numbered; a POST changes one of the two."""
    if request.method != "POST":
        return _page(request)
    require(request.membership.role, "settings.edit")
    try:
        if request.POST.get("form") == "kind":
            _set_kind(request)
        else:
            _set_series(request)
    except Refused as error:
        return _page(request, error)
    return redirect("console:settings-numbers", slug)


def _set_kind(request: TenantRequest) -> None:
    change_reseller(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        kind=request.POST.get("kind", ""),
    )
    messages.success(request, _("Documents that are generated from now on are of this kind."))


def _set_series(request: TenantRequest) -> None:
    made = change_series(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        prefix=request.POST.get("prefix", ""),
        start=number(request.POST, "start") or 0,
    )
    following = invoice_number(made.prefix, made.last_number + 1)
    messages.success(request, _("The next invoice number is %(number)s.", number=following))


def _page(request: TenantRequest, error: Refused | None = None) -> HttpResponse:
    series = NumberSeries.objects.get(reseller=request.reseller, name=NumberSeries.INVOICES)
    context = {
        "kind": Parties.of(request.reseller.pk).settings.kind,
        "kinds": KIND_NAMES,
        "series": series,
        "following": invoice_number(series.prefix, series.last_number + 1),
        "error": error,
        "form": request.POST,
        "may_edit": allowed(request.membership.role, "settings.edit"),
    }
    return render(request, "console/number_series.html", context, status=422 if error else 200)
