"""Inviting a person, and the person's answer.

An invitation is a row with a nonce; its link is signed over both when the mail is sent, so that
no copy of the database opens a door. Whether an address is known elsewhere is never told.
"""

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from clearbill.actions.access_trail import record
from clearbill.actions.common import Actor, Refused, Words, check_texts
from clearbill.actions.letters import queue_letter
from clearbill.actions.people import customer_of, require_over
from clearbill.actions.users import create_user
from clearbill.queries.people import invitation_of, must_sign_in, open_invitations
from clearbill.records import clock, tenancy
from clearbill.records.models import Customer, Invitation, Membership, Reseller, User
from clearbill.rules.access import STAFF, Forbidden, Role

VALID_FOR = timedelta(days=7)
RESELLERS_AN_HOUR, ACTORS_AN_HOUR = 200, 30
"""Invitations in an hour: of a whole reseller, and of one person who invites."""

GONE = Words("this link is no longer valid; ask for another invitation")


def invite(
    *,
    reseller_id: int,
    actor: Actor,
    email: str,
    role: str = Role.PORTAL.value,
    customer_id: int | None = None,
    is_admin: bool = False,
) -> Invitation:
    """Ask `email` to join as staff in a role, or as portal user where a customer is given.

    An open invitation of the same address is revoked by it. Raises `Refused` for a bad address,
    for one who has access already, and beyond the limits; `Forbidden` by role.
    """
    email = email.strip().lower()
    role = Role.PORTAL.value if customer_id is not None else role
    _check(email, role, customer_id)
    with tenancy.transaction(reseller_id):
        require_over(reseller_id=reseller_id, actor=actor, customer_id=customer_id)
        if customer_id is not None:
            _check_customer(reseller_id, customer_id)
        _check_limits(reseller_id, actor)
        _check_no_member(reseller_id, actor, email, customer_id)
        before = _revoke_open(reseller_id, actor, email)
        invitation = _issue(reseller_id, actor, email, role, customer_id, is_admin)
        _tell(invitation, actor, "invitation-resent" if before else "invited")
    return invitation


def resend(*, reseller_id: int, actor: Actor, invitation_id: int) -> Invitation:
    """Send an invitation again with a new link; the one before opens nothing any more."""
    with tenancy.transaction(reseller_id):
        found = _open(reseller_id, actor, invitation_id)
    return invite(
        reseller_id=reseller_id,
        actor=actor,
        email=found.email,
        role=found.role,
        customer_id=found.customer_id,
        is_admin=found.is_admin,
    )


def revoke(*, reseller_id: int, actor: Actor, invitation_id: int) -> Invitation:
    """Take an invitation back; its link answers as one that never was."""
    with tenancy.transaction(reseller_id):
        found = _open(reseller_id, actor, invitation_id)
        _require_over_invitation(reseller_id, actor, found)
        found.revoked_at = clock.now()
        found.save(update_fields=["revoked_at"])
        _tell(found, actor, "invitation-revoked")
    return found


def accept(
    *,
    reseller_id: int,
    token: str,
    signed_in: User | None = None,
    name: str = "",
    password: str = "",
) -> User:
    """Turn an invitation into access, once, and return the person.

    Somebody new gives a name and a password. Who can sign in already has to have done so, with
    the invited address. Raises `Refused` with `GONE` for every link that opens nothing.
    """
    check_texts(User, {"name": name})
    with tenancy.transaction(reseller_id):
        found = invitation_of(reseller_id, token)
        if found is not None:
            # Two clicks at once: the second waits here, and then finds it accepted.
            open_invitations(reseller_id).select_for_update().filter(pk=found.pk).first()
            found = invitation_of(reseller_id, token)
        if found is None:
            raise Refused(GONE)
        user = _who_joins(found, signed_in, name, password)
        _, created = Membership.objects.get_or_create(
            user=user,
            reseller_id=reseller_id,
            defaults={
                "role": found.role,
                "customer_id": found.customer_id,
                "is_admin": found.is_admin,
            },
        )
        if not created:
            raise Refused(
                "%(email)s has access already; sign in, or ask for another role", email=user.email
            )
        found.accepted_at = clock.now()
        found.save(update_fields=["accepted_at"])
        _tell(found, Actor(user.email, found.role), "joined")
    return user


