"""Users and Profile: a customer's own people, and what a person may change for itself."""

from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.common import Refused
from clearbill.actions.people import rename_oneself
from clearbill.queries import people as reading
from clearbill.records.models import User
from clearbill.web.actor import actor_of
from clearbill.web.people import act
from clearbill.web.permissions import TenantRequest, permission

LANGUAGES = {"en": "English", "de": "Deutsch"}
_A_YEAR = 365 * 24 * 3600


@permission("portal.read")
def users(request: TenantRequest, slug: str) -> HttpResponse:
    """The customer's people; its administrators change who they are."""
    customer_id = cast(int, request.membership.customer_id)
    error: Refused | None = None
    if request.method == "POST":
        try:
            messages.success(request, act(request, customer_id))
            return redirect("portal:users", slug)
        except Refused as refused:
            error = refused
    context = {
        "people": reading.people(request.reseller.pk, customer_id),
        "may_edit": request.membership.is_admin,
        "invited": request.POST.get("email", ""),
        "error": error,
    }
    return render(request, "portal/users.html", context, status=422 if error else 200)


@permission("portal.read")
def profile(request: TenantRequest, slug: str) -> HttpResponse:
    """Name, e-mail, language, and the ways to password, second factor and sessions."""
    if request.method != "POST":
        return _profile(request, cast(User, request.user).name)
    name = request.POST.get("name", "")
    try:
        rename_oneself(reseller_id=request.reseller.pk, actor=actor_of(request), name=name)
    except Refused as error:
        return _profile(request, name, error)
    answer = redirect("portal:profile", slug)
    language = request.POST.get("language", "")
    if language in LANGUAGES:
        answer.set_cookie(
            "language", language, max_age=_A_YEAR, samesite="Lax", secure=request.is_secure()
        )
    return answer


def _profile(request: TenantRequest, name: str, error: Refused | None = None) -> HttpResponse:
    context = {
        "name": name,
        "languages": LANGUAGES,
        "chosen": request.COOKIES.get("language", "en"),
        "error": error,
    }
    return render(request, "portal/profile.html", context, status=422 if error else 200)
