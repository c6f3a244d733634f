"""Sign-in: what allauth asks us, and where one lands afterwards."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from clearbill.actions.people import ask_for_reset
from clearbill.queries.people import second_factor as has_second_factor
from clearbill.records.models import Membership, User
from clearbill.rules.access import STAFF, Role
from clearbill.web.permissions import public


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: staff are added by an owner, portal users by staff."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        # A letter of ours: sent by the worker, so that a known address answers as fast as an
        # unknown one, and with a link that is made when it is sent.
        ask_for_reset(user_id=user.pk)


@public("it asks for a session itself and only sends people on")
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Send a person on to the first door that is open; a person without one sees a 404."""
    membership = (
        Membership.objects.filter(user_id=request.user.pk or 0, state=Membership.ACTIVE)
        .select_related("reseller")
        .order_by("reseller__name", "pk")
        .first()
    )
    if membership is None:
        raise Http404("no active membership")
    door = "portal" if membership.role == Role.PORTAL else "console"
    return redirect(f"{door}:overview", membership.reseller.slug)


@public("it asks for a session itself; the console opens only behind it")
@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """Where staff of a reseller that asks for a second factor are led until they have one."""
    asking = Membership.objects.filter(
        user_id=request.user.pk or 0,
        state=Membership.ACTIVE,
        role__in=STAFF,
        reseller__mfa_required=True,
    ).annotate(has=has_second_factor("user_id"))
    names = list(
        asking.filter(has=False).order_by("reseller__name").values_list("reseller__name", flat=True)
    )
    return render(request, "second_factor.html", {"names": names}) if names else redirect("home")


@public("it is closed to everybody")
def closed(request: HttpRequest) -> HttpResponse:
    """Pages of the sign-in library that have no place here."""
    raise Http404("closed")
