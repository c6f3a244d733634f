"""Who has access: staff, a customer's portal users, open invitations, sessions, the trail."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Coalesce

from clearbill.records import clock
from clearbill.records.models import (
    AccessEvent,
    BillingProfile,
    Invitation,
    Membership,
    Reseller,
    User,
)

EVENTS = {
    "added": "was added",
    "invited": "was invited",
    "invitation-resent": "was invited again",
    "invitation-revoked": "is no longer invited",
    "joined": "accepted the invitation",
    "role-changed": "has another role",
    "administrator-changed": "is an administrator, or no longer",
    "suspended": "was suspended",
    "reactivated": "was reactivated",
    "reset-sent": "was sent a link to choose a new password",
    "sessions-ended": "was signed out",
    "viewed-as": "was looked at in the portal",
    "mfa-changed": "asks staff for a second factor, or no longer",
}
"""What the trail records, and the words that follow its subject."""

INVITED, EXPIRED = "Invited", "Expired"
_COLUMNS = (
    "key", "address", "called", "role", "is_admin", "standing", "second_factor", "sessions",
    "is_invitation", "until",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Somebody who has access, or is asked to.

    `id` is a membership's; where `invited` is true it is an invitation's. `state` is Active,
    Suspended, Invited or Expired.
    """

    id: int
    email: str
    name: str
    role: str
    is_admin: bool
    state: str
    second_factor: bool
    sessions: int
    invited: bool
    expires_at: datetime | None


def second_factor(user: str) -> Exists:
    """Whether a user has an authenticator; recovery codes alone are none. `user` is a column."""
    return Exists(
        Authenticator.objects.filter(user_id=OuterRef(user)).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
    )


def of_customer(customer_id: int | None) -> Q:
    """Rows of a customer's people, or of staff where it is None."""
    return Q(customer__isnull=True) if customer_id is None else Q(customer_id=customer_id)


def people(reseller_id: int, customer_id: int | None) -> list[Person]:
    """A customer's portal users, or staff where it is None, then those invited. One query."""
    members = (
        Membership.objects.filter(of_customer(customer_id), reseller_id=reseller_id)
        .annotate(
            key=F("pk"),
            address=F("user__email"),
            called=F("user__name"),
            standing=F("state"),
            second_factor=second_factor("user_id"),
            sessions=_session_count(),
            is_invitation=Value(False),
            until=Cast(Value(None), models.DateTimeField()),
        )
        .values_list(*_COLUMNS)
    )
    asked = (
        open_invitations(reseller_id)
        .filter(of_customer(customer_id))
        .annotate(
            key=F("pk"),
            address=F("email"),
            called=Value(""),
            standing=Value(INVITED),
            second_factor=Value(False),
            sessions=Value(0),
            is_invitation=Value(True),
            until=F("expires_at"),
        )
        .values_list(*_COLUMNS)
    )
    rows = members.union(asked, all=True).order_by("is_invitation", "address")
    return [_person(row) for row in rows]


def _person(row: tuple[Any, ...]) -> Person:
    person = Person(*row)
    if person.expires_at is not None and person.expires_at <= clock.now():
        return replace(person, state=EXPIRED)
    return person


def _session_count() -> Coalesce:
    counted = (
        _alive(UserSession.objects.filter(user_id=OuterRef("user_id")))
        .order_by()
        .values("user_id")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(counted, output_field=models.IntegerField()), Value(0))


def _alive(sessions: "models.QuerySet[UserSession]") -> "models.QuerySet[UserSession]":
    stored = Session.objects.filter(
        session_key=OuterRef("session_key"), expire_date__gt=clock.now()
    )
    return sessions.filter(Exists(stored))


def sessions(user_id: int) -> "models.QuerySet[UserSession]":
    """Where a person is signed in, the newest first."""
    return _alive(UserSession.objects.filter(user_id=user_id)).order_by("-created_at")


def open_invitations(reseller_id: int) -> "models.QuerySet[Invitation]":
    """Neither accepted nor revoked; expired ones are among them."""
    return Invitation.objects.filter(
        reseller_id=reseller_id, accepted_at__isnull=True, revoked_at__isnull=True
    )


@dataclass(frozen=True)
class Unreached:
    """A recipient of e-mails for whom their link opens nothing.

    `suspended` is the membership of one who is: it cannot be invited, only reactivated.
    """

    email: str
    suspended: int = 0


def without_access(recipients: list[str], members: list[Person]) -> list[Unreached]:
    """Of these addresses, those that neither have access nor are asked to."""
    known = {person.email for person in members if person.state in (Membership.ACTIVE, INVITED)}
    suspended = {p.email: p.id for p in members if p.state == Membership.SUSPENDED}
    return [
        Unreached(address, suspended.get(address.lower(), 0))
        for address in recipients
        if address.lower() not in known
    ]


def recipients_without_access(reseller_id: int, customer_id: int) -> list[Unreached]:
    """Recipients of a customer's e-mails that have no portal access and no open invitation.

    Over all its billing profiles, each address once, as it was written.
    """
    profiles = BillingProfile.objects.filter(reseller_id=reseller_id, customer_id=customer_id)
    written = profiles.order_by("-is_default", "pk").values_list("recipients", flat=True)
    unique = list(dict.fromkeys(address for each in written for address in each))
    return without_access(unique, people(reseller_id, customer_id))


def trail(reseller_id: int, *, subject: str = "") -> "models.QuerySet[AccessEvent]":
    """Events of access; `subject` is a part of whose access, or of who changed it."""
    events = AccessEvent.objects.filter(reseller_id=reseller_id)
    if subject:
        events = events.filter(Q(subject__icontains=subject) | Q(who__icontains=subject))
    return events


_signer = Signer(salt="clearbill.invitation", sep=".")


def invitation_token(invitation: Invitation) -> str:
    """What an invitation's link ends with. Made when it is needed and stored nowhere."""
    return _signer.sign_object([invitation.pk, invitation.nonce])


def invitation_of(reseller_id: int, token: str) -> Invitation | None:
    """The invitation behind a link, or None: forged, another reseller's, used, revoked, expired.

    All of them look alike to who holds the link. The connection must see the reseller's rows.
    """
    try:
        key, nonce = _signer.unsign_object(token)
    except (BadSignature, ValueError, TypeError):
        return None
    found = open_invitations(reseller_id).filter(pk=key, nonce=nonce, expires_at__gt=clock.now())
    return found.select_related("reseller").first()


def must_sign_in(email: str) -> bool:
    """Whether an invited address is somebody's who can sign in already, and so has to."""
    user = User.objects.filter(email=email).annotate(mfa=second_factor("pk")).first()
    return user is not None and (user.has_usable_password() or user.mfa)


def reseller_of(slug: str) -> Reseller | None:
    """The reseller of a public address."""
    return Reseller.objects.filter(slug=slug).first()
