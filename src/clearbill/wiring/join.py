"""The page behind an invitation's link: open to whoever holds it, and telling nobody else anything.

It stands with sign-in and not behind a door, since who opens it is no member yet.
"""

from typing import cast

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from clearbill.actions.common import Refused
from clearbill.actions.invitations import accept
from clearbill.queries.people import invitation_of, must_sign_in, reseller_of
from clearbill.records import tenancy
from clearbill.records.models import Invitation
from clearbill.rules.access import Role
from clearbill.web.permissions import public


@public("its link is signed, works once and ends with time")
@never_cache
def join(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show an invitation, and take the answer. Every link that opens nothing looks the same."""
    if not ratelimit.consume(request, action="join"):
        return cast(HttpResponse, ratelimit.respond_429(request))
    reseller = reseller_of(slug) if "\0" not in token else None
    if reseller is None:
        return _gone(request)
    with tenancy.using(reseller.pk):
        invitation = invitation_of(reseller.pk, token)
        if invitation is None:
            return _gone(request)
        if request.method != "POST":
            return _page(request, invitation)
        return _accept(request, invitation, token)


def _accept(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    signed_in = request.user if request.user.is_authenticated else None
    password = request.POST.get("password", "")
    try:
        user = accept(
            reseller_id=invitation.reseller_id,
            token=token,
            signed_in=signed_in,
            name=request.POST.get("name", ""),
            password=password,
        )
    except Refused as error:
        return _page(request, invitation, error)
    room = "portal" if invitation.role == Role.PORTAL else "console"
    door = f"/{room}/{invitation.reseller.slug}/"
    if signed_in is not None:
        return redirect(door)
    login = Login(user=user, email=user.email, redirect_url=door)
    return cast(HttpResponse, perform_password_login(request, {"email": user.email}, login))


def _page(
    request: HttpRequest, invitation: Invitation, error: Refused | None = None
) -> HttpResponse:
    signed_in = request.user if request.user.is_authenticated else None
    context = {
        "invitation": invitation,
        "customer": invitation.customer.name if invitation.customer_id else "",
        "signed_in": signed_in,
        "is_theirs": signed_in is not None and signed_in.email == invitation.email,
        "must_sign_in": signed_in is None and must_sign_in(invitation.email),
        "sign_in": f"{reverse('account_login')}?next={request.path}",
        "values": request.POST,
        "error": error,
    }
    return render(request, "join.html", context, status=422 if error else 200)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "join_gone.html", status=404)
