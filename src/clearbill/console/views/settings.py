"""Settings: what the reseller prints, and where its portal is."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.resellers import change_reseller
from clearbill.records.models import Membership, NumberSeries, ResellerSettings
from clearbill.rules.access import Role, allowed, require
from clearbill.rules.lifecycle import KIND_NAMES, Kind
from clearbill.web.actor import actor_of
from clearbill.web.forms import lines, number_of_days
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission

TEXTS = ("legal_name", "address", "tax_id", "bank_details", "legal_text")


@permission("settings.read")
def edit(request: TenantRequest, slug: str) -> HttpResponse:
    """The reseller's own data; published documents keep what they froze."""
    stored = ResellerSettings.objects.get(reseller=request.reseller)
    if request.method != "POST":
        return _page(request, stored, _values(request, stored))
    require(request.membership.role, "settings.edit")
    try:
        change_reseller(reseller_id=request.reseller.pk, actor=actor_of(request), **_given(request))
    except Refused as error:
        return _page(request, stored, request.POST, error)
    messages.success(request, _("Saved. Published documents keep what they froze."))
    return redirect("console:settings", slug)


def _given(request: TenantRequest) -> dict[str, Any]:
    form = request.POST
    terms = number_of_days(form, "terms_days")
    if terms is None:
        raise Refused("Terms are a number of days.", field="terms_days")
    return {
        "name": form.get("name", "").strip(),
        "time_zone": form.get("time_zone", "").strip(),
        **{name: lines(form, name) for name in TEXTS},
        "terms_days": terms,
        "zero_totals_publish_fully": "zero_totals_publish_fully" in form,
    }


def _values(request: TenantRequest, stored: ResellerSettings) -> dict[str, Any]:
    return {
        "name": request.reseller.name,
        "time_zone": request.reseller.time_zone,
        **{name: getattr(stored, name) for name in TEXTS},
        "terms_days": str(stored.terms_days),
        "zero_totals_publish_fully": stored.zero_totals_publish_fully,
    }


def _page(
    request: TenantRequest, stored: ResellerSettings, values: Any, error: Refused | None = None
) -> HttpResponse:
    role = request.membership.role
    staff = (
        Membership.objects.filter(reseller=request.reseller)
        .exclude(role=Role.PORTAL)
        .select_related("user")
        .order_by("user__email")
        if allowed(role, "users.read")
        else []
    )
    context = {
        "stored": stored,
        "series": NumberSeries.objects.get(reseller=request.reseller, name=NumberSeries.INVOICES),
        "kind_name": KIND_NAMES[Kind(stored.kind)],
        "values": values,
        "error": error,
        "staff": staff,
        "portal_url": f"{settings.CLEARBILL_URL}/portal/{request.reseller.slug}/",
        "may_edit": allowed(role, "settings.edit"),
    }
    return render(request, "console/settings.html", context, status=422 if error else 200)
