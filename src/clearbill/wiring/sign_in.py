"""Sign-in: what allauth asks us, and where one lands afterwards."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from clearbill.records.models import Membership
from clearbill.rules.access import Role
from clearbill.web.permissions import public


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: staff are added by an owner, portal users by staff."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


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
    return redirect(f"/{door}/{membership.reseller.slug}/")


@public("it is closed to everybody")
def closed(request: HttpRequest) -> HttpResponse:
    """Pages of the sign-in library that have no place here."""
    raise Http404("closed")
