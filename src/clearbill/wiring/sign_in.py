"""Sign-in: what allauth asks us, and where one lands afterwards."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.views import PasswordResetView
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from clearbill.actions.people import ask_for_reset
from clearbill.queries.people import second_factor as has_second_factor
from clearbill.records.models import Membership, User
from clearbill.rules.access import STAFF, Role
from clearbill.web.permissions import public
from clearbill.wiring.branding import door_of


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: staff are added by an owner, portal users by staff."""

    # The same words whether the address is known here or not.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "Address and password do not fit together. Check both, or choose “Forgot your"
            " password?” below."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # Not by the host too: whoever asks for it under another port each time would be counted
        # anew, and two web servers would count each for itself.
        return str(credentials.get("email") or credentials.get("username") or "").lower()

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        # A letter of ours: sent by the worker, so that a known address answers as fast as an
        # unknown one, and with a link that is made when it is sent.
        ask_for_reset(user_id=user.pk)


class AskForReset(PasswordResetView):  # type: ignore[misc]
    """*Forgot your password?*, which keeps on its way whose portal one was going to.

    As `way` and not as `next`: with that one would be sent there at once, and read nothing of the
    mail.
    """

    def get_success_url(self) -> str:
        way = self.request.POST.get("way", "")
        found = door_of(way)
        return f"{self.success_url}?{urlencode({'way': way})}" if found else str(self.success_url)


ask_for_reset_page = public("it is how one gets in again")(AskForReset.as_view())


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
