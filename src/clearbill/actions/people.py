"""What happens to somebody's access after it was given: suspend, change, reset, sign out.

Whose access one may touch is decided in one place, `require_over`: an owner everybody's, billing
staff portal users', a customer's administrator those of its own customer.
"""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.db.models import Q

from clearbill.actions.access_trail import record
from clearbill.actions.common import Actor, Refused, check_texts
from clearbill.actions.letters import queue_letter
from clearbill.records import clock, tenancy
from clearbill.records.models import AccessEvent, Customer, Membership, Reseller, User
from clearbill.rules.access import STAFF, Forbidden, Role

RESETS_AN_HOUR = 5
"""Links to choose a new password that one person is sent in an hour, whoever asks for them."""


def require_over(*, reseller_id: int, actor: Actor, customer_id: int | None) -> None:
    """Raise `Forbidden` unless the actor may manage these people; None stands for staff.

    A portal user must be an active administrator of this very customer: staff who look at the
    portal have the portal's role without a membership in it, and so may not.
    """
    if customer_id is None:
        actor.require("users.edit")
    elif actor.role != Role.PORTAL:
        actor.require("portal_users.edit")
    else:
        actor.require("portal.manage_users")
        administrator = Membership.objects.filter(
            reseller_id=reseller_id,
            user__email=actor.name,
            customer_id=customer_id,
            state=Membership.ACTIVE,
            is_admin=True,
        )
        if not administrator.exists():
            raise Forbidden("only an administrator of this customer may do this")


def suspend(*, reseller_id: int, actor: Actor, membership_id: int) -> Membership:
    """Shut a person out: sessions end, and the next request is a stranger's.

    Raises `Refused` for oneself and for the last active Owner.
    """
    with tenancy.transaction(reseller_id):
        member = _locked(reseller_id, actor, membership_id)
        if member.user.email == actor.name:
            raise Refused("nobody suspends oneself; ask another owner or administrator")
        _check_an_owner_stays(member)
        if member.state != Membership.SUSPENDED:
            member.state = Membership.SUSPENDED
            member.save(update_fields=["state"])
            _end(member.user_id)
            _tell(member, actor, "suspended")
    return member


def reactivate(*, reseller_id: int, actor: Actor, membership_id: int) -> Membership:
    """Let a suspended person in again, with the role and the password it had."""
    with tenancy.transaction(reseller_id):
        member = _locked(reseller_id, actor, membership_id)
        if member.state != Membership.ACTIVE:
            member.state = Membership.ACTIVE
            member.save(update_fields=["state"])
            _tell(member, actor, "reactivated")
    return member


def set_role(*, reseller_id: int, actor: Actor, membership_id: int, role: str) -> Membership:
    """Give a staff member another role; it holds from the next request.

    Raises `Refused` for a portal user, for what is no staff role, and where no Owner would stay.
    """
    actor.require("users.edit")
    if role not in STAFF:
        raise Refused(
            "%(role)r is no role; use owner, billing, sales or auditor", field="role", role=role
        )
    with tenancy.transaction(reseller_id):
        member = _locked(reseller_id, actor, membership_id)
        if member.role == Role.PORTAL:
            raise Refused("a portal user has no other role; make it administrator or not")
        if role != Role.OWNER:
            _check_an_owner_stays(member)
        if member.role != role:
            before, member.role = member.role, role
            member.save(update_fields=["role"])
            _tell(member, actor, "role-changed", before=before)
    return member


def set_administrator(
    *, reseller_id: int, actor: Actor, membership_id: int, is_admin: bool
) -> Membership:
    """Make a portal user administrator of its customer's people, or no longer."""
    with tenancy.transaction(reseller_id):
        member = _locked(reseller_id, actor, membership_id)
        if member.role != Role.PORTAL:
            raise Refused("only portal users are administrators; change the role of staff")
        if member.user.email == actor.name:
            raise Refused("nobody changes this for oneself; ask another administrator")
        if member.is_admin != is_admin:
            member.is_admin = is_admin
            member.save(update_fields=["is_admin"])
            _tell(member, actor, "administrator-changed", administrator=is_admin)
    return member


def send_reset(*, reseller_id: int, actor: Actor, membership_id: int) -> Membership:
    """Mail a link to choose a new password. Raises `Refused` beyond `RESETS_AN_HOUR`."""
    with tenancy.transaction(reseller_id):
        member = _locked(reseller_id, actor, membership_id)
        if member.state != Membership.ACTIVE:
            raise Refused("%(email)s is suspended; reactivate it first", email=member.user.email)
        sent = AccessEvent.objects.filter(
            reseller_id=reseller_id,
            subject=member.user.email,
            what="reset-sent",
            at__gt=clock.now() - timedelta(hours=1),
        ).count()
        if sent >= RESETS_AN_HOUR:
            raise Refused(
                "%(email)s was sent %(count)s links within an hour; wait a while",
                email=member.user.email,
                count=sent,
            )
        _queue_reset(member, actor)
    return member


