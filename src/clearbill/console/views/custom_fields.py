"""Settings, Custom fields: which fields documents have beside the standard ones."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from clearbill.actions.common import Refused
from clearbill.actions.custom_fields import add_field, change_field
from clearbill.queries.custom_fields import drafts_held_back
from clearbill.records.models import CustomField
from clearbill.rules.access import allowed, require
from clearbill.rules.custom_fields import KINDS
from clearbill.web.actor import actor_of
from clearbill.web.forms import lines, number
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest, permission


@permission("settings.read")
def index(request: TenantRequest, slug: str) -> HttpResponse:
    """The fields in their order, each with its form, and the form that adds one."""
    if request.method != "POST":
        return _page(request)
    require(request.membership.role, "settings.edit")
    try:
        if request.POST.get("form") == "change":
            _change(request)
        else:
            _add(request)
    except Refused as error:
        return _page(request, error)
    return redirect("console:settings-fields", slug)


def _given(request: TenantRequest) -> dict[str, Any]:
    form = request.POST
    return {
        "name": form.get("name", ""),
        "choices": lines(form, "choices").splitlines(),
        **{flag: flag in form for flag in ("required", "printed", "visible")},
    }


def _add(request: TenantRequest) -> None:
    made = add_field(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        kind=request.POST.get("kind", ""),
        **_given(request),
    )
    messages.success(request, _("%(field)s: drafts have it from now on.", field=made.name))
    _say_held_back(request, made)


def _change(request: TenantRequest) -> None:
    changed = change_field(
        reseller_id=request.reseller.pk,
        actor=actor_of(request),
        field_id=number(request.POST, "field") or 0,
        active="active" in request.POST,
        position=number(request.POST, "position"),
        **_given(request),
    )
    messages.success(
        request,
        _("%(field)s is changed. Published documents keep what they froze.", field=changed.name),
    )
    _say_held_back(request, changed)


def _say_held_back(request: TenantRequest, field: CustomField) -> None:
    count = drafts_held_back(field)
    if count:
        words = ngettext(
            "%(count)s draft cannot be published until %(field)s is filled in on its page.",
            "%(count)s drafts cannot be published until %(field)s is filled in on their pages.",
            count,
        )
        messages.warning(request, words % {"count": f"{count:,}", "field": field.name})


def _page(request: TenantRequest, error: Refused | None = None) -> HttpResponse:
    context = {
        "fields": CustomField.objects.filter(reseller=request.reseller).order_by(
            "-active", "position", "pk"
        ),
        "kinds": KINDS,
        "error": error,
        "form": request.POST,
        "may_edit": allowed(request.membership.role, "settings.edit"),
    }
    return render(request, "console/custom_fields.html", context, status=422 if error else 200)