def _who_joins(found: Invitation, signed_in: User | None, name: str, password: str) -> User:
    if signed_in is not None:
        if signed_in.email != found.email:
            raise Refused("this invitation is for %(email)s; sign out first", email=found.email)
        return signed_in
    if must_sign_in(found.email):
        raise Refused(
            "sign in as %(email)s first; the link opens again afterwards", email=found.email
        )
    user = User.objects.filter(email=found.email).first()
    if user is None:
        return create_user(found.email, name.strip(), password)
    try:
        validate_password(password, user)
    except ValidationError as error:
        said = " ".join(error.messages)
        raise Refused(said, field="password") from None
    user.name = name.strip() or user.name
    user.set_password(password)
    user.save(update_fields=["name", "password"])
    return user


def _check(email: str, role: str, customer_id: int | None) -> None:
    check_texts(Invitation, {"email": email})
    try:
        validate_email(email)
    except ValidationError:
        raise Refused("%(email)r is no e-mail address", field="email", email=email) from None
    if customer_id is None and role not in STAFF:
        raise Refused(
            "%(role)r is no role; use owner, billing, sales or auditor", field="role", role=role
        )


def _check_customer(reseller_id: int, customer_id: int) -> None:
    if not Customer.objects.filter(reseller_id=reseller_id, pk=customer_id).exists():
        raise Refused("no customer %(id)s here", field="customer", id=customer_id)


def _check_limits(reseller_id: int, actor: Actor) -> None:
    # The lock counts one invitation after the other, and keeps one open per address.
    Reseller.objects.select_for_update(no_key=True).get(pk=reseller_id)
    lately = Invitation.objects.filter(
        reseller_id=reseller_id, created_at__gt=clock.now() - timedelta(hours=1)
    )
    if lately.count() >= RESELLERS_AN_HOUR or (
        lately.filter(who=actor.name).count() >= ACTORS_AN_HOUR
    ):
        raise Refused("too many invitations within an hour; wait a while", field="email")


def _check_no_member(reseller_id: int, actor: Actor, email: str, customer_id: int | None) -> None:
    member = Membership.objects.filter(reseller_id=reseller_id, user__email=email).first()
    if member is None:
        return
    if actor.role == Role.PORTAL and member.customer_id != customer_id:
        raise _not_from_here(reseller_id, email)
    if member.state == Membership.SUSPENDED:
        raise Refused(
            "%(email)s is suspended here; reactivate it instead", field="email", email=email
        )
    raise Refused("%(email)s has access already", field="email", email=email)


def _revoke_open(reseller_id: int, actor: Actor, email: str) -> Invitation | None:
    before = open_invitations(reseller_id).select_for_update().filter(email=email).first()
    if before is None:
        return None
    try:
        _require_over_invitation(reseller_id, actor, before)
    except Forbidden:
        raise _not_from_here(reseller_id, email) from None
    before.revoked_at = clock.now()
    before.save(update_fields=["revoked_at"])
    return before


def _not_from_here(reseller_id: int, email: str) -> Refused:
    """One answer for staff and other customers' people, so that nobody learns which it is."""
    seller = Reseller.objects.get(pk=reseller_id).name
    return Refused(
        "%(email)s cannot be invited from here; ask %(seller)s",
        field="email",
        email=email,
        seller=seller,
    )


def _require_over_invitation(reseller_id: int, actor: Actor, found: Invitation) -> None:
    require_over(reseller_id=reseller_id, actor=actor, customer_id=found.customer_id)


def _open(reseller_id: int, actor: Actor, invitation_id: int) -> Invitation:
    """An open invitation; to an administrator those of other customers do not exist."""
    rows = open_invitations(reseller_id).select_for_update().filter(pk=invitation_id)
    if actor.role == Role.PORTAL:
        rows = rows.filter(customer_id=customer_of(reseller_id, actor))
    found = rows.first()
    if found is None:
        raise Refused("this invitation is no longer open; open the list again")
    return found


def _issue(
    reseller_id: int,
    actor: Actor,
    email: str,
    role: str,
    customer_id: int | None,
    is_admin: bool,
) -> Invitation:
    now = clock.now()
    invitation = Invitation.objects.create(
        reseller_id=reseller_id,
        email=email,
        role=role,
        customer_id=customer_id,
        is_admin=is_admin and customer_id is not None,
        nonce=secrets.token_urlsafe(24),
        who=actor.name,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    queue_letter(
        reseller_id=reseller_id,
        kind="invitation",
        recipient=email,
        data={"invitation": invitation.pk},
    )
    return invitation


def _tell(invitation: Invitation, actor: Actor, what: str) -> None:
    record(
        reseller_id=invitation.reseller_id,
        actor=actor,
        what=what,
        subject=invitation.email,
        role=invitation.role,
        customer=invitation.customer_id,
        administrator=invitation.is_admin,
    )