def ask_for_reset(*, user_id: int) -> None:
    """Mail the same link to a person who asked for it at the sign-in page.

    Where the person is let in nowhere, nothing happens, and nobody is told.
    """
    member = (
        Membership.objects.filter(user_id=user_id, state=Membership.ACTIVE)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    if member is not None:
        with tenancy.transaction(member.reseller_id):
            _queue_reset(member, Actor(member.user.email, member.role))


def end_sessions(
    *, reseller_id: int, actor: Actor, membership_id: int, session_id: int | None = None
) -> Membership:
    """Sign a person out everywhere, or of the one session given."""
    with tenancy.transaction(reseller_id):
        member = _locked(reseller_id, actor, membership_id)
        ended = _end(member.user_id, session_id)
        if session_id is not None and not ended:
            raise Refused("this session has ended already")
        _tell(member, actor, "sessions-ended", sessions=ended)
    return member


def rename_oneself(*, reseller_id: int, actor: Actor, name: str) -> None:
    """A portal user's own name, as others of its customer see it."""
    actor.require("portal.read")
    check_texts(User, {"name": name})
    with tenancy.transaction(reseller_id):
        mine = Membership.objects.filter(
            reseller_id=reseller_id, user__email=actor.name, role=Role.PORTAL
        )
        User.objects.filter(memberships__in=mine).update(name=name.strip())


def set_mfa_required(*, reseller_id: int, actor: Actor, required: bool) -> None:
    """Whether staff must have a second factor before any page of the console opens."""
    actor.require("users.edit")
    with tenancy.transaction(reseller_id):
        reseller = Reseller.objects.select_for_update(no_key=True).get(pk=reseller_id)
        if reseller.mfa_required != required:
            reseller.mfa_required = required
            reseller.save(update_fields=["mfa_required"])
            record(
                reseller_id=reseller_id,
                actor=actor,
                what="mfa-changed",
                subject=reseller.name,
                required=required,
            )


def view_as_customer(*, reseller_id: int, actor: Actor, customer_id: int) -> Customer:
    """Write down that somebody is about to read the portal as this customer, and return it."""
    actor.require("portal.view_as_customer")
    with tenancy.transaction(reseller_id):
        customer = Customer.objects.filter(reseller_id=reseller_id, pk=customer_id).first()
        if customer is None:
            raise Refused("no customer %(id)s here", field="customer", id=customer_id)
        record(
            reseller_id=reseller_id,
            actor=actor,
            what="viewed-as",
            subject=customer.name,
            customer=customer.pk,
        )
    return customer


def _locked(reseller_id: int, actor: Actor, membership_id: int) -> Membership:
    """The membership, after the check that the actor may manage it.

    All owners are locked with it, in one order, so that two who demote each other wait in line.
    To an administrator others' people do not exist.
    """
    rows = (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .filter(Q(pk=membership_id) | Q(role=Role.OWNER), reseller_id=reseller_id)
        .select_related("user")
        .order_by("pk")
    )
    member = next((row for row in rows if row.pk == membership_id), None)
    if actor.role == Role.PORTAL:
        mine = customer_of(reseller_id, actor)
        require_over(reseller_id=reseller_id, actor=actor, customer_id=mine)
        member = member if member is not None and member.customer_id == mine else None
    elif member is not None:
        require_over(reseller_id=reseller_id, actor=actor, customer_id=member.customer_id)
    if member is None:
        raise Refused("there is no such person here; open the list again", field="member")
    return member


def customer_of(reseller_id: int, actor: Actor) -> int:
    """The customer that a portal user works for; 0 where there is no such user."""
    found = Membership.objects.filter(
        reseller_id=reseller_id, user__email=actor.name, role=Role.PORTAL
    )
    return found.values_list("customer_id", flat=True).first() or 0


def _check_an_owner_stays(member: Membership) -> None:
    if member.role != Role.OWNER or member.state != Membership.ACTIVE:
        return
    others = Membership.objects.filter(
        reseller_id=member.reseller_id, role=Role.OWNER, state=Membership.ACTIVE
    ).exclude(pk=member.pk)
    if not others.exists():
        raise Refused(
            "%(email)s is the last active owner; make somebody else owner first",
            field="role",
            email=member.user.email,
        )


def _end(user_id: int, session_id: int | None = None) -> int:
    found = UserSession.objects.filter(user_id=user_id)
    if session_id is not None:
        found = found.filter(pk=session_id)
    ended = list(found)
    for session in ended:
        session.end()
    return len(ended)


def _queue_reset(member: Membership, actor: Actor) -> None:
    queue_letter(
        reseller_id=member.reseller_id,
        kind="reset",
        recipient=member.user.email,
        data={"membership": member.pk},
    )
    _tell(member, actor, "reset-sent")


def _tell(member: Membership, actor: Actor, what: str, **data: object) -> None:
    record(
        reseller_id=member.reseller_id,
        actor=actor,
        what=what,
        subject=member.user.email,
        role=member.role,
        customer=member.customer_id,
        **data,
    )
