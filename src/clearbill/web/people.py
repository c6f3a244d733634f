"""What the forms of a list of people do: the same for staff, portal users and both doors."""

from collections.abc import Callable

from django.http import Http404
from django.utils.translation import gettext_noop as N_

from clearbill.actions import invitations, people
from clearbill.actions.common import Actor, Refused
from clearbill.queries.people import of_customer
from clearbill.records.models import Membership
from clearbill.web.actor import actor_of
from clearbill.web.jinja import translated as _
from clearbill.web.permissions import TenantRequest

Form = Callable[[TenantRequest, Actor, int | None], str]


def act(request: TenantRequest, customer_id: int | None) -> str:
    """Carry out the form that was sent (`do`), and return the words for its success.

    `customer_id` is whose people the page lists, None for staff. Another list's person is a 404;
    what the verb does not allow raises `Refused` or `Forbidden`.
    """
    form = _FORMS.get(request.POST.get("do", ""))
    if form is None:
        raise Refused("choose what to do, and try again")
    return form(request, actor_of(request), customer_id)


def _invite(request: TenantRequest, actor: Actor, customer_id: int | None) -> str:
    invitation = invitations.invite(
        reseller_id=request.reseller.pk,
        actor=actor,
        email=request.POST.get("email", ""),
        role=request.POST.get("role", ""),
        customer_id=customer_id,
        is_admin="is_admin" in request.POST,
    )
    return _(
        "%(email)s is invited. The link in the e-mail works for 7 days.", email=invitation.email
    )


def _resend(request: TenantRequest, actor: Actor, customer_id: int | None) -> str:
    invitation = invitations.resend(
        reseller_id=request.reseller.pk, actor=actor, invitation_id=_number(request)
    )
    return _(
        "%(email)s gets a new link. The one before opens nothing any more.", email=invitation.email
    )


def _revoke(request: TenantRequest, actor: Actor, customer_id: int | None) -> str:
    invitation = invitations.revoke(
        reseller_id=request.reseller.pk, actor=actor, invitation_id=_number(request)
    )
    return _("%(email)s is no longer invited.", email=invitation.email)


def _on_member(verb: Callable[..., Membership], words: str) -> Form:
    def form(request: TenantRequest, actor: Actor, customer_id: int | None) -> str:
        member = verb(
            reseller_id=request.reseller.pk,
            actor=actor,
            membership_id=_member(request, customer_id),
        )
        return _(words, email=member.user.email)

    return form


def _set_role(request: TenantRequest, actor: Actor, customer_id: int | None) -> str:
    member = people.set_role(
        reseller_id=request.reseller.pk,
        actor=actor,
        membership_id=_member(request, customer_id),
        role=request.POST.get("role", ""),
    )
    return _("%(email)s is %(role)s now.", email=member.user.email, role=_(member.role.title()))


def _set_administrator(request: TenantRequest, actor: Actor, customer_id: int | None) -> str:
    member = people.set_administrator(
        reseller_id=request.reseller.pk,
        actor=actor,
        membership_id=_member(request, customer_id),
        is_admin=request.POST.get("is_admin") == "1",
    )
    if member.is_admin:
        return _("%(email)s is an administrator now.", email=member.user.email)
    return _("%(email)s is no administrator any more.", email=member.user.email)


def _end_session(request: TenantRequest, actor: Actor, customer_id: int | None) -> str:
    people.end_sessions(
        reseller_id=request.reseller.pk,
        actor=actor,
        membership_id=_member(request, customer_id),
        session_id=_number(request, "session"),
    )
    return _("The session is ended.")


_FORMS: dict[str, Form] = {
    "invite": _invite,
    "resend": _resend,
    "revoke": _revoke,
    "suspend": _on_member(people.suspend, N_("%(email)s is suspended, and out at the next click.")),
    "reactivate": _on_member(people.reactivate, N_("%(email)s may sign in again.")),
    "reset": _on_member(people.send_reset, N_("%(email)s gets a link to choose a new password.")),
    "end-sessions": _on_member(people.end_sessions, N_("%(email)s is signed out everywhere.")),
    "end-session": _end_session,
    "role": _set_role,
    "administrator": _set_administrator,
}


def _number(request: TenantRequest, name: str = "id") -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Http404("no such row")
    return int(text)


def _member(request: TenantRequest, customer_id: int | None) -> int:
    """The membership that a form names, if it is on the list that the page shows."""
    number = _number(request)
    found = Membership.objects.filter(
        of_customer(customer_id), reseller=request.reseller, pk=number
    )
    if not found.exists():
        raise Http404("no such person on this list")
    return number
